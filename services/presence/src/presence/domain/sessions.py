"""Sessions: people come together around a question, in a working form, and it ends in a harvest.

announced → live → harvested; announced or live → cancelled. There is no agenda and nobody is in the chair: an
arranger hosts it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from dorpsplein.contracts.presence.sessions import (
    SessionAnnounced,
    SessionCancelled,
    SessionHarvested,
    SessionStarted,
    SessionState,
)
from dorpsplein.errors import Forbidden, Refused
from presence.domain.surroundings import Surroundings, about_what_is_there
from presence.domain.windows import refuse_senseless

EARLIEST_START = timedelta(minutes=30)
"""How long before its announced start a session may go live; there is no latest moment, so none is lost."""

SessionFact = SessionAnnounced | SessionStarted | SessionHarvested | SessionCancelled


class WorkingForm(StrEnum):
    """How people work together."""

    CREATIVE_LAB = "creative-lab"
    INSPIRATION_SESSION = "inspiration-session"
    DESIGN_ATELIER = "design-atelier"


class SessionStatus(StrEnum):
    """Where a session is in its life."""

    ANNOUNCED = "announced"
    LIVE = "live"
    HARVESTED = "harvested"
    CANCELLED = "cancelled"


class CancelReason(StrEnum):
    """Why a session does not take place, or was broken off. No code says anything about one person's health."""

    TOO_FEW_PEOPLE = "too-few-people"
    PLACE_NOT_AVAILABLE = "place-not-available"
    HOST_NOT_AVAILABLE = "host-not-available"
    NO_LONGER_NEEDED = "no-longer-needed"
    SAFETY = "safety"
    OTHER = "other"


MOVES: Mapping[str, tuple[frozenset[SessionStatus], SessionStatus]] = {
    "start": (frozenset({SessionStatus.ANNOUNCED}), SessionStatus.LIVE),
    "harvest": (frozenset({SessionStatus.LIVE, SessionStatus.HARVESTED}), SessionStatus.HARVESTED),
    "cancel": (frozenset({SessionStatus.ANNOUNCED, SessionStatus.LIVE}), SessionStatus.CANCELLED),
}
"""What may be done, from which statuses, and where it leads."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session. Without a place it is online; `lines` counts its harvest, also what stays without words."""

    id: UUID
    host_id: UUID
    working_form: str
    question: str
    starts_at: datetime
    ends_at: datetime
    title: str | None = None
    place_id: UUID | None = None
    initiative_ids: tuple[UUID, ...] = ()
    status: SessionStatus = SessionStatus.ANNOUNCED
    cancel_reason: CancelReason | None = None
    lines: int = 0
    version: int = 1

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
        )


def announce(session: Session, around: Surroundings, now: datetime) -> SessionAnnounced:
    """Announce a session that is about to be.

    Raises Refused for a window that makes no sense, an unknown place, an unknown or withdrawn initiative.
    """
    refuse_senseless(session.starts_at, session.ends_at, now)
    about_what_is_there(around, place_id=session.place_id)
    for initiative_id in session.initiative_ids:
        about_what_is_there(around, initiative_id=initiative_id)
    return SessionAnnounced(
        session_id=session.id,
        place_id=session.place_id,
        working_form=session.working_form,
        starts_at=session.starts_at.astimezone(UTC),
        ends_at=session.ends_at.astimezone(UTC),
        initiative_ids=list(session.initiative_ids),
        host_id=session.host_id,
    )


def start(session: Session, person: UUID, now: datetime) -> SessionStarted:
    """The people are there. Raises Forbidden("not-your-session"), Refused("illegal-session-start", "too-early")."""
    only_its_host(session, person)
    _moved(session.status, "start")
    if now < session.starts_at - EARLIEST_START:
        raise Refused("too-early", "Start at most 30 minutes before the session begins.", startsAt=session.starts_at)
    return SessionStarted(session_id=session.id, place_id=session.place_id)


def harvest(session: Session, person: UUID, initiative_ids: Collection[UUID | None]) -> SessionHarvested:
    """Bring in lines, each for the initiative at its place in `initiative_ids` (None: for none yet).

    More may be brought in later. Raises Forbidden("not-your-session"), Refused("illegal-session-harvest").
    """
    only_its_host(session, person)
    _moved(session.status, "harvest")
    return SessionHarvested(
        session_id=session.id,
        place_id=session.place_id,
        initiative_ids=_each_once([*session.initiative_ids, *(known for known in initiative_ids if known)]),
        lines=session.lines + len(initiative_ids),
    )


def cancel(session: Session, person: UUID, reason: CancelReason) -> SessionCancelled:
    """It does not take place. Raises Forbidden("not-your-session"), Refused("illegal-session-cancel")."""
    only_its_host(session, person)
    _moved(session.status, "cancel")
    return SessionCancelled(session_id=session.id, place_id=session.place_id, reason=reason)


def evolve(session: Session, event: SessionFact) -> Session:
    """The session after an event; its announcement leaves it as it was announced."""
    match event:
        case SessionAnnounced():
            return session
        case SessionStarted():
            after = replace(session, status=_moved(session.status, "start"))
        case SessionHarvested():
            after = replace(
                session,
                status=_moved(session.status, "harvest"),
                lines=event.lines,
                initiative_ids=tuple(event.initiative_ids),
            )
        case SessionCancelled():
            reason = CancelReason(event.reason)
            after = replace(session, status=_moved(session.status, "cancel"), cancel_reason=reason)
    return replace(after, version=session.version + 1)


def only_its_host(session: Session, person: UUID) -> None:
    """Raises Forbidden("not-your-session") for anyone but the host."""
    if session.host_id != person:
        raise Forbidden("not-your-session", "Only the host of this session may do this.")


def _moved(status: SessionStatus, verb: str) -> SessionStatus:
    allowed, after = MOVES[verb]
    if status not in allowed:
        needed = " or ".join(sorted(allowed))
        raise Refused(f"illegal-session-{verb}", f"This needs a session that is {needed}; it is {status}.")
    return after


def _each_once(ids: Iterable[UUID]) -> list[UUID]:
    return list(dict.fromkeys(ids))
