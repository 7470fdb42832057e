"""Commands on seats. Those that wait at once for the same service share transactions, each with its own answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Rejected
from dorpsplein.web import found
from presence.commands import session_timers
from presence.commands.seating import keep, told
from presence.domain.seating import Seating
from presence.domain.seats import NOBODY, Holder, Seat, SeatRole
from presence.domain.sessions import Session
from presence.settings import PresenceSettings
from presence.storage import seats as storage


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that is asked about a seat: of a session, or of a seat by its id, by whom, and when."""

    ask: Callable[[Seating], Seat]
    now: datetime
    session_id: UUID | None = None
    seat_id: UUID | None = None
    holder: Holder = NOBODY
    frees: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """The seat after what was asked; `position` is how far on the waiting list it is, None for who does not wait."""

    seat: Seat
    position: int | None


def take(session_id: UUID, seat_id: UUID, holder: Holder, now: datetime) -> Asked:
    """Take a seat, new under `seat_id`; see `Seating.take`."""
    return Asked(lambda seating: seating.take(seat_id, holder, now), now, session_id, holder=holder)


def give_up(seat_id: UUID, holder: Holder, now: datetime) -> Asked:
    """Give a seat up; see `Seating.give_up`."""
    return Asked(lambda seating: seating.give_up(seat_id, holder, now), now, seat_id=seat_id, frees=True)


def check_in(session_id: UUID, walk_in_id: UUID, holder: Holder, now: datetime) -> Asked:
    """Check in, with a seat or for one that is free; see `Seating.check_in`."""
    return Asked(lambda seating: seating.check_in(holder, walk_in_id, now), now, session_id, holder=holder)


def check_in_by_hand(seat_id: UUID, host: UUID, now: datetime) -> Asked:
    """Check somebody in as the host; see `Seating.check_in_by_hand`."""
    return Asked(lambda seating: seating.check_in_by_hand(seat_id, host, now), now, seat_id=seat_id)


async def change_seats(tx: Transaction, asked: Sequence[Asked]) -> list[Answered | Exception]:
    """Do what is asked in order, each with its own decision on top of those before; one lock, one write.

    Answers with the seat as it is after all of them; NotFound for a session or seat that is not there, and what the
    seating refuses.
    """
    seatings = await storage.lock(
        tx,
        {one.session_id for one in asked if one.session_id},
        seats=[one.seat_id for one in asked if one.seat_id],
        people=[one.holder.person_id for one in asked if one.holder.person_id],
        codes=[one.holder.code_hash for one in asked if one.holder.code_hash],
        frees=sum(one.frees for one in asked),
    )
    of_seat = {seat_id: seating for seating in seatings.values() for seat_id in seating.seats}
    answers: list[tuple[Seating, UUID] | Exception] = []
    facts: list[Fact] = []
    for one, cause in zip(asked, tx.causes or [None] * len(asked), strict=True):
        try:
            seating = _meant(one, seatings, of_seat)
            answers.append((seating, one.ask(seating).id))
        except Rejected as refusal:
            answers.append(refusal)
        else:
            facts += told(seating, cause)
    await keep(tx, seatings, facts, max(one.now for one in asked))
    seats = [one if isinstance(one, Exception) else one[0].seats[one[1]] for one in answers]
    positions = await storage.positions(tx, [one.id for one in seats if isinstance(one, Seat) and one.waits])
    return [one if isinstance(one, Exception) else Answered(one, positions.get(one.id)) for one in seats]


def _meant(one: Asked, seatings: dict[UUID, Seating], of_seat: dict[UUID, Seating]) -> Seating:
    seating: Seating
    if one.seat_id is not None:
        seating = found(of_seat.get(one.seat_id), "seat", one.seat_id)
    else:
        assert one.session_id is not None
        seating = found(seatings.get(one.session_id), "session", one.session_id)
    return seating


async def resize(
    tx: Transaction, session_id: UUID, capacity: int | None, host: UUID, settings: PresenceSettings, *, now: datetime
) -> Session:
    """Make room for more people, or for fewer; see `Seating.resize`. Raises NotFound and what that raises."""
    seatings = await storage.lock(tx, [session_id], frees=None)
    seating: Seating = found(seatings.get(session_id), "session", session_id)
    seating.resize(capacity, host)
    await keep(tx, seatings, told(seating), now)
    if (seating.before.capacity is None) != (capacity is None):
        await session_timers.follow(tx, seating.session, settings, now)
    return seating.session


async def change_role(tx: Transaction, seat_id: UUID, role: SeatRole, host: UUID, *, now: datetime) -> Seat:
    """Ask somebody to be more, or no more, than a participant. Raises NotFound and what `give_role` raises."""
    seatings = await storage.lock(tx, (), seats=[seat_id])
    seating: Seating = found(next(iter(seatings.values()), None), "seat", seat_id)
    seat = seating.give_role(seat_id, role, host)
    await keep(tx, seatings, [], now)
    return seat
