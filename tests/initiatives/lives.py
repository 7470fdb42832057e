"""Initiatives in the state a test of rules needs, without any server."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from dorpsplein.envelope import Event
from dorpsplein.errors import Rejected
from initiatives.domain import life
from initiatives.domain.evolving import fold
from initiatives.domain.initiative import Content, Initiative, Spot, Status, Terms
from initiatives.domain.moves import Ground, LiftReason, PauseReason, Reason

ANNA, BRAM, CARLA, ID = uuid4(), uuid4(), uuid4(), uuid4()
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
CLOSES = NOW + timedelta(days=90)
TERMS = Terms(3, CLOSES)
GARDEN = Content("Een buurttuin", "Samen groen maken.", "groen", Spot(52.0, 5.0), 100)

Step = Callable[[Initiative], list[Event]]


def reach(it: Initiative) -> list[Event]:
    return life.reach_threshold(it, it.threshold)


def co_create(it: Initiative) -> list[Event]:
    return life.start_co_creation(it, person=ANNA)


def show_dream(it: Initiative) -> list[Event]:
    return life.publish_dream(it, dream_id=uuid4(), version=1, person=ANNA)


def start(it: Initiative) -> list[Event]:
    return life.start(it, person=ANNA)


def celebrate(it: Initiative) -> list[Event]:
    return life.celebrate(it, "Dank!", person=ANNA)


def pause(it: Initiative) -> list[Event]:
    return life.pause(it, PauseReason.SEASON, person=ANNA, now=NOW)


def resume(it: Initiative) -> list[Event]:
    return life.resume(it, person=ANNA, now=NOW)


def withdraw(it: Initiative) -> list[Event]:
    return life.withdraw(it, Reason.NOT_FEASIBLE, person=ANNA)


def expire(it: Initiative) -> list[Event]:
    return life.expire(it, 1)


def join(it: Initiative) -> list[Event]:
    return life.join(it, merge_id=uuid4(), into_id=uuid4(), now=NOW)


def part(it: Initiative) -> list[Event]:
    return life.part(it, now=NOW)


def halt(it: Initiative) -> list[Event]:
    return life.halt(it, Ground.SAFETY, halt_id=uuid4(), appeal_until=NOW + timedelta(days=14), now=NOW)


def lift(it: Initiative) -> list[Event]:
    return life.lift_halt(it, LiftReason.GROUND_GONE, now=NOW)


STEPS: dict[str, Step] = {
    "reach the threshold": reach,
    "start co-creation": co_create,
    "publish the dream vision": show_dream,
    "get under way": start,
    "celebrate": celebrate,
    "pause": pause,
    "resume": resume,
    "withdraw": withdraw,
    "expire": expire,
    "join": join,
    "part": part,
    "halt": halt,
    "lift the halt": lift,
}
"""Every move by its name in the table of moves."""

ROAD: dict[Status, tuple[Step, ...]] = {
    Status.PROPOSED: (),
    Status.SUPPORTED: (reach,),
    Status.IN_CO_CREATION: (reach, co_create),
    Status.DREAM_PUBLISHED: (reach, co_create, show_dream),
    Status.UNDER_WAY: (reach, co_create, show_dream, start),
    Status.CELEBRATED: (reach, co_create, show_dream, start, celebrate),
    Status.PAUSED: (reach, co_create, pause),
    Status.WITHDRAWN: (withdraw,),
    Status.EXPIRED: (expire,),
    Status.JOINED: (reach, join),
    Status.HALTED: (reach, co_create, halt),
}
"""How to come to each status."""


def given(*steps: Step, content: Content = GARDEN, terms: Terms = TERMS) -> Initiative:
    """An initiative of Anna's after these steps."""
    proposed = life.propose(content, initiative_id=ID, initiator=ANNA, terms=terms, channel="web")
    initiative = fold(None, proposed)
    for step in steps:
        initiative = fold(initiative, step(initiative))
    return initiative


def refusal(kind: type[Rejected], decide: Callable[[], Any]) -> str:
    """The code of the refusal that this must be."""
    with pytest.raises(kind) as refused:
        decide()
    return refused.value.code
