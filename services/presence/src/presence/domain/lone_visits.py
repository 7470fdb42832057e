"""Lone visits: an officer who goes somewhere alone asks a colleague to be rung when they are not back in time.

Only the visitor and that colleague can read of it: where to, and back by when; nobody's way is followed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from dorpsplein.contracts.presence.notices import NoticeGiven
from dorpsplein.errors import Forbidden, Refused
from presence.domain.notices import What, notice

FURTHEST = timedelta(hours=12)
"""How far ahead somebody may say to be back."""
RINGS_EVERY = timedelta(minutes=15)
MOST_RINGS = 4
"""It rings when the visitor should be back, and again three times."""
KEPT = timedelta(days=1)
"""How long after its end there is still a trace of it."""


class LoneVisitStatus(StrEnum):
    """Where a lone visit is in its life."""

    OUT = "out"
    OVERDUE = "overdue"
    RETURNED = "returned"


MOVES: Mapping[str, tuple[frozenset[LoneVisitStatus], LoneVisitStatus]] = {
    "check in": (frozenset({LoneVisitStatus.OUT, LoneVisitStatus.OVERDUE}), LoneVisitStatus.OUT),
    "ring": (frozenset({LoneVisitStatus.OUT, LoneVisitStatus.OVERDUE}), LoneVisitStatus.OVERDUE),
    "return": (frozenset({LoneVisitStatus.OUT, LoneVisitStatus.OVERDUE}), LoneVisitStatus.RETURNED),
}
"""What may be done, from which statuses, and where it leads."""


@dataclass(frozen=True, slots=True)
class LoneVisit:
    """Somebody out alone, to a place or to where `note` says.

    `rings` are those since `back_by`; it `rang` where it ever did.
    """

    id: UUID
    visitor_id: UUID
    colleague_id: UUID
    back_by: datetime
    place_id: UUID | None = None
    note: str | None = None
    status: LoneVisitStatus = LoneVisitStatus.OUT
    rings: int = 0
    rang: bool = False
    ended_at: datetime | None = None
    version: int = 1

    @property
    def rings_at(self) -> datetime | None:
        """When it rings next, if it does."""
        if self.status is LoneVisitStatus.RETURNED or self.rings >= MOST_RINGS:
            return None
        return self.back_by + self.rings * RINGS_EVERY


def leave(visit: LoneVisit, now: datetime) -> LoneVisit:
    """Go out. That nobody is out twice is for the database to say.

    Raises Refused("where-missing"), ("colleague-is-yourself"), ("back-in-the-past") or ("back-too-late").
    """
    if visit.place_id is None and visit.note is None:
        raise Refused("where-missing", "Say where you go: a placeId, or a note that only your colleague reads.")
    if visit.colleague_id == visit.visitor_id:
        raise Refused("colleague-is-yourself", "Choose somebody else to be rung when you are not back.")
    _soon(visit.back_by, now)
    return visit


def check_in(visit: LoneVisit, person: UUID, back_by: datetime, now: datetime) -> LoneVisit:
    """All is well, and it takes until `back_by`; it rings anew then.

    Raises Forbidden("not-your-visit"), Refused("lone-visit-returned"), ("back-in-the-past") or ("back-too-late").
    """
    _only_by_its_visitor(visit, person)
    after = _moved(visit, "check in")
    _soon(back_by, now)
    return replace(after, back_by=back_by, rings=0)


def ring(visit: LoneVisit, now: datetime) -> tuple[LoneVisit, list[NoticeGiven]]:
    """Ring the colleague where it is time for that, or long past; nothing otherwise."""
    if visit.rings_at is None or now < visit.rings_at:
        return visit, []
    after = replace(_moved(visit, "ring"), rings=visit.rings + 1, rang=True)
    return after, [_told(after, What.LONE_VISIT_OVERDUE)]


def come_back(visit: LoneVisit, person: UUID, now: datetime) -> tuple[LoneVisit, list[NoticeGiven]]:
    """The visitor is back; the colleague hears so where they were rung.

    Raises Forbidden("not-your-visit"), Refused("lone-visit-returned").
    """
    _only_by_its_visitor(visit, person)
    after = replace(_moved(visit, "return"), ended_at=now)
    return after, [_told(after, What.LONE_VISIT_ENDED)] if visit.rang else []


def _told(visit: LoneVisit, what: What) -> NoticeGiven:
    """A notice without the place: others than the colleague can read it."""
    return notice(what, visit.colleague_id, f"{visit.id}/{visit.version}", lone_visit_id=visit.id)


def _only_by_its_visitor(visit: LoneVisit, person: UUID) -> None:
    if visit.visitor_id != person:
        raise Forbidden("not-your-visit", "Only who is out alone may say how it goes.")


def _soon(back_by: datetime, now: datetime) -> None:
    if back_by <= now:
        raise Refused("back-in-the-past", "backBy has passed; choose a moment to come.")
    if back_by > now + FURTHEST:
        raise Refused(
            "back-too-late", "backBy may be at most 12 hours ahead; put it off by a check-in when it is later."
        )


def _moved(visit: LoneVisit, verb: str) -> LoneVisit:
    allowed, after = MOVES[verb]
    if visit.status not in allowed:
        needed = " or ".join(sorted(allowed))
        raise Refused(f"lone-visit-{visit.status}", f"To {verb}, a lone visit must be {needed}; it is {visit.status}.")
    return replace(visit, status=after, version=visit.version + 1)
