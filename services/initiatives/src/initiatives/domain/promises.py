"""A promise of the municipality: it rings when it is due, and is kept, or released with a reason. Nothing else ends it.

The initiators may say that what the municipality calls kept is not.
"""

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from dorpsplein.contracts.initiatives.responses import (
    PromiseContested,
    PromiseDue,
    PromiseKept,
    PromiseMade,
    PromiseReleased,
    PromiseReminded,
    PromiseState,
)
from dorpsplein.days import end_of
from dorpsplein.envelope import Event
from dorpsplein.errors import Forbidden, Refused
from dorpsplein.identity import Role

REMINDER = timedelta(days=3)
"""How long before its moment a promise is recalled."""
CONTEST = timedelta(days=14)
"""How long initiators may say that it was not kept."""
FURTHEST = timedelta(days=5 * 366)
SPEAK_FOR_MUNICIPALITY = frozenset({Role.ARRANGER, Role.ALDERMAN})
"""Whoever speaks for the municipality may say what became of a promise: who made it may be gone by then."""


class Status(StrEnum):
    """Where a promise is in its life."""

    OPEN = "open"
    DUE = "due"
    KEPT = "kept"
    RELEASED = "released"


class Side(StrEnum):
    """Who speaks about a promise: somebody who carries the initiative, or somebody of the municipality."""

    INITIATOR = "initiator"
    MUNICIPALITY = "municipality"


class Release(StrEnum):
    """Why a promise will not be kept. A closed list: it stands in a fact that is kept for ever."""

    NO_LONGER_NEEDED = "no-longer-needed"
    NOT_POSSIBLE = "not-possible"


MOVES: Mapping[str, tuple[frozenset[Status], Status]] = {
    "come due": (frozenset({Status.OPEN}), Status.DUE),
    "keep": (frozenset({Status.OPEN, Status.DUE}), Status.KEPT),
    "contest": (frozenset({Status.KEPT}), Status.OPEN),
    "release": (frozenset({Status.OPEN, Status.DUE}), Status.RELEASED),
}
RELEASED_BY: Mapping[Release, Side] = {
    Release.NO_LONGER_NEEDED: Side.INITIATOR,
    Release.NOT_POSSIBLE: Side.MUNICIPALITY,
}
"""Only who asked can need it no longer; only who promised can be unable to."""


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise as its facts left it; `version` counts them. It is due once the day `due_on` is over, here."""

    id: UUID
    version: int
    status: Status
    response_id: UUID
    initiative_id: UUID
    promiser_id: UUID
    text: str
    due_on: date
    due_at: datetime
    reminded: bool = False
    said_by: Side | None = None
    kept_at: datetime | None = None
    reason: Release | None = None
    why: str | None = None

    @property
    def remind_at(self) -> datetime:
        """When it is recalled, unless that was past when it was made."""
        return self.due_at - REMINDER


Told = tuple[Promise, list[Event]]
"""A promise after what was done, and what is told of it: facts, each with the public state after it, or nothing."""


def make(
    text: str,
    due_on: date,
    *,
    promise_id: UUID,
    response_id: UUID,
    initiative_id: UUID,
    promiser: UUID,
    now: datetime,
) -> Told:
    """Promise something by the end of a day. Raises Refused("due-in-the-past") and ("due-too-far")."""
    if due_on > (now + FURTHEST).date():
        raise Refused("due-too-far", "Promise something within five years.")
    due_at = end_of(due_on)
    if due_at <= now:
        raise Refused("due-in-the-past", f"{due_on} is over; promise something by a day that is still to end.")
    promise = Promise(promise_id, 1, Status.OPEN, response_id, initiative_id, promiser, text, due_on, due_at)
    made = PromiseMade(
        promise_id=promise_id, response_id=response_id, initiative_id=initiative_id, due_at=promise.due_at
    )
    return promise, [made, state_of(promise)]


def side_of(promise: Promise, initiators: Collection[UUID], person: UUID, roles: Set[Role]) -> Side:
    """For whom somebody speaks; who made the promise is of the municipality, also where they carry the initiative.

    Raises Forbidden("not-yours") for anyone else.
    """
    if person != promise.promiser_id and person in initiators:
        return Side.INITIATOR
    if not SPEAK_FOR_MUNICIPALITY.isdisjoint(roles):
        return Side.MUNICIPALITY
    raise Forbidden("not-yours", "Only the initiators and the municipality may say what became of a promise.")


def remind(promise: Promise, now: datetime) -> Told:
    """Recall, once, what is due in a few days; nothing where it is not open, or not that far, or over already."""
    if promise.status != Status.OPEN or promise.reminded or not promise.remind_at <= now < promise.due_at:
        return promise, []
    after = replace(promise, reminded=True, version=promise.version + 1)
    fact = PromiseReminded(promise_id=promise.id, initiative_id=promise.initiative_id, due_at=promise.due_at)
    return after, [fact, state_of(after)]


def come_due(promise: Promise, now: datetime) -> Told:
    """Ring when its moment is there and it is open; nothing otherwise."""
    if promise.status != Status.OPEN or now < promise.due_at:
        return promise, []
    after = _moved(promise, "come due")
    return after, [PromiseDue(promise_id=promise.id, initiative_id=promise.initiative_id), state_of(after)]


def keep(promise: Promise, side: Side, now: datetime) -> Told:
    """Say that it was kept. Raises Refused("promise-kept") or ("promise-released")."""
    after = replace(_moved(promise, "keep"), said_by=side, kept_at=now, why=None)
    fact = PromiseKept(promise_id=promise.id, initiative_id=promise.initiative_id, said_by=side)
    return after, [fact, state_of(after)]


def contest(promise: Promise, why: str, side: Side, now: datetime) -> Told:
    """Say that it was not kept: it is open again, and rings at once where its moment is past.

    Raises Forbidden("not-yours") for the municipality, Refused("not-kept"), and Refused("contest-too-late") after
    CONTEST or where the initiators themselves said that it was kept.
    """
    if side != Side.INITIATOR:
        raise Forbidden("not-yours", "Only the initiators may say that a promise was not kept.")
    opened = _moved(promise, "contest")
    if promise.said_by == Side.INITIATOR or promise.kept_at is None or now >= promise.kept_at + CONTEST:
        raise Refused("contest-too-late", "The initiators said so themselves, or too long ago to take it back.")
    after = replace(opened, said_by=None, kept_at=None, why=why)
    fact = PromiseContested(promise_id=promise.id, initiative_id=promise.initiative_id)
    rung, ringing = come_due(after, now)
    return rung, [fact, state_of(after), *ringing]


def release(promise: Promise, reason: Release, why: str | None, side: Side) -> Told:
    """Let it go: the initiators need it no longer, or the municipality cannot and says why.

    Raises Forbidden("reason-not-yours"), Refused("why-missing"), ("promise-kept") or ("promise-released").
    """
    if RELEASED_BY[reason] != side:
        raise Forbidden("reason-not-yours", f"Only the {RELEASED_BY[reason]} can say that it is {reason}.")
    if reason == Release.NOT_POSSIBLE and why is None:
        raise Refused("why-missing", "Say why the municipality cannot keep this promise.")
    after = replace(_moved(promise, "release"), reason=reason, why=why)
    fact = PromiseReleased(promise_id=promise.id, initiative_id=promise.initiative_id, reason=reason)
    return after, [fact, state_of(after)]


def state_of(promise: Promise) -> PromiseState:
    """The public state of a promise as it is."""
    return PromiseState(
        promise_id=promise.id,
        response_id=promise.response_id,
        initiative_id=promise.initiative_id,
        status=promise.status,
        due_at=promise.due_at,
        text=promise.text,
        why=promise.why,
    )


def _moved(promise: Promise, verb: str) -> Promise:
    sources, target = MOVES[verb]
    if promise.status not in sources:
        code = "not-kept" if verb == "contest" else f"promise-{promise.status}"
        raise Refused(code, f"This promise is {promise.status}; to {verb} it must be {' or '.join(sorted(sources))}.")
    return replace(promise, status=target, version=promise.version + 1)
