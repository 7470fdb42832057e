"""Promises that members of the council made on a visit: each rings when it is due, until kept or honestly let go."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from dorpsplein.contracts.presence.promises import (
    CouncilPromiseDue,
    CouncilPromiseKept,
    CouncilPromiseLetGo,
    CouncilPromiseMade,
    CouncilPromiseReminded,
    CouncilPromiseState,
)
from dorpsplein.days import end_of
from dorpsplein.errors import Forbidden, Refused
from presence.domain.members import Kind, Member, serving
from presence.domain.moves import led_to

REMINDER = timedelta(days=7)
"""How long before its moment a promise is recalled."""
FURTHEST = timedelta(days=5 * 366)
MOST_OF_VISIT = 50
"""How many promises are made on one visit."""

PromiseFact = CouncilPromiseMade | CouncilPromiseReminded | CouncilPromiseDue | CouncilPromiseKept | CouncilPromiseLetGo


class Status(StrEnum):
    """Where a promise is in its life."""

    OPEN = "open"
    DUE = "due"
    KEPT = "kept"
    LET_GO = "let-go"


class LetGoReason(StrEnum):
    """Why a promise will not be kept; the words beside it say more."""

    NOT_POSSIBLE = "not-possible"
    NO_LONGER_NEEDED = "no-longer-needed"
    DONE_BY_OTHERS = "done-by-others"


MOVES: Mapping[str, tuple[frozenset[Status], Status]] = {
    "come due": (frozenset({Status.OPEN}), Status.DUE),
    "keep": (frozenset({Status.OPEN, Status.DUE}), Status.KEPT),
    "let go": (frozenset({Status.OPEN, Status.DUE}), Status.LET_GO),
}
"""What may be done, from which statuses, and where it leads."""


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise; it is due once the day `due_on` is over, here. `outcome`: what came of it, where it was kept."""

    id: UUID
    visit_id: UUID
    initiative_id: UUID
    member_id: UUID
    text: str
    due_on: date
    due_at: datetime
    status: Status = Status.OPEN
    reminded: bool = False
    reason: LetGoReason | None = None
    why: str | None = None
    outcome: str | None = None
    version: int = 1

    @property
    def remind_at(self) -> datetime:
        """When it is recalled, unless that was past when it was made."""
        return self.due_at - REMINDER

    @property
    def state(self) -> CouncilPromiseState:
        """Its public view."""
        return CouncilPromiseState(
            promise_id=self.id,
            visit_id=self.visit_id,
            initiative_id=self.initiative_id,
            member_id=self.member_id,
            status=self.status,
            due_at=self.due_at,
            text=self.text,
            why=self.why,
            outcome=self.outcome,
        )


def due(due_on: date, now: datetime) -> datetime:
    """The moment something is due that is promised by a day. Raises Refused("due-in-the-past") and ("due-too-far")."""
    if due_on > (now + FURTHEST).date():
        raise Refused("due-too-far", "Promise something within five years.")
    moment = end_of(due_on)
    if moment <= now:
        raise Refused("due-in-the-past", f"{due_on} is over; promise something by a day that is still to end.")
    return moment


def make(promise: Promise, made_before: int) -> CouncilPromiseMade:
    """Promise something. Raises Refused("too-many-promises")."""
    if made_before >= MOST_OF_VISIT:
        raise Refused("too-many-promises", f"On one visit {MOST_OF_VISIT} promises are made at most.")
    return CouncilPromiseMade(**_about(promise), due_at=promise.due_at)


def remind(promise: Promise, now: datetime) -> CouncilPromiseReminded | None:
    """Recall, once, what is due in a week; nothing where it is not open, or not that far, or over already."""
    if promise.status is not Status.OPEN or promise.reminded or not promise.remind_at <= now < promise.due_at:
        return None
    return CouncilPromiseReminded(**_about(promise), due_at=promise.due_at)


def come_due(promise: Promise, now: datetime) -> CouncilPromiseDue | None:
    """Ring when its moment is there and it is open; nothing otherwise."""
    if promise.status is not Status.OPEN or now < promise.due_at:
        return None
    return CouncilPromiseDue(**_about(promise))


def keep(promise: Promise, by: Member | None, maker: Member, now: datetime) -> CouncilPromiseKept:
    """Say that it was kept. Raises Forbidden("not-a-member" or "not-your-promise"), Refused("illegal-promise-keep")."""
    _only_who_answers_for_it(by, maker, now)
    _moved(promise.status, "keep")
    return CouncilPromiseKept(**_about(promise))


def let_go(
    promise: Promise, by: Member | None, maker: Member, reason: LetGoReason, now: datetime
) -> CouncilPromiseLetGo:
    """Say that it will not be kept, and why.

    Raises Forbidden("not-a-member" or "not-your-promise"), Refused("illegal-promise-let-go").
    """
    _only_who_answers_for_it(by, maker, now)
    _moved(promise.status, "let go")
    return CouncilPromiseLetGo(**_about(promise), reason=reason)


def evolve(promise: Promise, event: PromiseFact, words: str | None = None) -> Promise:
    """The promise after an event; `words` are what came of it, or why not, and stand in no fact."""
    match event:
        case CouncilPromiseMade():
            return promise
        case CouncilPromiseReminded():
            after = replace(promise, reminded=True)
        case CouncilPromiseDue():
            after = replace(promise, status=_moved(promise.status, "come due"))
        case CouncilPromiseKept():
            after = replace(promise, status=_moved(promise.status, "keep"), outcome=words)
        case CouncilPromiseLetGo():
            reason = LetGoReason(event.reason)
            after = replace(promise, status=_moved(promise.status, "let go"), reason=reason, why=words)
    return replace(after, version=promise.version + 1)


def _only_who_answers_for_it(by: Member | None, maker: Member, now: datetime) -> None:
    """Who made it; where they serve no more, whoever is in the core group, so that no promise is left alone."""
    member = serving(by, now)
    if member.person_id == maker.person_id:
        return
    if maker.serves(now) or member.kind is not Kind.CORE:
        raise Forbidden(
            "not-your-promise", "Only the member who made a promise may do this; the core group once they have left."
        )


def _about(promise: Promise) -> dict[str, UUID]:
    return {
        "promise_id": promise.id,
        "visit_id": promise.visit_id,
        "initiative_id": promise.initiative_id,
        "member_id": promise.member_id,
    }


def _moved(status: Status, verb: str) -> Status:
    return led_to(MOVES, verb, status, "promise")
