"""`./dorpsplein allocate`: a rule on an election file, for a treasurer and for a script."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dorpsplein_local.allocations import DEFAULTS, defaults
from dorpsplein_local.commands.allocate import app as command
from dorpsplein_local.errors import CannotRun
from funding.domain import pabulib, rules

ASSEN = "Netherlands_Assen_2024.pb"
GDYNIA = "Poland_Gdynia_2020_Dabrowa__large.min.pb"
KRAKOW = "Poland_Krakow_2019_Bienczyce.min.pb"

SMALL = """\
META
key;value
description;Dorp
num_projects;4
num_votes;4
budget;100.50
vote_type;{vote_type}
PROJECTS
project_id;cost;name;category
1;60;Een straat;Groen
2;60;Een podium;Cultuur
3;40.50;Een bank;Groen
4;999999999;Van de baan;Groen
VOTES
voter_id;vote;points
a;1,2;1,1
b;1,2;1,1
c;3;2.5
d;;
"""


def small(folder: Path, vote_type: str = "approval", text: str = SMALL) -> Path:
    file = folder / "small.pb"
    file.write_text(text.format(vote_type=vote_type), encoding="utf-8")
    return file


def told(file: Path, rule: str, *more: str) -> dict[str, Any]:
    done = CliRunner().invoke(command, [str(file), "--rule", rule, "--json", *more], catch_exceptions=False)
    assert done.exit_code == 0
    return dict(json.loads(done.stdout))


def test_assen_gives_its_published_winners(shared_data: Path) -> None:
    outcome = told(shared_data / "pabulib" / ASSEN, "equal_shares", "--knob", "completion=add1", "--compare")
    assert sorted(outcome["winners"]) == outcome["published"] == ["11", "12", "13", "14", "2", "3", "5", "6", "9"]
    assert (outcome["only_ours"], outcome["only_published"], outcome["unresolved_ties"]) == ([], [], [])
    assert (outcome["cost"], outcome["budget"], outcome["per_voter_budget"]) == (76_700, 100_000, "2033")
    assert outcome["knobs"]["start"] == "whole"
    assert outcome["rule_version"] == rules.version(rules.from_knobs("equal_shares", outcome["knobs"]))
    snapshot = pabulib.snapshot(pabulib.parse((shared_data / "pabulib" / ASSEN).read_bytes(), ASSEN))
    assert outcome["input_digest"] == snapshot.digest(outcome["rule_version"])


@pytest.mark.parametrize(("name", "rule"), [(GDYNIA, "greedy_no_skip"), (KRAKOW, "greedy")])
def test_polish_cities_give_their_published_winners(shared_data: Path, name: str, rule: str) -> None:
    outcome = told(shared_data / "pabulib" / name, rule, "--compare")
    assert sorted(outcome["winners"]) == outcome["published"]
    assert outcome["currency"] == "PLN"


@pytest.mark.parametrize("rule", rules.RULES)
@pytest.mark.parametrize("vote_type", ["approval", "cumulative", "scoring", "ordinal"])
def test_every_rule_runs_on_every_type_of_ballot(tmp_path: Path, rule: str, vote_type: str) -> None:
    if rule == "greedy_threshold" and vote_type in ("cumulative", "scoring"):
        return
    outcome = told(small(tmp_path, vote_type), rule)
    assert outcome["rule"] == rule
    assert set(outcome["reasons"]) == {"1", "2", "3"}
    for project, reasons in outcome["reasons"].items():
        whole = sum(reason["cents"] for reason in reasons if reason["pot_line"] is None)
        assert whole == outcome["amounts_cents"].get(project, 0)
        assert all(reason["says"] for reason in reasons)
    assert sum(outcome["amounts_cents"].values()) <= 100_50


def test_payments_cover_what_was_bought(tmp_path: Path) -> None:
    outcome = told(small(tmp_path), "equal_shares", "--knob", "utility=cardinality", "--knob", "completion=add1")
    assert (outcome["winners"], outcome["cost"]) == (["1", "3"], "100.50")
    assert outcome["payments"] == {"1": [{"voters": 2, "each": "30.000000"}], "3": [{"voters": 1, "each": "40.500000"}]}


def test_a_tie_is_told_and_a_seed_settles_it(tmp_path: Path) -> None:
    file = small(tmp_path)
    tied = told(file, "greedy", "--knob", "ties=draw")
    assert tied["unresolved_ties"] == [["1", "2"]]
    drawn = {seed: told(file, "greedy", "--seed", seed) for seed in ("one", "two", "three", "four", "five")}
    assert {outcome["knobs"]["ties"] for outcome in drawn.values()} == {"draw"}
    assert all(outcome["unresolved_ties"] == [] for outcome in drawn.values())
    assert {tuple(sorted(outcome["winners"])) for outcome in drawn.values()} == {("1", "3"), ("2", "3")}
    assert told(file, "greedy", "--seed", "one") == drawn["one"]


def test_the_table_says_who_pays_who_gets_nothing_and_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    file = str(small(tmp_path))
    done = CliRunner().invoke(command, [file, "--rule", "equal_shares", "--knob", "completion=add1"])
    for text in ("Een straat", "2 voters", "€ 40,50", "its supporters have too little left", "of € 100,50"):
        assert text in done.stdout
    assert "1 projects were withdrawn and are left out." in done.stdout
    tied = CliRunner().invoke(command, [file, "--rule", "greedy", "--knob", "ties=draw"])
    assert "Only a draw can choose between 1, 2, so this outcome is not final" in " ".join(tied.stdout.split())


def test_the_comparison_says_what_differs(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    file = str(shared_data / "pabulib" / ASSEN)
    same = CliRunner().invoke(command, [file, "--rule", "equal_shares", "--knob", "completion=add1", "--compare"])
    assert "The same winners." in same.stdout
    other = CliRunner().invoke(command, [file, "--rule", "greedy", "--compare"])
    assert "4 projects differ." in other.stdout
    assert told(shared_data / "pabulib" / ASSEN, "greedy", "--compare")["only_ours"] == ["8"]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (["--rule", "lottery"], "There is no rule 'lottery'; there are ratio, "),
        (["--rule", "greedy", "--knob", "ties"], "A knob is given as name=value"),
        (["--rule", "greedy", "--knob", "ties=fixed", "--knob", "ties=draw"], "The knob ties is given twice."),
        (["--rule", "greedy", "--knob", "luck=1"], "The rule greedy has no knob luck; it has ties."),
        (["--rule", "greedy", "--knob", "ties=coin"], "The knob ties is one of fixed, draw, not 'coin'."),
        (["--rule", "equal_shares", "--knob", "incrementCents=0"], "whole number from 1 to"),
        (["--rule", "equal_shares", "--knob", "incrementCents=1.5"], "whole number from 1 to"),
        (["--rule", "greedy", "--compare"], "does not say which projects were selected"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(tmp_path: Path, asked: list[str], sentence: str) -> None:
    with pytest.raises(CannotRun, match=sentence.replace("(", r"\(")):
        CliRunner().invoke(command, [str(small(tmp_path)), *asked], catch_exceptions=False)


def test_points_with_decimals_have_no_least_score(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="points with decimals"):
        told(small(tmp_path, "scoring"), "greedy_threshold")


def test_a_file_that_is_not_there_or_not_right_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="cannot be read"):
        told(tmp_path / "no.pb", "greedy")
    (tmp_path / "bad.pb").write_text("META\nkey;value\n")
    with pytest.raises(CannotRun, match=r"bad.pb was refused and nothing is counted:\nbad.pb:2: there is no section"):
        told(tmp_path / "bad.pb", "greedy")


def test_too_many_pairs_are_refused_before_they_are_weighed(shared_data: Path) -> None:
    with pytest.raises(CannotRun, match="pairs of voters to weigh"):
        told(shared_data / "pabulib" / "Netherlands_Amsterdam_309.pb", "quadratic_pairwise")


def test_every_knob_has_a_default_and_the_least_score_is_the_files(shared_data: Path) -> None:
    election = pabulib.parse((shared_data / "pabulib" / GDYNIA).read_bytes(), GDYNIA)
    for name in rules.RULES:
        rules.from_knobs(name, defaults(name, {}, election))
    assert defaults("greedy_threshold", {}, election) == {"ties": "fixed", "leastScore": 50}
    assert set(DEFAULTS) <= {name for rule in rules.RULES.values() for name in rule.names()}
