"""The life of an initiative, without any server: every move from every status, and a machine that lives at random."""

import os
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.initiatives.lives import (
    ANNA,
    BRAM,
    CLOSES,
    NOW,
    ROAD,
    STEPS,
    co_create,
    given,
    halt,
    join,
    lift,
    part,
    pause,
    reach,
    refusal,
    resume,
    show_dream,
    start,
    withdraw,
)

from dorpsplein.contracts.initiatives.initiatives import InitiativeState, InitiativeWithdrawn, ThresholdReached
from dorpsplein.errors import Forbidden, Refused, Rejected
from initiatives.domain import life
from initiatives.domain.evolving import fold
from initiatives.domain.initiative import LIVE, Initiative, Status
from initiatives.domain.moves import MOVES, Ground, LiftReason, PauseReason, Reason

BY_THEMSELVES = {"reach the threshold", "expire"}
"""Moves that time or a count makes: where they cannot be made they are passed by, and nobody is told no."""


@pytest.mark.parametrize("status", Status)
def test_from_each_status_the_moves_in_the_table_can_be_made_and_no_other(status: Status) -> None:
    here = given(*ROAD[status])
    assert here.status == status
    for doing, step in STEPS.items():
        if status not in MOVES[doing].sources:
            if doing in BY_THEMSELVES:
                assert step(here) == []
            elif not (doing == "publish the dream vision" and status in life.SHOWS_NEW_VERSIONS):
                with pytest.raises(Rejected):
                    step(here)
            continue
        events = step(here)
        after = fold(here, events)
        assert after.status == (MOVES[doing].target or here.before)
        assert isinstance(events[-1], InitiativeState)
        assert events[-1].status == after.status
        assert (after.version, after.rests) == (here.version + 1, after.before is not None)


def test_there_is_no_verdict() -> None:
    assert not {"rejected", "approved", "accepted", "refused"} & {status.value for status in Status}


def test_the_threshold_is_reached_once_and_at_its_number() -> None:
    assert life.reach_threshold(given(), 2) == []
    assert life.reach_threshold(given(), 3)[0] == ThresholdReached(initiative_id=given().id, threshold=3)
    assert life.reach_threshold(given(reach), 500) == []


def test_nobody_but_the_initiators_moves_it_on() -> None:
    for decide in (
        lambda: life.start_co_creation(given(reach), person=BRAM),
        lambda: life.start(given(reach, co_create, show_dream), person=BRAM),
        lambda: life.celebrate(given(reach, co_create, show_dream, start), "Dank", person=BRAM),
        lambda: life.pause(given(), PauseReason.SEASON, person=BRAM, now=NOW),
        lambda: life.resume(given(pause), person=BRAM, now=NOW),
        lambda: life.withdraw(given(), Reason.OTHER, person=BRAM),
        lambda: life.publish_dream(given(reach, co_create), dream_id=uuid4(), version=1, person=BRAM),
        lambda: life.appeal(given(halt), person=BRAM, now=NOW),
    ):
        assert refusal(Forbidden, decide) == "not-yours"


def test_a_withdrawal_is_for_good_and_keeps_its_reason() -> None:
    events = withdraw(given())
    gone = fold(given(), events)
    assert isinstance(events[0], InitiativeWithdrawn)
    assert gone.withdrawal_reason == "not-feasible"
    assert refusal(Refused, lambda: withdraw(gone)) == "initiative-withdrawn"


def test_while_it_rests_the_time_for_support_stands_still() -> None:
    later = NOW + timedelta(days=30)
    for rest, go_on in ((pause, life.resume), (halt, life.lift_halt), (join, life.part)):
        resting = given(rest)
        assert (resting.before, resting.rests_since) == (Status.PROPOSED, NOW)
        if go_on is life.resume:
            events = life.resume(resting, person=ANNA, now=later)
        elif go_on is life.lift_halt:
            events = life.lift_halt(resting, LiftReason.GROUND_GONE, now=later)
        else:
            events = life.part(resting, now=later)
        after = fold(resting, events)
        assert (after.status, after.closes_at) == (Status.PROPOSED, CLOSES + timedelta(days=30))
        assert (after.rests_since, after.before, after.halt, after.into_id, after.pause_reason) == (None,) * 5


def test_what_rested_before_a_halt_goes_on_where_it_was_before_it_rested() -> None:
    stopped = given(reach, pause, halt)
    assert (stopped.status, stopped.before, stopped.rests_since) == (Status.HALTED, Status.SUPPORTED, NOW)
    assert fold(stopped, lift(stopped)).status == Status.SUPPORTED


def test_a_halt_is_appealed_against_once_and_in_time() -> None:
    stopped = given(halt)
    appealed = fold(stopped, life.appeal(stopped, person=ANNA, now=NOW))
    assert appealed.halt is not None
    assert appealed.halt.appealed
    assert refusal(Refused, lambda: life.appeal(appealed, person=ANNA, now=NOW)) == "appealed-already"
    late = NOW + timedelta(days=15)
    assert refusal(Refused, lambda: life.appeal(stopped, person=ANNA, now=late)) == "appeal-too-late"
    assert refusal(Refused, lambda: life.appeal(given(), person=ANNA, now=NOW)) == "not-halted"


def test_later_versions_of_a_dream_move_nothing_and_follow_by_themselves_after_a_consent() -> None:
    shown = given(reach, co_create, show_dream)
    assert fold(shown, show_dream(shown)).status == Status.DREAM_PUBLISHED
    resting = given(reach, co_create, show_dream, pause)
    again = life.publish_dream(resting, dream_id=uuid4(), version=2, person=None)
    assert fold(resting, again).status == Status.PAUSED


def test_an_expiry_is_announced_and_comes_only_while_support_is_missing() -> None:
    announced = life.announce_expiry(given())
    assert announced[0].model_dump(by_alias=False)["expires_at"] == CLOSES
    assert life.announce_expiry(given(reach)) == []
    assert life.expire(given(reach), 3) == []
    assert life.expire(given(), 2)[0].model_dump()["supports"] == 2


class Life(RuleBasedStateMachine):
    """An initiative that lives at random. The model is a status with, under it, where it goes back to."""

    def __init__(self) -> None:
        super().__init__()
        self.it: Initiative = given()
        self.status, self.under = "proposed", ""
        self.facts, self.now = 1, NOW
        self.left, self.resting_since = CLOSES - NOW, NOW

    def do(self, step: object, may: bool, to: str) -> None:
        """Try a step; it happens when it may, and says no or nothing otherwise."""
        try:
            events = step(self.it)  # type: ignore[operator]
        except Rejected:
            events = []
        assert bool(events) == may
        self.it = fold(self.it, events)
        if may:
            self.facts += 1
            self.status = to

    LIVING = ("proposed", "supported", "in-co-creation", "dream-published", "under-way")

    @rule(days=st.integers(0, 20))
    def let_time_pass(self, days: int) -> None:
        self.now += timedelta(days=days)
        if not self.under:
            self.left -= timedelta(days=days)

    @rule(step=st.sampled_from(["reach", "co-create", "start", "celebrate"]))
    def move_on(self, step: str) -> None:
        sources = {"reach": "proposed", "co-create": "supported", "start": "dream-published", "celebrate": "under-way"}
        targets = {"reach": "supported", "co-create": "in-co-creation", "start": "under-way", "celebrate": "celebrated"}
        steps = {"reach": reach, "co-create": co_create, "start": start}
        run = steps.get(step) or (lambda it: life.celebrate(it, "Dank", person=ANNA))
        self.do(run, self.status == sources[step], targets[step])

    @rule()
    def show_a_dream(self) -> None:
        shown_before = self.status in {"dream-published", "under-way", "celebrated"}
        to = self.status if shown_before else "dream-published"
        self.do(show_dream, shown_before or self.status == "in-co-creation", to)

    @rule(how=st.sampled_from(["paused", "joined", "halted"]))
    def rest(self, how: str) -> None:
        may = self.status in self.LIVING or (how == "halted" and self.status == "paused")
        under = self.under or self.status
        now = self.now
        steps = {
            "paused": lambda it: life.pause(it, PauseReason.OTHER, person=ANNA, now=now),
            "joined": lambda it: life.join(it, merge_id=uuid4(), into_id=uuid4(), now=now),
            "halted": lambda it: life.halt(it, Ground.LEGAL, halt_id=uuid4(), appeal_until=now, now=now),
        }
        self.do(steps[how], may, how)
        if may:
            self.under = under

    @rule(how=st.sampled_from(["paused", "joined", "halted"]))
    def go_on(self, how: str) -> None:
        now, may, under = self.now, self.status == how, self.under
        steps = {
            "paused": lambda it: life.resume(it, person=ANNA, now=now),
            "joined": lambda it: life.part(it, now=now),
            "halted": lambda it: life.lift_halt(it, LiftReason.BY_MISTAKE, now=now),
        }
        self.do(steps[how], may, under)
        if may:
            self.under = ""

    @rule()
    def expire(self) -> None:
        self.do(lambda it: life.expire(it, 0), self.status == "proposed", "expired")

    @precondition(lambda self: self.facts > 4)
    @rule()
    def withdraw(self) -> None:
        self.do(withdraw, self.status in (*self.LIVING, "paused"), "withdrawn")
        if self.status == "withdrawn":
            self.under = ""

    @invariant()
    def it_is_where_the_model_says(self) -> None:
        assert (self.it.status, self.it.version) == (self.status, self.facts)
        assert (self.it.before or "") == self.under
        assert (self.it.status in LIVE) == (self.status in self.LIVING)

    @invariant()
    def its_time_for_support_is_as_long_as_it_was_given(self) -> None:
        if not self.under and self.it.status in LIVE:
            closes: datetime | None = self.it.closes_at
            assert closes == self.now + self.left


Life.TestCase.settings = settings(
    max_examples=int(os.environ.get("DORPSPLEIN_EXAMPLES", "60")), stateful_step_count=30, deadline=None
)
TestLife = Life.TestCase


def test_resting_and_parting_are_the_other_side_of_each_other() -> None:
    assert fold(given(pause), resume(given(pause))).status == Status.PROPOSED
    assert fold(given(join), part(given(join))).status == Status.PROPOSED
