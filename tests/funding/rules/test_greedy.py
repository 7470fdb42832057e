"""The greedy rules in a few ballots; their invariants stand in test_invariants."""

from typing import Any

import pytest
from tests.funding.rules.test_real_elections import won

from funding.domain import rules
from funding.domain.rules import Ballot, Candidate, Pool, RoundAllocation, RoundSnapshot


def count(rule: str, votes: dict[str, int], costs: dict[str, int], budget: int, **knobs: Any) -> RoundAllocation:
    snapshot = RoundSnapshot(
        tuple(Candidate(one, cost) for one, cost in costs.items()),
        (Pool("pot", budget),),
        ballots=tuple(Ballot(((one, 1),), voters) for one, voters in votes.items()),
    )
    return rules.allocate(rules.from_knobs(rule, {"ties": "fixed", **knobs}), snapshot)


VOTES = {"A": 5, "B": 4, "C": 3, "D": 3}
COSTS = {"A": 60, "B": 50, "C": 30, "D": 20}


def why(allocation: RoundAllocation) -> dict[str, str]:
    return {candidate: one.reasons[-1].code for candidate, one in allocation.left_out}


def test_greedy_skips_what_does_not_fit():
    outcome = count("greedy", VOTES, COSTS, 100)
    assert (won(outcome), why(outcome)) == (["A", "D"], {"B": "does-not-fit", "C": "does-not-fit"})


def test_greedy_without_skipping_stops_at_the_first_that_does_not_fit():
    outcome = count("greedy_no_skip", VOTES, COSTS, 100)
    assert (won(outcome), why(outcome)) == (["A"], {"B": "does-not-fit", "C": "after-misfit", "D": "after-misfit"})


@pytest.mark.parametrize(("least", "winners"), [(3, ["A", "D"]), (4, ["A"]), (5, ["A"]), (6, [])])
def test_a_score_that_is_the_least_score_is_enough(least: int, winners: list[str]):
    outcome = count("greedy_threshold", VOTES, COSTS, 100, leastScore=least)
    assert won(outcome) == winners
    assert all((VOTES[one] < least) == (code == "score-too-low") for one, code in why(outcome).items())


def test_what_nobody_supports_wins_only_where_there_is_no_least_score():
    assert won(count("greedy", {"A": 1}, {"A": 10, "B": 10}, 100)) == ["A", "B"]
    assert won(count("greedy_threshold", {"A": 1}, {"A": 10, "B": 10}, 100, leastScore=1)) == ["A"]


def test_a_tie_is_declared_only_where_some_of_the_equals_fit_and_not_all():
    votes, costs = {"A": 3, "B": 3}, {"A": 40, "B": 40}
    ties = {budget: count("greedy", votes, costs, budget, ties="draw").unresolved_ties for budget in (39, 40, 79, 80)}
    assert ties == {39: (), 40: (("A", "B"),), 79: (("A", "B"),), 80: ()}
