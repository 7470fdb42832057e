"""Real elections: every file gives what was worked out for it twice elsewhere, and what was published."""

import hashlib
import json
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.funding.rules.oracle import UnresolvedTie, recount

from funding.domain import pabulib, rules
from funding.domain.rules import RoundAllocation, RoundSnapshot, Rule

FILES = (
    *(f"Netherlands_Amsterdam_{number}.pb" for number in (179, 267, 309, 522, 588, 643, 645)),
    "Netherlands_Assen_2024.pb",
    "Poland_Gdynia_2020_Dabrowa__large.min.pb",
    "Poland_Krakow_2019_Bienczyce.min.pb",
)
APPROVAL = FILES[:-1]
VARIANTS: dict[str, dict[str, Any]] = {
    "mes_cost_utility": {"start": "exact"},
    "mes_add1": {"completion": "add1"},
    "mes_add1_stop_when_exhaustive": {"completion": "add1", "stopWhenExhaustive": 1},
    "mes_add1_start_at_exact_share": {"completion": "add1", "start": "exact"},
}


def equal_shares(**changed: Any) -> Rule:
    knobs = {
        "utility": "cost", "completion": "none", "incrementCents": 100, "start": "whole",
        "stopWhenExhaustive": 0, "comparison": "none", "ties": "fixed",
    }  # fmt: skip
    return rules.from_knobs("equal_shares", {**knobs, **changed})


@cache
def election(path: Path) -> pabulib.Election:
    return pabulib.parse(path.read_bytes(), path.name)


@cache
def outcomes(shared_data: Path) -> dict[str, Any]:
    return dict(json.loads((shared_data / "expected" / "pb_outcomes.json").read_text()))


@cache
def snapshot(path: Path) -> RoundSnapshot:
    return pabulib.snapshot(election(path))


def won(allocation: RoundAllocation) -> list[str]:
    return [candidate for candidate, _ in allocation.lines]


def published(path: Path) -> list[str]:
    return sorted(project.id for project in election(path).projects if project.selected)


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_the_one_that_the_outcomes_are_of(shared_data: Path, name: str):
    raw = (shared_data / "pabulib" / name).read_bytes()
    assert hashlib.sha256(raw).hexdigest() == outcomes(shared_data)[name]["sha256"]
    assert (published(shared_data / "pabulib" / name) or None) == outcomes(shared_data)[name]["published_selected"]


@pytest.mark.parametrize("name", FILES)
def test_greedy_gives_the_outcome_worked_out_for_a_file(shared_data: Path, name: str):
    expected = outcomes(shared_data)[name]
    rule = rules.from_knobs("greedy_no_skip" if expected["rule"] == "greedy-no-skip" else "greedy", {"ties": "fixed"})
    allocation = rules.allocate(rule, snapshot(shared_data / "pabulib" / name))
    assert sorted(won(allocation)) == sorted(expected["greedy"]["selected"])
    assert allocation.cents == expected["greedy"]["cost"] * 100


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", APPROVAL)
def test_equal_shares_gives_the_outcome_worked_out_for_a_file(shared_data: Path, name: str, variant: str):
    expected = outcomes(shared_data)[name][variant]
    allocation = rules.allocate(equal_shares(**VARIANTS[variant]), snapshot(shared_data / "pabulib" / name))
    if "order" in expected:
        assert won(allocation) == expected["order"]
    else:
        assert sorted(won(allocation)) == sorted(expected["selected"])
        assert allocation.per_voter is not None
        assert str(Fraction(*allocation.per_voter) / 100) == expected["per_voter_budget"]
    assert allocation.cents == expected["cost"] * 100


@pytest.mark.parametrize("name", APPROVAL)
def test_equal_shares_by_cardinality_gives_what_another_tool_gave(shared_data: Path, name: str):
    expected = outcomes(shared_data)[name].get("pabutools_1_2_3")
    if expected is None:
        pytest.skip("it was not worked out for this file")
    rule = equal_shares(utility="cardinality", start="exact")
    allocation = rules.allocate(rule, snapshot(shared_data / "pabulib" / name))
    assert sorted(won(allocation)) == sorted(expected["mes_cardinality"]["selected"])


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("Netherlands_Assen_2024.pb", equal_shares(completion="add1")),
        (
            "Poland_Gdynia_2020_Dabrowa__large.min.pb",
            # The file says greedy-no-skip; each project is above its least score of 50, so that decides nothing.
            rules.from_knobs("greedy_no_skip", {"ties": "fixed"}),
        ),
        ("Poland_Krakow_2019_Bienczyce.min.pb", rules.from_knobs("greedy", {"ties": "fixed"})),
    ],
)
def test_the_published_winners_win(shared_data: Path, name: str, rule: Rule):
    path = shared_data / "pabulib" / name
    allocation = rules.allocate(rule, snapshot(path))
    assert sorted(won(allocation)) == published(path)
    assert published(path)
    assert not allocation.unresolved_ties


@pytest.mark.parametrize("name", APPROVAL)
def test_the_comparison_takes_the_outcome_that_more_voters_have_more_of(shared_data: Path, name: str):
    expected = outcomes(shared_data)[name]
    if expected["rule"] == "greedy-no-skip":
        pytest.skip("the comparison is with greedy that skips")
    better = expected["voters_better_off"]
    greedy_wins = better["greedy"] > better["mes_add1"]
    rule = equal_shares(completion="add1", comparison="greedy")
    allocation = rules.allocate(rule, snapshot(shared_data / "pabulib" / name))
    assert sorted(won(allocation)) == sorted(expected["greedy" if greedy_wins else "mes_add1"]["selected"])
    assert bool(allocation.payments) != greedy_wins


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        *(
            (name, equal_shares(start="exact"))
            for name in ("Netherlands_Amsterdam_522.pb", "Netherlands_Assen_2024.pb")
        ),
        ("Netherlands_Amsterdam_643.pb", equal_shares(completion="add1")),
        ("Netherlands_Assen_2024.pb", equal_shares(completion="add1-greedy", incrementCents=10_000)),
        ("Netherlands_Amsterdam_522.pb", equal_shares(utility="cardinality", completion="greedy", ties="draw")),
        *((name, rules.from_knobs("greedy", {"ties": "draw"})) for name in FILES if "309" not in name),
        ("Poland_Krakow_2019_Bienczyce.min.pb", equal_shares(utility="cardinality", start="exact")),
    ],
)
def test_a_second_implementation_counts_a_real_election_the_same(shared_data: Path, name: str, rule: Rule):
    now = snapshot(shared_data / "pabulib" / name)
    document = {"rule": rule.name, "knobs": rule.knobs(), "snapshot": now.document(), "draw": None}
    allocation = rules.allocate(rule, now)
    try:
        assert {candidate: one.cents for candidate, one in allocation.lines} == recount(document)
    except UnresolvedTie:
        assert allocation.unresolved_ties
    else:
        assert not allocation.unresolved_ties
