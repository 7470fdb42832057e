"""Quadratic rules: published cases, a real round, and invariant I7 of the funding design."""

import csv
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from tests.funding.rules.oracle import recount
from tests.funding.rules.strategies import FREE, rounds, rules_of, thorough

from funding.domain import rules
from funding.domain.rules import Candidate, Gift, Pool, QuadraticPairwise, RoundSnapshot, Rule
from funding.domain.rules.quadratic import root

TOKEN = 10**6
"""A token of the published cases as whole units, so that all their roots are whole."""


def real_round(shared_data: Path, pot: int) -> RoundSnapshot:
    with (shared_data / "gitcoin" / "gr3_contributions.csv").open() as file:
        rows = list(csv.DictReader(file))
    grants = sorted({row["grant"] for row in rows})
    return RoundSnapshot(
        tuple(Candidate(grant, 0) for grant in grants),
        (Pool("pot", pot),),
        tuple(Gift(str(n), row["donor"], row["grant"], int(row["usd_cents"])) for n, row in enumerate(rows)),
    )


def quadratic(**changed: Any) -> Rule:
    return rules.from_knobs("quadratic", {"expand": 0, "capInitiativeCents": FREE, **changed})


def pairwise(**changed: Any) -> Rule:
    knobs = {"coefficientCents": 10_000, "expand": 0, "capInitiativeCents": FREE}
    return rules.from_knobs("quadratic_pairwise", {**knobs, **changed})


@pytest.mark.parametrize("number", range(5))
def test_the_published_cases_come_out_to_the_last_unit(shared_data: Path, number: int):
    published = json.loads((shared_data / "expected" / "qf_reference.json").read_text())
    case = published["cases"][number]
    gifts = [
        Gift(f"{project}/{donor}", donor, project, tokens * TOKEN)
        for project, donors in published["contributions"].items()
        for donor, tokens in donors.items()
    ]
    there = tuple(Candidate(project, 0) for project in published["contributions"])
    snapshot = RoundSnapshot(there, (Pool("pot", case["pot"] * TOKEN),), tuple(gifts))
    rule = quadratic(expand=int(case["expand"]), capInitiativeCents=case["cap"] * TOKEN if case["cap"] else FREE)
    outcome = {project: one.cents for project, one in rules.allocate(rule, snapshot).lines}
    if case["cap"]:
        # Its source loses a unit in rounding down; by largest remainder it goes to the largest fraction.
        assert outcome == {"project_1": 19_318_182, "project_2": 30_681_818, "project_3": 50_000_000}
    else:
        assert outcome == {project: Fraction(amount) * TOKEN for project, amount in case["match"].items()}


@pytest.mark.parametrize(
    "rule",
    [quadratic(), quadratic(expand=1, capInitiativeCents=500_000), pairwise(), pairwise(expand=1, coefficientCents=77)],
)
def test_a_second_implementation_gives_the_same_for_a_real_round(shared_data: Path, rule: Rule):
    snapshot = real_round(shared_data, 10_000_000)
    document = {"rule": rule.name, "knobs": rule.knobs(), "snapshot": snapshot.document(), "draw": None}
    allocation = rules.allocate(rule, snapshot)
    assert {candidate: one.cents for candidate, one in allocation.lines} == recount(document)


@thorough
@given(rules_of("quadratic_pairwise"), rounds())
def test_i7_a_lone_donor_earns_nothing_and_pairs_weigh_less_than_their_most(rule: Rule, snapshot: RoundSnapshot):
    assert isinstance(rule, QuadraticPairwise)
    weights = rule.weights(snapshot)
    donors = {
        one.id: {gift.donor for gift in snapshot.gifts if gift.candidate == one.id} for one in snapshot.candidates
    }
    for candidate, who in donors.items():
        if len(who) < 2:
            assert weights[candidate] == 0
    number = len({gift.donor for gift in snapshot.gifts})
    most = Fraction(rule.coefficient_cents * number * (number - 1), 2)
    assert Fraction(sum(weights.values()), 10**12) < most or sum(weights.values()) == 0


@thorough
@given(rules_of("quadratic", "quadratic_pairwise", "pro_rata"), rounds())
def test_a_gift_cut_in_two_earns_what_it_earned_whole(rule: Rule, snapshot: RoundSnapshot):
    halves = [
        Gift(f"{gift.id}/{place}", gift.donor, gift.candidate, cents)
        for gift in snapshot.gifts
        for place, cents in enumerate((gift.cents // 2, gift.cents - gift.cents // 2))
    ]
    cut = RoundSnapshot(snapshot.candidates, snapshot.pools, tuple(halves))
    assert rules.allocate(rule, cut).lines == rules.allocate(rule, snapshot).lines


def test_a_lone_donor_earns_nothing_under_quadratic():
    there = (Candidate("a", 0),)
    for cents in (1, 2, 3, 50, 99_999):
        snapshot = RoundSnapshot(there, (Pool("pot", 10**9),), (Gift("1", "x", "a", cents),))
        assert rules.allocate(quadratic(expand=1), snapshot).cents == 0


def test_roots_are_exact_however_large_the_amount():
    for whole in (1, 7, 10**6 - 1, 10**6 + 1, 94_906_267):
        assert root(whole**2) == whole * 10**6
        assert root(whole**2 - 1) < whole * 10**6
