"""What the host of a session decides: it is announced, moved, begun, harvested, thanked for, or cancelled."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from dorpsplein.contracts.presence.sessions import (
    SessionAnnounced,
    SessionCancelled,
    SessionHarvested,
    SessionMoved,
    SessionOpened,
    SessionStarted,
    SessionThanked,
)
from dorpsplein.errors import Refused
from presence.domain.counts import shown
from presence.domain.sessions import (
    CancelReason,
    Session,
    SessionFact,
    SessionStatus,
    about,
    moved,
    only_its_host,
)
from presence.domain.surroundings import Surroundings, about_what_is_there
from presence.domain.windows import refuse_senseless

EARLIEST_START = timedelta(minutes=30)
"""How long before its announced start a session may go live; there is no latest moment, so none is lost."""


def announce(session: Session, around: Surroundings, now: datetime) -> list[SessionFact]:
    """Announce a session that is about to be; without a later `opens_at` seats can be taken at once.

    Raises Refused for a window that makes no sense, an unknown place, an unknown or withdrawn initiative, or
    ("opens-after-start").
    """
    refuse_senseless(session.starts_at, session.ends_at, now)
    _refuse_late_opening(session.opens_at, session.starts_at)
    about_what_is_there(around, place_id=session.place_id)
    for initiative_id in session.initiative_ids:
        about_what_is_there(around, initiative_id=initiative_id)
    announced = SessionAnnounced(
        **about(session),
        working_form=session.working_form,
        starts_at=session.starts_at.astimezone(UTC),
        ends_at=session.ends_at.astimezone(UTC),
        host_id=session.host_id,
        themes=list(session.themes),
        capacity=session.capacity,
        opens_at=session.opens_at.astimezone(UTC) if session.opens_at else None,
    )
    return [announced, *opened(session, now)]


def opened(session: Session, now: datetime) -> list[SessionOpened]:
    """Let seats be taken where their moment has come and that was not said yet."""
    due = session.opens_at is None or session.opens_at <= now
    return [SessionOpened(**about(session))] if due and session.status is SessionStatus.ANNOUNCED else []


def move(
    session: Session,
    person: UUID,
    place_id: UUID | None,
    window: tuple[datetime, datetime],
    around: Surroundings,
    now: datetime,
) -> SessionMoved:
    """It will be at another time or place, as long as it has not begun.

    Raises Forbidden("not-your-session"), Refused("illegal-session-move", "opens-after-start"), and for a window that
    makes no sense or an unknown place.
    """
    only_its_host(session, person)
    moved(session.status, "move")
    refuse_senseless(*window, now)
    if session.status is SessionStatus.ANNOUNCED:
        _refuse_late_opening(session.opens_at, window[0])
    if place_id != session.place_id:
        about_what_is_there(around, place_id=place_id)
    return SessionMoved(
        **about(session) | {"place_id": place_id},
        from_place_id=session.place_id,
        starts_at=window[0].astimezone(UTC),
        ends_at=window[1].astimezone(UTC),
    )


def start(session: Session, person: UUID, now: datetime) -> SessionStarted:
    """The people are there. Raises Forbidden("not-your-session"), Refused("illegal-session-start", "too-early")."""
    only_its_host(session, person)
    moved(session.status, "start")
    if now < session.starts_at - EARLIEST_START:
        raise Refused("too-early", "Start at most 30 minutes before the session begins.", startsAt=session.starts_at)
    return SessionStarted(**about(session))


def harvest(
    session: Session, person: UUID, initiative_ids: Collection[UUID | None], *, scribe: bool = False
) -> SessionHarvested:
    """Bring in lines, each for the initiative at its place in `initiative_ids` (None: for none yet).

    More may be brought in later, by its host or a `scribe`. Raises Forbidden("not-your-session"),
    Refused("illegal-session-harvest").
    """
    only_for_harvesters(session, person, scribe=scribe)
    moved(session.status, "harvest")
    known = [*session.initiative_ids, *(one for one in initiative_ids if one)]
    return SessionHarvested(
        **about(session) | {"initiative_ids": _each_once(known)}, lines=session.lines + len(initiative_ids)
    )


def only_for_harvesters(session: Session, person: UUID, *, scribe: bool) -> None:
    """Raises Forbidden("not-your-session") for anyone but the host and a scribe."""
    if not scribe:
        only_its_host(session, person)


def thank(session: Session, person: UUID, attended: int) -> SessionThanked:
    """Thank everyone, once it was harvested. Raises Forbidden("not-your-session"), Refused("illegal-session-thank")."""
    only_its_host(session, person)
    moved(session.status, "thank")
    return SessionThanked(**about(session), attended=shown(attended))


def cancel(session: Session, person: UUID, reason: CancelReason) -> SessionCancelled:
    """It does not take place. Raises Forbidden("not-your-session"), Refused("illegal-session-cancel")."""
    only_its_host(session, person)
    moved(session.status, "cancel")
    return SessionCancelled(**about(session), reason=reason)


def _refuse_late_opening(opens_at: datetime | None, starts_at: datetime) -> None:
    if opens_at is not None and opens_at >= starts_at:
        raise Refused("opens-after-start", "opensAt must be before startsAt.", opensAt=opens_at)


def _each_once(ids: Iterable[UUID]) -> list[UUID]:
    return list(dict.fromkeys(ids))
