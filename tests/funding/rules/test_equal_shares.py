"""The Method of Equal Shares: invariant I8 of the funding design, and each knob in a few ballots."""

from fractions import Fraction
from math import ceil
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.funding.rules.strategies import (
    IDS,
    KNOBS,
    any_election,
    contested_elections,
    elections,
    free_pools,
    thorough,
)
from tests.funding.rules.test_real_elections import equal_shares, won

from dorpsplein.errors import Refused
from funding.domain import rules
from funding.domain.rules import Ballot, Candidate, Pool, RoundAllocation, RoundSnapshot, Rule

plain = st.fixed_dictionaries({**KNOBS["equal_shares"], "comparison": st.just("none")}).map(
    lambda knobs: rules.from_knobs("equal_shares", knobs)
)


def count(
    ballots: dict[str, int], costs: dict[str, int], budget: int, draw: list[str] | None = None, **knobs: Any
) -> RoundAllocation:
    """Ballots as names of candidates, each a letter, with how many voters; costs and budget in units of currency."""
    snapshot = RoundSnapshot(
        tuple(Candidate(one, cost * 100) for one, cost in costs.items()),
        (Pool("pot", budget * 100),),
        ballots=tuple(Ballot(tuple((one, 1) for one in named), voters) for named, voters in ballots.items()),
    )
    return rules.allocate(equal_shares(**{"start": "exact", **knobs}), snapshot, draw)


def paid(allocation: RoundAllocation) -> list[tuple[str, int, int]]:
    """Who was paid for by how many voters, and what each paid in whole cents."""
    assert all(payment.each % allocation.parts == 0 for payment in allocation.payments)
    return [(one.candidate, one.voters, one.each // allocation.parts) for one in allocation.payments]


def by_shares(allocation: RoundAllocation) -> list[str]:
    codes = {candidate: {reason.code for reason in one.reasons} for candidate, one in allocation.lines}
    return [candidate for candidate, told in codes.items() if "won-by-shares" in told]


@thorough
@given(plain, any_election)
def test_i8_payments_cover_costs_with_less_than_a_millionth_of_a_cent_a_payer_too_much(
    rule: Rule, snapshot: RoundSnapshot
):
    allocation = rules.allocate(rule, snapshot)
    cost = {one.id: one.cost for one in snapshot.candidates}
    assert {payment.candidate for payment in allocation.payments} == set(by_shares(allocation))
    for candidate in by_shares(allocation):
        bills = [payment for payment in allocation.payments if payment.candidate == candidate]
        collected = Fraction(sum(payment.voters * payment.each for payment in bills), allocation.parts)
        payers = sum(payment.voters for payment in bills)
        assert 0 <= collected - cost[candidate] < Fraction(payers, 10**6)
        for_it = sum(
            ballot.voters
            for ballot in snapshot.ballots
            for one, points in ballot.points
            if one == candidate and points > 0
        )
        assert 0 < payers <= for_it


@thorough
@given(plain, any_election)
def test_i8_no_voter_pays_more_than_its_share_and_an_unselected_initiative_could_not_be_paid(
    rule: Rule, snapshot: RoundSnapshot
):
    """Replays the purchases in the order told, voter by voter, in fractions of a cent."""
    allocation = rules.allocate(rule, snapshot)
    if allocation.per_voter is None:
        return
    knobs = rule.knobs()
    cost = {one.id: one.cost for one in snapshot.candidates}
    voters = [dict(ballot.points) for ballot in snapshot.ballots for _ in range(ballot.voters)]
    purse = [Fraction(*allocation.per_voter)] * len(voters)
    for candidate in by_shares(allocation):
        points = [max(0, voter.get(candidate, 0)) for voter in voters]
        each = price_of(cost[candidate], points, purse, 10**6 * len(voters))
        assert each is not None
        told = sorted((p.each, p.voters) for p in allocation.payments if p.candidate == candidate)
        bills = sorted(min(have, most) for have, most in zip(purse, each, strict=True) if min(have, most))
        assert [Fraction(amount, allocation.parts) for amount, number in told for _ in range(number)] == bills
        purse = [have - min(have, most) for have, most in zip(purse, each, strict=True)]
        assert min(purse) >= 0
    conditional = any(p.themes or p.neighbourhoods or p.most_per_candidate is not None for p in snapshot.pools)
    for candidate in set(cost) - set(won(allocation)):
        backers = [have for have, voter in zip(purse, voters, strict=True) if voter.get(candidate, 0) > 0]
        if cost[candidate] and backers and not conditional:
            assert sum(backers) < cost[candidate]
    if "add1" not in str(knobs["completion"]):
        assert allocation.cents <= snapshot.budget


def price_of(cost: int, points: list[int], purse: list[Fraction], parts: int) -> list[Fraction] | None:
    """The most each voter pays: the least price a point for which all together have the cost."""
    limits = sorted({have / number for have, number in zip(purse, points, strict=True) if number})
    for limit in limits:
        full = [number for have, number in zip(purse, points, strict=True) if number and have / number >= limit]
        rest = cost - sum(have for have, number in zip(purse, points, strict=True) if number and have / number < limit)
        price = Fraction(rest, sum(full))
        if price <= limit:
            return [Fraction(ceil(price * number * parts), parts) for number in points]
    return None


@thorough
@given(elections(free_pools) | contested_elections, st.permutations(IDS), st.permutations(IDS))
def test_where_no_tie_is_declared_no_draw_changes_the_outcome(
    snapshot: RoundSnapshot, first: list[str], second: list[str]
):
    rule = equal_shares(start="exact", ties="draw", completion="add1", incrementCents=500)
    assume(not rules.allocate(rule, snapshot).unresolved_ties)
    outcomes = [rules.allocate(rule, snapshot, draw) for draw in (first, second)]
    assert outcomes[0].cents == outcomes[1].cents
    assert set(won(outcomes[0])) == set(won(outcomes[1]))


def test_a_group_buys_what_its_share_pays_and_no_more():
    assert won(count({"A": 6, "B": 4}, {"A": 60, "B": 41}, 100)) == ["A"]
    assert won(count({"A": 6, "B": 4}, {"A": 60, "B": 40}, 100)) == ["A", "B"]


def test_shares_of_a_third_are_exact():
    assert won(count({"AB": 3}, {"A": 100, "B": 200}, 300)) == ["A", "B"]


def test_who_has_less_pays_all_it_has_and_the_others_the_rest_alike():
    outcome = count({"BA": 2, "A": 1}, {"A": 50, "B": 28}, 90, utility="cardinality")
    assert paid(outcome) == [("B", 2, 1_400), ("A", 2, 1_600), ("A", 1, 1_800)]


def test_utility_by_cost_and_by_cardinality_differ():
    ballots, costs = {"AB": 2, "A": 1}, {"A": 60, "B": 30}
    assert won(count(ballots, costs, 90)) == ["A"]
    assert won(count(ballots, costs, 90, utility="cardinality")) == ["B", "A"]


def test_add_one_goes_on_until_the_budget_would_be_passed():
    ballots, costs = {"A": 5, "B": 3, "C": 2}, {"A": 40, "B": 40, "C": 30}
    assert won(count(ballots, costs, 100)) == ["A"]
    outcome = count(ballots, costs, 100, completion="add1")
    assert won(outcome) == ["A", "B"]
    assert outcome.per_voter == (14_00, 1)


def test_add_one_can_stop_at_the_first_exhaustive_outcome():
    ballots, costs = {"A": 4, "B": 3, "C": 3}, {"A": 45, "B": 50, "C": 55}
    assert won(count(ballots, costs, 100, completion="add1")) == ["A", "B"]
    early = count(ballots, costs, 100, completion="add1", stopWhenExhaustive=1)
    assert early.per_voter == (17_00, 1)
    late = count(ballots, costs, 100, completion="add1")
    assert late.per_voter == (18_00, 1)


def test_add_one_with_steps_far_too_small_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("funding.domain.rules.equal_shares.MOST_STEPS", 20)
    ballots, costs = {"A": 1, "B": 1}, {"A": 10, "B": 1_000}
    with pytest.raises(Refused) as refusal:
        count(ballots, costs, 100, completion="add1", incrementCents=1)
    assert refusal.value.code == "too-many-steps"
    assert won(count(ballots, costs, 100, completion="add1", incrementCents=10_000)) == ["A"]


def test_the_start_can_be_whole_units_of_currency():
    exact = count({"A": 3}, {"A": 100}, 100)
    assert (won(exact), exact.per_voter) == (["A"], (10_000, 3))
    whole = count({"A": 3}, {"A": 100}, 100, start="whole")
    assert (won(whole), whole.per_voter) == ([], (33_00, 1))


def test_greedy_completion_adds_what_fits_by_score():
    ballots, costs = {"A": 6, "B": 3, "C": 1}, {"A": 50, "B": 60, "C": 45}
    assert won(count(ballots, costs, 100)) == ["A"]
    outcome = count(ballots, costs, 100, completion="greedy")
    assert won(outcome) == ["A", "C"]
    assert [reason.code for reason in dict(outcome.lines)["C"].reasons][:2] == ["cost", "won-by-score"]
    assert {payment.candidate for payment in outcome.payments} == {"A"}
    assert won(count(ballots, costs, 110, completion="add1-greedy")) == ["A", "B"]


def test_more_points_pay_more():
    snapshot = RoundSnapshot(
        (Candidate("A", 30_00),),
        (Pool("pot", 60_00),),
        ballots=(Ballot((("A", 2),)), Ballot((("A", 1),)), Ballot((("A", -5),))),
    )
    outcome = rules.allocate(equal_shares(start="exact"), snapshot)
    assert paid(outcome) == [("A", 1, 10_00), ("A", 1, 20_00)]


@pytest.mark.parametrize(
    ("ballots", "costs", "first"),
    [
        ({"BA": 2}, {"A": 30, "B": 20}, "B"),
        ({"AB": 2}, {"A": 30, "B": 30}, "A"),
        ({"A": 1, "B": 1}, {"B": 10, "A": 10}, "A"),
    ],
)
def test_fixed_ties_go_by_cost_then_votes_then_id(ballots: dict[str, int], costs: dict[str, int], first: str):
    outcome = count(ballots, costs, 60)
    assert won(outcome)[0] == first
    assert outcome.unresolved_ties == ()


def test_of_equals_the_one_with_more_votes_goes_first():
    there = (Candidate("A", 30_00), Candidate("B", 30_00))
    both, against = Ballot((("A", 1), ("B", 1)), 2), Ballot((("A", -1),))
    snapshot = RoundSnapshot(there, (Pool("pot", 90_00),), ballots=(both, against))
    assert won(rules.allocate(equal_shares(start="exact"), snapshot)) == ["B", "A"]


def test_a_tie_is_declared_only_where_the_order_decides():
    contested: dict[str, Any] = {
        "ballots": {"AB": 2, "C": 2},
        "costs": {"A": 40, "B": 40, "C": 40},
        "budget": 100,
        "ties": "draw",
    }
    assert count(**contested).unresolved_ties == (("A", "B"),)
    outcome = count(**contested, draw=["B", "C", "A"])
    assert (set(won(outcome)), outcome.unresolved_ties) == ({"B", "C"}, ())
    assert count(**{**contested, "ties": "fixed"}, draw=["B", "A", "C"]).lines[0][0] == "A"
    both = count({"AB": 2}, {"A": 40, "B": 40}, 100, ties="draw")
    assert (set(won(both)), both.unresolved_ties) == ({"A", "B"}, ())


def test_no_ballots_choose_nothing():
    outcome = count({}, {"A": 10}, 100)
    assert (outcome.lines, outcome.per_voter) == ((), None)
    outcome = count({"": 3}, {"A": 10}, 100, completion="add1")
    assert outcome.lines == ()
    assert [reason.code for reason in dict(outcome.left_out)["A"].reasons] == ["cost", "no-supporters"]


def test_what_has_no_known_cost_does_not_win():
    outcome = count({"AB": 3}, {"A": 0, "B": 30}, 90, completion="add1-greedy")
    assert won(outcome) == ["B"]
    assert [reason.code for reason in dict(outcome.left_out)["A"].reasons] == ["cost", "cost-unknown"]


def test_a_pool_with_conditions_pays_whole_or_not_at_all():
    there = (Candidate("A", 4_000, "sport"), Candidate("B", 3_000, "groen"))
    pools = (Pool("green", 5_000, ("groen",)), Pool("any", 3_000))
    snapshot = RoundSnapshot(there, pools, ballots=(Ballot((("A", 1), ("B", 1)), 4),))
    outcome = rules.allocate(equal_shares(start="exact"), snapshot)
    assert won(outcome) == ["B"]
    assert [reason.code for reason in dict(outcome.left_out)["A"].reasons] == ["cost", "conditions"]
