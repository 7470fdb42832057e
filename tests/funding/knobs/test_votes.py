"""What a vote comes to, computed here from the shares themselves."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funding.domain import knobs
from funding.domain.knobs.registry import CLASSES, Class
from funding.domain.knobs.votes import Tally, Vote, goes_on, open_vote, outcome

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
SHARES = {"tuning": Fraction(5, 100), "rule": Fraction(10, 100), "constitution": Fraction(20, 100)}
people = st.integers(0, 400)


@pytest.mark.parametrize(
    ("knob_class", "roster", "quorum", "lock"),
    [
        ("tuning", 40, 25, 3),
        ("tuning", 500, 25, 3),
        ("tuning", 501, 26, 3),
        ("rule", 251, 26, 14),
        ("constitution", 126, 26, 30),
        ("constitution", 0, 25, 30),
    ],
)
def test_the_design_s_figures_hold_where_nobody_turned_them(
    knob_class: Class, roster: int, quorum: int, lock: int
) -> None:
    vote = open_vote(knob_class, knobs.start("ratio", {}), roster, NOON)
    assert (vote.quorum, vote.lock_days) == (quorum, lock)
    assert vote.closes_at - vote.opened_at == timedelta(days=7)


@given(st.sampled_from(CLASSES), people, people, people, st.integers(0, 5_000))
def test_an_outcome_is_what_quorum_and_majority_say(
    knob_class: Class, yes: int, no: int, abstain: int, roster: int
) -> None:
    vote = open_vote(knob_class, knobs.start("ratio", {}), roster, NOON)
    took_part = yes + no + abstain
    if took_part < 25 or took_part < roster * SHARES[knob_class]:
        expected = "without-quorum"
    else:
        share = Fraction(yes, yes + no) if yes + no else Fraction(0)
        enough = {"tuning": share > Fraction(1, 2), "rule": share >= Fraction(3, 5)}
        expected = "adopted" if enough.get(knob_class, share >= Fraction(2, 3)) else "turned-down"
    assert outcome(knob_class, vote, Tally(yes, no, abstain)) == expected


@pytest.mark.parametrize(
    ("extended", "before", "ballots", "expected"),
    [(False, 24, 25, True), (False, 25, 30, False), (False, 10, 24, False), (True, 24, 25, False)],
)
def test_only_a_quorum_that_came_late_for_the_first_time_extends(
    extended: bool, before: int, ballots: int, expected: bool
) -> None:
    vote = Vote(NOON, NOON + timedelta(days=7), 100, 25, 3, extended)
    assert goes_on(vote, Tally(yes=ballots), before) is expected
