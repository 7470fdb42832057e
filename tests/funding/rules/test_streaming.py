"""Rules that answer pledge by pledge, in a few spoken examples; their invariants stand in test_invariants."""

import hashlib
import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.funding.rules.oracle import divide
from tests.funding.rules.strategies import FREE, STREAMING, rounds, rules_of, thorough

from dorpsplein.errors import Refused
from funding.domain import rules
from funding.domain.rules import (
    PRESETS,
    Allocation,
    Candidate,
    FirstCome,
    Gift,
    PledgeSnapshot,
    Pool,
    Ratio,
    RoundSnapshot,
    Rule,
    Threshold,
    answer,
)

HALF = Ratio(1, 2, 10_000, 12_000, 20_000)


def pledge(cents: int, *, donor: int = 0, initiative: int = 0, pot: int = 100_000) -> PledgeSnapshot:
    return PledgeSnapshot(cents, donor, initiative, (("a", pot),))


def cents(rule: Rule, snapshot: PledgeSnapshot) -> int:
    return answer(rule, snapshot).cents


def told(allocation: Allocation) -> list[tuple[str, int]]:
    return [(reason.code, reason.cents) for reason in allocation.reasons if reason.pot_line is None]


def test_half_of_a_pledge_follows_rounded_down():
    assert cents(HALF, pledge(5_001)) == 2_500


def test_a_part_of_a_pledge_beyond_its_cap_is_not_matched():
    assert cents(HALF, pledge(10_001)) == 5_000


def test_a_cap_of_a_pledge_holds_to_the_cent():
    assert [cents(Ratio(1, 1, 100, FREE, FREE), pledge(amount)) for amount in (99, 100, 101)] == [99, 100, 100]


def test_the_caps_of_donor_and_initiative_hold_for_all_pledges_of_a_round_together():
    gifts = [Gift(str(place), "x", "a" if place < 2 else "b", 8_000) for place in range(4)]
    snapshot = RoundSnapshot((Candidate("a", 0), Candidate("b", 0)), (Pool("pot", 90_000),), tuple(gifts))
    by_donor, by_initiative = Ratio(1, 1, FREE, 20_000, FREE), Ratio(1, 1, FREE, FREE, 10_000)
    outcomes = [dict(rules.allocate(rule, snapshot).lines) for rule in (by_donor, by_initiative)]
    assert [(one["a"].cents, one["b"].cents) for one in outcomes] == [(16_000, 4_000), (10_000, 10_000)]


def test_the_caps_count_what_was_given_before():
    assert cents(HALF, pledge(4_000, donor=11_999)) == 1
    assert cents(HALF, pledge(4_000, donor=12_000)) == 0
    assert cents(HALF, pledge(4_000, initiative=19_000)) == 1_000


def test_what_was_given_under_another_rule_beyond_this_cap_takes_nothing_back():
    assert cents(HALF, pledge(4_000, initiative=25_000)) == 0


def test_the_last_match_takes_what_is_left_in_the_pot():
    assert cents(HALF, pledge(4_000, pot=1_999)) == 1_999


def test_no_fraction_is_rounded_on_the_way():
    assert cents(Ratio(7, 5, 10_000, 10_000, 10_000), pledge(5_725)) == 8_015


def test_the_largest_amounts_are_matched_to_the_cent():
    most = 10**12
    rule = Ratio(999_999, 1_000_000, most, FREE, FREE)
    assert cents(rule, pledge(most - 1, pot=most)) == 999_998_999_999
    assert answer(Ratio(999_999, 1, most, FREE, FREE), pledge(most - 1)).reasons[0].cents == 999_998_999_999_000_001
    snapshot = PledgeSnapshot(most, 0, 0, (("a", most), ("b", most - 1)))
    assert dict(answer(rule, snapshot).by) == {"a": 499_999_500_000, "b": 499_999_500_000}


def test_a_missing_cent_goes_to_the_largest_fraction_then_the_smallest_id():
    assert dict(answer(HALF, PledgeSnapshot(20, 0, 0, (("c", 50), ("a", 50), ("b", 50)))).by) == {
        "a": 4,
        "b": 3,
        "c": 3,
    }
    assert dict(answer(HALF, PledgeSnapshot(20, 0, 0, (("a", 10), ("b", 19)))).by) == {"a": 3, "b": 7}


def test_each_limit_is_told_as_what_it_takes_off():
    snapshot = PledgeSnapshot(30_000, 8_000, 17_000, (("a", 2_500),))
    assert told(answer(HALF, snapshot)) == [
        ("ratio", 15_000),
        ("cap-pledge", -10_000),
        ("cap-donor", -1_000),
        ("cap-initiative", -1_000),
        ("pot-left", -500),
    ]


def test_first_come_pays_the_last_match_in_part_only_where_its_knob_says_so():
    knobs = HALF.knobs()
    part, never = (rules.from_knobs("first_come", {**knobs, "partial": partial}) for partial in (1, 0))
    assert (cents(part, pledge(4_000, pot=1_999)), cents(never, pledge(4_000, pot=1_999))) == (1_999, 0)
    assert told(answer(never, pledge(4_000, pot=1_999))) == [("ratio", 2_000), ("whole-only", -2_000)]
    assert cents(never, pledge(4_000, pot=2_000)) == 2_000
    assert isinstance(never, FirstCome)


@pytest.mark.parametrize(
    ("crowd", "cents", "code"),
    [(1_499, 0, "start-not-reached"), (1_500, 5_000, ""), (6_000, 3_000, "goal-rest"), (10_000, 0, "goal-rest")],
)
def test_a_threshold_pays_once_the_crowd_has_brought_enough_this_pledge_included(crowd: int, cents: int, code: str):
    snapshot = PledgeSnapshot(1_000, 0, 0, (("a", 100_000),), crowd=crowd, goal=10_000)
    allocation = answer(PRESETS["quarter-half-quarter"], snapshot)
    assert allocation.cents == cents
    assert told(allocation)[1:] == ([(code, cents - 5_000)] if code else [])


def test_a_threshold_pays_once_per_initiative():
    rule = Threshold(25, 50, 500_000, 1)
    there = (Candidate("a", 10_000), Candidate("b", 0))
    gifts = tuple(Gift(str(place), f"donor{place}", "a", 1_250) for place in range(5))
    outcome = dict(rules.allocate(rule, RoundSnapshot(there, (Pool("pot", 100_000),), gifts)).lines)
    assert outcome["a"].cents == 5_000
    assert told(outcome["a"])[:3] == [("threshold", 25_000), ("start-not-reached", -5_000), ("paid-before", -15_000)]


def test_a_threshold_can_ask_for_several_people():
    rule = Threshold(25, 50, 500_000, 2)
    one = PledgeSnapshot(5_000, 0, 0, (("a", 100_000),), goal=10_000, donors=1)
    two = PledgeSnapshot(5_000, 0, 0, (("a", 100_000),), goal=10_000, donors=2)
    assert (cents(rule, one), cents(rule, two)) == (0, 5_000)
    assert told(answer(rule, one))[-1] == ("too-few-donors", -5_000)


def test_a_threshold_gives_nothing_where_the_goal_is_not_known():
    assert told(answer(Threshold(0, 50, 500_000, 1), pledge(5_000))) == [("threshold", 0), ("goal-unknown", 0)]


@pytest.mark.parametrize(
    ("name", "gifts", "cents"),
    [
        ("quarter-half-quarter", [2_499], 0),
        ("quarter-half-quarter", [2_499, 1], 5_000),
        ("quarter-half-quarter", [2_500, 7_500], 5_000),
        ("euro-for-euro", [2_500, 7_500], 10_000),
        ("euro-for-euro", [400_000, 200_000], 500_000),
        ("last-quarter", [7_499], 0),
        ("last-quarter", [7_500], 2_500),
        ("half-if-the-rest-is-found", [4_999], 0),
        ("half-if-the-rest-is-found", [5_000], 5_000),
    ],
)
def test_the_four_presets_do_what_dutch_funds_promise(name: str, gifts: list[int], cents: int):
    snapshot = RoundSnapshot(
        (Candidate("a", 10_000),),
        (Pool("pot", 10_000_000),),
        tuple(Gift(str(place), "x", "a", amount) for place, amount in enumerate(gifts)),
    )
    assert rules.allocate(PRESETS[name], snapshot).cents == cents


def test_a_pool_gives_to_one_initiative_no_more_than_its_condition_says():
    snapshot = RoundSnapshot(
        (Candidate("a", 0, "sport"), Candidate("b", 0, "groen")),
        (Pool("sport", 10_000, ("sport",), (), 1_500), Pool("any", 800)),
        (Gift("1", "x", "a", 2_000), Gift("2", "y", "a", 2_000), Gift("3", "z", "b", 2_000)),
    )
    outcome = dict(rules.allocate(Ratio(1, 1, FREE, FREE, FREE), snapshot).lines)
    assert dict(outcome["a"].by) == {"sport": 1_500, "any": 800}
    assert "b" not in outcome


@thorough
@given(rules_of(*STREAMING), rounds())
def test_a_round_is_its_pledges_answered_one_by_one(rule: Rule, snapshot: RoundSnapshot):
    """As the service does it: a snapshot of what stands, an answer, and what it takes from each pot line."""
    left = {pool.id: pool.cents for pool in snapshot.pools}
    by: dict[tuple[str, str], int] = {}
    donors: dict[str, int] = {}
    crowd: dict[str, list[Gift]] = {candidate.id: [] for candidate in snapshot.candidates}
    for gift in snapshot.gifts:
        (there,) = (candidate for candidate in snapshot.candidates if candidate.id == gift.candidate)
        before = PledgeSnapshot(
            gift.cents,
            donors.get(gift.donor, 0),
            sum(gave for (_, candidate), gave in by.items() if candidate == there.id),
            tuple(
                (pool.id, min(left[pool.id], (pool.most_per_candidate or 0) - by.get((pool.id, there.id), 0)))
                if pool.most_per_candidate is not None
                else (pool.id, left[pool.id])
                for pool in snapshot.pools
                if pool.takes(there)
            ),
            sum(one.cents for one in crowd[there.id]),
            there.cost,
            len({one.donor for one in crowd[there.id]} | {gift.donor}),
        )
        allocation = answer(rule, before)
        assert dict(allocation.by) == {
            line: gave for line, gave in divide(allocation.cents, dict(before.pot)).items() if gave
        }
        for line, gave in allocation.by:
            left[line] -= gave
            by[line, there.id] = by.get((line, there.id), 0) + gave
        donors[gift.donor] = donors.get(gift.donor, 0) + allocation.cents
        crowd[there.id].append(gift)
    whole = {candidate: dict(one.by) for candidate, one in rules.allocate(rule, snapshot).lines}
    for (line, candidate), gave in by.items():
        assert whole[candidate][line] == gave


ratios = rules_of("ratio")


@thorough
@given(ratios, st.integers(1, 30_000))
def test_i4_without_caps_a_match_is_less_than_a_cent_from_its_exact_share(rule: Rule, amount: int):
    assert isinstance(rule, Ratio)
    free = Ratio(rule.numerator, rule.denominator, FREE, FREE, FREE)
    match = answer(free, pledge(amount, pot=10**9))
    assert 0 <= Fraction(amount * rule.numerator, rule.denominator) - match.cents < 1


@thorough
@given(ratios, rounds())
def test_i3_the_caps_of_pledge_and_donor_hold_for_all_pledges_together(rule: Rule, snapshot: RoundSnapshot):
    assert isinstance(rule, Ratio)
    share = Fraction(rule.numerator, rule.denominator)
    for donor in {gift.donor for gift in snapshot.gifts}:
        own = [gift for gift in snapshot.gifts if gift.donor == donor]
        alone = rules.allocate(rule, RoundSnapshot(snapshot.candidates, snapshot.pools, tuple(own)))
        assert alone.cents <= rule.cap_donor_cents
        assert alone.cents <= share * sum(min(gift.cents, rule.cap_pledge_cents) for gift in own)
    for _, one in rules.allocate(rule, snapshot).lines:
        assert one.cents <= rule.cap_initiative_cents


def test_the_version_of_a_rule_is_the_sum_of_its_canonical_json():
    text = (
        '{"knobs":{"capDonorCents":12000,"capInitiativeCents":20000,"capPledgeCents":10000,'
        '"denominator":2,"numerator":1},"rule":"ratio"}'
    )
    assert rules.version(HALF) == hashlib.sha256(text.encode()).hexdigest()
    assert rules.from_knobs("ratio", json.loads(text)["knobs"]) == HALF


def test_a_rule_that_answers_a_whole_round_does_not_answer_a_pledge():
    with pytest.raises(Refused) as refusal:
        answer(rules.from_knobs("greedy", {"ties": "fixed"}), pledge(1))
    assert refusal.value.code == "rule-not-streaming"
