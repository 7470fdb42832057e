"""The `ratio` rule: a few spoken examples, then its invariants (I1 to I10 of the design) against a model."""

import hashlib
import json
from dataclasses import replace
from fractions import Fraction
from math import floor
from uuid import UUID, uuid4

from hypothesis import example, given
from hypothesis import strategies as st
from tests.funding.money import Money, Pot, Terms, divide

from funding.domain import rules
from funding.domain.rules import Allocation, Ratio, Snapshot, allocate

A, B, C = (UUID(int=number) for number in (1, 2, 3))
HALF = Ratio(1, 2, 10_000, 12_000, 20_000)

cents = st.integers(1, 30_000)
lines = st.lists(st.integers(0, 20_000), max_size=4).map(
    lambda lefts: tuple((UUID(int=1000 - place), left) for place, left in enumerate(lefts))
)
ratios = st.builds(Ratio, st.integers(1, 7), st.integers(1, 7), cents, cents, cents)
snapshots = st.builds(Snapshot, cents, st.integers(0, 40_000), st.integers(0, 40_000), lines)


def snapshot(pledge: int, *, donor: int = 0, initiative: int = 0, pot: int = 100_000) -> Snapshot:
    return Snapshot(pledge, donor, initiative, ((A, pot),))


def test_half_of_a_pledge_follows_rounded_down():
    assert allocate(HALF, snapshot(5_001)).cents == 2_500


def test_a_part_of_a_pledge_beyond_its_cap_is_not_matched():
    assert allocate(HALF, snapshot(10_001)).cents == 5_000


def test_the_caps_count_what_was_given_before():
    assert allocate(HALF, snapshot(4_000, donor=11_999)).cents == 1
    assert allocate(HALF, snapshot(4_000, donor=12_000)).cents == 0
    assert allocate(HALF, snapshot(4_000, initiative=19_000)).cents == 1_000


def test_what_was_given_under_another_rule_beyond_this_cap_takes_nothing_back():
    assert allocate(HALF, snapshot(4_000, initiative=25_000)).cents == 0


def test_the_last_match_takes_what_is_left_in_the_pot():
    assert allocate(HALF, snapshot(4_000, pot=1_999)).cents == 1_999


def test_no_fraction_is_rounded_on_the_way():
    assert allocate(Ratio(7, 5, 10_000, 10_000, 10_000), snapshot(5_725)).cents == 8_015


def test_the_largest_amounts_are_matched_to_the_cent():
    most = 10**12
    rule = Ratio(999_999, 1_000_000, most, 2**53 - 1, 2**53 - 1)
    assert allocate(rule, snapshot(most - 1, pot=most)).cents == 999_998_999_999
    assert allocate(replace(rule, denominator=1), snapshot(most - 1)).reasons[0].cents == 999_998_999_999_000_001
    assert dict(allocate(rule, Snapshot(most, 0, 0, ((A, most), (B, most - 1)))).by) == {
        A: 499_999_500_000,
        B: 499_999_500_000,
    }


def test_a_missing_cent_goes_to_the_largest_fraction_then_the_smallest_id():
    assert dict(allocate(HALF, Snapshot(20, 0, 0, ((C, 50), (A, 50), (B, 50)))).by) == {A: 4, B: 3, C: 3}
    assert dict(allocate(HALF, Snapshot(20, 0, 0, ((A, 10), (B, 19)))).by) == {A: 3, B: 7}


def test_the_version_of_a_rule_is_the_sum_of_its_canonical_json():
    text = (
        '{"knobs":{"capDonorCents":12000,"capInitiativeCents":20000,"capPledgeCents":10000,'
        '"denominator":2,"numerator":1},"rule":"ratio"}'
    )
    assert rules.version(HALF) == hashlib.sha256(text.encode()).hexdigest()
    assert rules.from_knobs(json.loads(text)["knobs"]) == HALF


@given(ratios, snapshots)
@example(HALF, Snapshot(1, 0, 0, ()))
def test_i1_i2_a_match_is_whole_never_negative_and_never_more_than_pot_or_caps(rule: Ratio, now: Snapshot):
    match = allocate(rule, now)
    assert all(type(number) is int and number >= 0 for number in (match.cents, *dict(match.by).values()))
    assert match.cents <= sum(left for _, left in now.pot)
    assert all(gave <= dict(now.pot)[line] for line, gave in match.by)


@given(ratios, snapshots)
def test_a_match_is_what_the_model_says_and_so_is_its_split(rule: Ratio, now: Snapshot):
    share = Fraction(rule.numerator, rule.denominator)
    wanted = max(
        0,
        min(
            int(min(now.pledge, rule.cap_pledge_cents) * share),
            rule.cap_donor_cents - now.given_to_donor,
            rule.cap_initiative_cents - now.given_to_initiative,
            sum(left for _, left in now.pot),
        ),
    )
    match = allocate(rule, now)
    assert match.cents == wanted
    assert dict(match.by) == divide(wanted, dict(now.pot))


@given(ratios, snapshots)
def test_every_reason_counts_and_together_they_are_the_amount(rule: Ratio, now: Snapshot):
    match = allocate(rule, now)
    uncapped = Fraction(now.pledge * rule.numerator, rule.denominator)
    assert match.reasons[0].cents == floor(uncapped)
    assert sum(reason.cents for reason in match.reasons if reason.pot_line is None) == match.cents
    for line, gave in match.by:
        assert sum(reason.cents for reason in match.reasons if reason.pot_line == line) == gave
    assert sum(dict(match.by).values()) == match.cents
    for reason in match.reasons:
        assert str(reason).startswith(f"{reason.cents:+d} {reason.code}")


@given(ratios, snapshots)
def test_i4_without_caps_a_match_is_less_than_a_cent_from_its_exact_share(rule: Ratio, now: Snapshot):
    free = Ratio(rule.numerator, rule.denominator, 10**9, 10**9, 10**9)
    match = allocate(free, Snapshot(now.pledge, 0, 0, ((A, 10**9),)))
    assert 0 <= Fraction(now.pledge * rule.numerator, rule.denominator) - match.cents < 1


people = st.sampled_from(["anna", "bea", "cas"])
sequences = st.lists(st.tuples(people, st.sampled_from([A, B]), cents), min_size=1, max_size=12)


def played(rule: Ratio, pots: tuple[tuple[UUID, int], ...], pledges: list[tuple[str, UUID, int]]) -> list[Allocation]:
    """Pledges one after another, each on what those before it left."""
    left, donors, initiatives = dict(pots), dict[str, int](), dict[UUID, int]()
    matches = []
    for donor, initiative, pledge in pledges:
        now = Snapshot(pledge, donors.get(donor, 0), initiatives.get(initiative, 0), tuple(left.items()))
        match = allocate(rule, now)
        donors[donor] = donors.get(donor, 0) + match.cents
        initiatives[initiative] = initiatives.get(initiative, 0) + match.cents
        for line, gave in match.by:
            left[line] -= gave
        matches.append(match)
    return matches


@given(ratios, lines, sequences)
def test_i3_the_caps_hold_for_all_pledges_together(
    rule: Ratio, pots: tuple[tuple[UUID, int], ...], pledges: list[tuple[str, UUID, int]]
):
    matches = played(rule, pots, pledges)
    together = list(zip(pledges, matches, strict=True))
    for (_, _, pledge), match in together:
        assert match.cents * rule.denominator <= min(pledge, rule.cap_pledge_cents) * rule.numerator
    for donor in ("anna", "bea", "cas"):
        assert sum(match.cents for (who, _, _), match in together if who == donor) <= rule.cap_donor_cents
    for initiative in (A, B):
        assert sum(match.cents for (_, what, _), match in together if what == initiative) <= rule.cap_initiative_cents
    assert sum(match.cents for match in matches) <= sum(left for _, left in pots)


@given(ratios, lines, sequences, st.integers(0, 12))
def test_i5_what_comes_later_never_changes_a_match(
    rule: Ratio, pots: tuple[tuple[UUID, int], ...], pledges: list[tuple[str, UUID, int]], first: int
):
    assert played(rule, pots, pledges[:first]) == played(rule, pots, pledges)[:first]


@given(ratios, lines, sequences)
def test_a_row_of_matches_is_what_the_model_says(
    rule: Ratio, pots: tuple[tuple[UUID, int], ...], pledges: list[tuple[str, UUID, int]]
):
    terms = Terms(
        Fraction(rule.numerator, rule.denominator),
        rule.cap_pledge_cents,
        rule.cap_donor_cents,
        rule.cap_initiative_cents,
    )
    money = Money(pots={C: Pot(terms, dict(pots))}, needed={A: 0, B: 0})
    expected = [money.promise(uuid4(), donor, initiative, C, cents).followed for donor, initiative, cents in pledges]
    assert [dict(match.by) for match in played(rule, pots, pledges)] == expected


@given(ratios, lines, sequences, st.data())
def test_i6_raising_a_pledge_never_lowers_what_its_initiative_is_matched(
    rule: Ratio, pots: tuple[tuple[UUID, int], ...], pledges: list[tuple[str, UUID, int]], data: st.DataObject
):
    place = data.draw(st.integers(0, len(pledges) - 1))
    donor, initiative, cents = pledges[place]
    raised = [*pledges[:place], (donor, initiative, cents + data.draw(st.integers(1, 5_000))), *pledges[place + 1 :]]

    def matched(sequence: list[tuple[str, UUID, int]]) -> int:
        together = zip(sequence, played(rule, pots, sequence), strict=True)
        return sum(match.cents for (_, what, _), match in together if what == initiative)

    assert matched(raised) >= matched(pledges) - 1


@given(ratios, snapshots)
def test_i9_the_same_input_and_version_give_the_same_bytes(rule: Ratio, now: Snapshot):
    again = Snapshot(now.pledge, now.given_to_donor, now.given_to_initiative, tuple(now.pot))
    same = rules.from_knobs(json.loads(json.dumps(rule.knobs())))
    assert rules.version(same) == rules.version(rule)
    assert again.digest(rules.version(same)) == now.digest(rules.version(rule))
    texts = [[str(reason) for reason in allocate(one, it).reasons] for one, it in ((rule, now), (same, again))]
    assert texts[0] == texts[1]


@given(ratios, snapshots, snapshots)
def test_another_input_has_another_digest(rule: Ratio, one: Snapshot, other: Snapshot):
    assert (one == other) == (one.digest(rules.version(rule)) == other.digest(rules.version(rule)))
