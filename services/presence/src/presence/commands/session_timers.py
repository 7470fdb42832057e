"""What happens to sessions by themselves: seats open, holders are reminded, seats of no-shows go on, and are forgotten.

Every timer is about a session, and whoever sets one has locked that.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from dorpsplein.contracts.presence.notices import NoticeGiven
from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.timers import cancel_timers, set_timers
from presence.commands.knobs import in_effect
from presence.commands.seating import keep, told
from presence.domain.notices import What, notice
from presence.domain.seats import SeatStatus
from presence.domain.sessions import TO_COME, Session, SessionStatus, told_of
from presence.settings import PresenceSettings
from presence.storage import seats as storage

SESSION_OPENS = "session-opens"
SEAT_REMINDER = "seat-reminder"
NO_SHOWS = "seat-no-shows"
SEATS_FORGOTTEN = "seats-forgotten"

REMINDER = timedelta(days=1)
"""How long before the start who holds a seat is reminded of it."""
KEPT = timedelta(days=30)
"""How long after the end of a session is known whose its seats were."""


async def follow(tx: Transaction, session: Session, settings: PresenceSettings, now: datetime) -> None:
    """Let the timers of a locked session follow what became of it."""
    no_show = timedelta(minutes=(await in_effect(tx, settings)).no_show_minutes)
    due = {SEATS_FORGOTTEN: session.ends_at + KEPT}
    if session.status is SessionStatus.ANNOUNCED and session.opens_at is not None:
        due[SESSION_OPENS] = session.opens_at
    if session.status in TO_COME:
        due[SEAT_REMINDER] = session.starts_at - REMINDER
    if session.status in TO_COME | {SessionStatus.LIVE} and session.capacity is not None:
        due[NO_SHOWS] = session.starts_at + no_show
    for kind in (SESSION_OPENS, SEAT_REMINDER, NO_SHOWS, SEATS_FORGOTTEN):
        if kind in due and due[kind] > now:
            await set_timers(tx, kind, {session.id: due[kind]})
        else:
            await cancel_timers(tx, kind, [session.id])


async def open_due(tx: Transaction, refs: Sequence[UUID], now: datetime) -> None:
    """The handler of the timers by which seats can be taken."""
    seatings = await storage.lock(tx, refs)
    for seating in seatings.values():
        seating.open(now)
    await keep(tx, seatings, [fact for seating in seatings.values() for fact in told(seating)], now)


async def remind(tx: Transaction, refs: Sequence[UUID], now: datetime) -> None:
    """The handler of the timers that remind who holds a seat."""
    sessions = {one: seating.session for one, seating in (await storage.lock(tx, refs)).items()}
    to_come = [one for one, session in sessions.items() if session.status in TO_COME and now < session.starts_at]
    people = await storage.people(tx, to_come, [SeatStatus.TAKEN])
    notices = [_reminder(sessions[session_id], person) for session_id, person in people if person]
    await tx.record([Fact(one, 1) for one in notices])


async def lose_no_shows(tx: Transaction, refs: Sequence[UUID], now: datetime) -> None:
    """The handler of the timers by which the seats go on of who has not checked in."""
    seatings = await storage.lock(tx, refs, absent=True, frees=None)
    for seating in seatings.values():
        seating.lose_no_shows()
    await keep(tx, seatings, [fact for seating in seatings.values() for fact in told(seating)], now)


async def forget(tx: Transaction, refs: Sequence[UUID], _: datetime) -> None:
    """The handler of the timers by which is forgotten whose the seats were."""
    await storage.lock(tx, refs)
    await storage.forget(tx, refs)


def _reminder(session: Session, person: UUID) -> NoticeGiven:
    return notice(What.SEAT_REMINDER, person, f"{session.id}/{session.starts_at.isoformat()}", **told_of(session))
