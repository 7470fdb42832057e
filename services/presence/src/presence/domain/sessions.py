"""Sessions: people come together around a question, in a working form, and it ends in a harvest and in thanks.

There is no agenda and nobody is in the chair: an arranger hosts it. What its host decides is in
`presence.domain.hosting`, its seats are in `presence.domain.seating`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from dorpsplein.contracts.presence.sessions import (
    SessionAnnounced,
    SessionCancelled,
    SessionFilled,
    SessionHarvested,
    SessionMoved,
    SessionOpened,
    SessionReopened,
    SessionStarted,
    SessionState,
    SessionThanked,
    WaitingListMoved,
)
from dorpsplein.envelope import Event
from dorpsplein.errors import Forbidden
from presence.domain.counts import shown
from presence.domain.moves import led_to

SessionFact = (
    SessionAnnounced
    | SessionOpened
    | SessionFilled
    | SessionReopened
    | WaitingListMoved
    | SessionMoved
    | SessionStarted
    | SessionHarvested
    | SessionThanked
    | SessionCancelled
)


class SessionStatus(StrEnum):
    """Where a session is in its life."""

    ANNOUNCED = "announced"
    OPEN = "open"
    FULL = "full"
    LIVE = "live"
    HARVESTED = "harvested"
    THANKED = "thanked"
    CANCELLED = "cancelled"


class CancelReason(StrEnum):
    """Why a session does not take place, or was broken off. No code says anything about one person's health."""

    TOO_FEW_PEOPLE = "too-few-people"
    PLACE_NOT_AVAILABLE = "place-not-available"
    HOST_NOT_AVAILABLE = "host-not-available"
    NO_LONGER_NEEDED = "no-longer-needed"
    SAFETY = "safety"
    OTHER = "other"


TO_COME = frozenset({SessionStatus.ANNOUNCED, SessionStatus.OPEN, SessionStatus.FULL})
"""It has not begun yet."""
MOVES: Mapping[str, tuple[frozenset[SessionStatus], SessionStatus | None]] = {
    "open": (frozenset({SessionStatus.ANNOUNCED}), SessionStatus.OPEN),
    "fill": (frozenset({SessionStatus.OPEN}), SessionStatus.FULL),
    "reopen": (frozenset({SessionStatus.FULL}), SessionStatus.OPEN),
    "move": (TO_COME, None),
    "start": (TO_COME, SessionStatus.LIVE),
    "harvest": (frozenset({SessionStatus.LIVE, SessionStatus.HARVESTED}), SessionStatus.HARVESTED),
    "thank": (frozenset({SessionStatus.HARVESTED}), SessionStatus.THANKED),
    "cancel": (TO_COME | {SessionStatus.LIVE}, SessionStatus.CANCELLED),
}
"""What may be done, from which statuses, and where it leads; None leaves it where it was."""
VERBS: Mapping[type[Event], str] = {
    SessionOpened: "open",
    SessionFilled: "fill",
    SessionReopened: "reopen",
    SessionStarted: "start",
    SessionThanked: "thank",
}
"""Which move an event is that changes nothing else."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session. Without a place it is online, without a capacity there is room for all.

    `lines` counts its harvest, also what stays without words; `taken` and `waiting` count its seats.
    """

    id: UUID
    host_id: UUID
    working_form: str
    question: str
    starts_at: datetime
    ends_at: datetime
    title: str | None = None
    place_id: UUID | None = None
    initiative_ids: tuple[UUID, ...] = ()
    themes: tuple[str, ...] = ()
    capacity: int | None = None
    opens_at: datetime | None = None
    status: SessionStatus = SessionStatus.ANNOUNCED
    cancel_reason: CancelReason | None = None
    taken: int = 0
    waiting: int = 0
    lines: int = 0
    thanks: str | None = None
    version: int = 1

    @property
    def has_room(self) -> bool:
        """Whether a seat is free."""
        return self.capacity is None or self.taken < self.capacity

    @property
    def taken_shown(self) -> int | None:
        """How many seats are taken, as far as that is said in public."""
        return shown(self.taken)

    @property
    def state(self) -> SessionState:
        """Its public view."""
        return SessionState(
            session_id=self.id,
            title=self.title,
            question=self.question,
            working_form=self.working_form,
            status=self.status,
            place_id=self.place_id,
            starts_at=self.starts_at.astimezone(UTC),
            ends_at=self.ends_at.astimezone(UTC),
            initiative_ids=list(self.initiative_ids),
            lines=self.lines,
            host_id=self.host_id,
            themes=list(self.themes),
            capacity=self.capacity,
            opens_at=self.opens_at.astimezone(UTC) if self.opens_at else None,
            taken=self.taken_shown,
            thanks=self.thanks,
        )


def evolve(session: Session, event: SessionFact) -> Session:
    """The session after an event; its announcement, and that the waiting list moved, leave it as it was."""
    match event:
        case SessionAnnounced():
            return session
        case SessionOpened() | SessionFilled() | SessionReopened() | SessionStarted() | SessionThanked():
            after = replace(session, status=moved(session.status, VERBS[type(event)]))
        case WaitingListMoved():
            after = session
        case SessionMoved():
            after = replace(
                session,
                status=moved(session.status, "move"),
                place_id=event.place_id,
                starts_at=event.starts_at,
                ends_at=event.ends_at,
            )
        case SessionHarvested():
            after = replace(
                session,
                status=moved(session.status, "harvest"),
                lines=event.lines,
                initiative_ids=tuple(event.initiative_ids),
            )
        case SessionCancelled():
            reason = CancelReason(event.reason)
            after = replace(session, status=moved(session.status, "cancel"), cancel_reason=reason)
    return replace(after, version=session.version + 1)


def about(session: Session) -> dict[str, Any]:
    """What every fact of a session names."""
    return {"session_id": session.id, "place_id": session.place_id, "initiative_ids": list(session.initiative_ids)}


def told_of(session: Session) -> dict[str, Any]:
    """What a notice about a session names."""
    starts_at = session.starts_at.astimezone(UTC)
    return {"session_id": session.id, "place_id": session.place_id, "starts_at": starts_at}


def only_its_host(session: Session, person: UUID) -> None:
    """Raises Forbidden("not-your-session") for anyone but the host."""
    if session.host_id != person:
        raise Forbidden("not-your-session", "Only the host of this session may do this.")


def moved(status: SessionStatus, verb: str) -> SessionStatus:
    """Where a move leads. Raises Refused("illegal-session-<verb>") from where it cannot be made."""
    return led_to(MOVES, verb, status, "session")
