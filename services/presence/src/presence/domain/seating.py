"""The seats of one session as commands change them: never one too many, and who waits longest moves up first.

A seating is put together from what is locked of a session, is asked things, and is stored afterwards.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from dorpsplein.contracts.presence.notices import NoticeGiven
from dorpsplein.contracts.presence.sessions import SessionFilled, SessionReopened, WaitingListMoved
from dorpsplein.errors import Refused
from presence.domain import seats, sessions
from presence.domain.hosting import opened
from presence.domain.notices import What, notice
from presence.domain.seats import HELD, OCCUPIED, Holder, Seat, SeatRole, SeatStatus, moved, only_its_holder
from presence.domain.sessions import TO_COME, Session, SessionFact, SessionStatus, about, only_its_host, told_of

DOORS_OPEN = timedelta(minutes=30)
"""How long before the start one can check in; the last moment is the end."""
MOST_WITHOUT_NAME = 100
"""How many seats without a name there are where there is room for all; otherwise half of the seats."""


@dataclass
class Seating:
    """The seats of a locked session.

    `seats` are those that the commands are about, `waiting` the ids of who waits longest, at least as many as may
    move up. `last` is the highest number given out, `unnamed` how many seats without a name take up room.
    """

    session: Session
    seats: dict[UUID, Seat] = field(default_factory=dict)
    waiting: list[UUID] = field(default_factory=list)
    last: int = 0
    unnamed: int = 0
    changed: set[UUID] = field(default_factory=set)
    told: list[tuple[SessionFact, int]] = field(default_factory=list)
    notices: list[NoticeGiven] = field(default_factory=list)

    theirs: dict[UUID | bytes | None, list[UUID]] = field(default_factory=dict)
    before: Session = field(init=False)

    def __post_init__(self) -> None:
        self.before = self.session
        for seat in self.seats.values():
            self.theirs.setdefault(seat.code_hash or seat.person_id, []).append(seat.id)

    def of(self, holder: Holder) -> Seat | None:
        """The seat that somebody holds, or one that they lost by not being there."""
        seats = [self.seats[seat_id] for seat_id in self.theirs.get(holder.code_hash or holder.person_id, ())]
        held = [seat for seat in seats if seat.status in HELD]
        lost = [seat for seat in seats if seat.status is SeatStatus.NO_SHOW]
        return next(iter(held or lost), None)

    def open(self, now: datetime) -> None:
        """Let seats be taken, where their moment has come and that was not said yet."""
        for event in opened(self.session, now):
            self._tell(event)
        self._settle()

    def take(self, seat_id: UUID, holder: Holder, now: datetime) -> Seat:
        """Take a seat, or a place on the waiting list; who has one keeps it.

        Raises Refused("session-cancelled", "session-started", "not-open-yet"); without a name, who could not be told
        that they move up, ("session-full", "anonymous-seats-taken") too.
        """
        own = self.of(holder)
        if own is not None and own.status in HELD:
            return own
        self._refuse_unless_open(now)
        free = self.session.has_room
        if holder.person_id is None:
            self._refuse_without_name()
        for event in opened(self.session, now):
            self._tell(event)
        seat = self._add(seat_id, holder, SeatStatus.TAKEN if free else SeatStatus.WAITING)
        self._notify(What.SEAT_TAKEN if free else What.SEAT_WAITING, seat)
        self._settle()
        return seat

    def give_up(self, seat_id: UUID, holder: Holder, now: datetime) -> Seat:
        """Give a seat up, or a place on the waiting list, until the end; who waits longest gets what is free.

        Raises Forbidden("not-your-seat"), Refused("session-cancelled", "session-over", "illegal-seat-give-up").
        """
        seat = self.seats[seat_id]
        only_its_holder(seat, holder)
        if seat.status is SeatStatus.GIVEN_UP:
            return seat
        self._refuse_when_over(now)
        gone = self._change(moved(seat, "give up"))
        self._settle()
        return gone

    def check_in(self, holder: Holder, walk_in_id: UUID, now: datetime) -> Seat:
        """Somebody is there: with a seat, or without one where one is free. Whoever has checked in stays so.

        Raises Refused("session-cancelled", "too-early", "session-over", "session-full", "seat-code-unknown").
        """
        self._refuse_outside_window(now)
        seat = self.of(holder)
        if seat is not None:
            return self._arrive(seat)
        if holder.code_hash is not None:
            raise Refused("seat-code-unknown", "No seat of this session has that code; see whether it is typed right.")
        self._refuse_full()
        walk_in = self._add(walk_in_id, holder, SeatStatus.CHECKED_IN)
        self._settle()
        return walk_in

    def check_in_by_hand(self, seat_id: UUID, host: UUID, now: datetime) -> Seat:
        """The host sees that somebody is there. Raises Forbidden("not-your-session") and what `check_in` raises."""
        only_its_host(self.session, host)
        self._refuse_outside_window(now)
        return self._arrive(self.seats[seat_id])

    def resize(self, capacity: int | None, host: UUID) -> None:
        """Make room for more people, or for fewer; None is for all. Who waits moves up as far as there is room.

        Raises Forbidden("not-your-session"), Refused("illegal-session-resize", "capacity-below-taken").
        """
        only_its_host(self.session, host)
        if capacity == self.session.capacity:
            return
        if self.session.status not in TO_COME | {SessionStatus.LIVE}:
            raise Refused("illegal-session-resize", f"This needs a session that is not over; it is {self._status}.")
        if capacity is not None and capacity < self.session.taken:
            raise Refused(
                "capacity-below-taken", "More seats are taken than that; choose a number that holds them all."
            )
        self.session = replace(self.session, capacity=capacity, version=self.session.version + 1)
        self._settle()

    def give_role(self, seat_id: UUID, role: SeatRole, host: UUID) -> Seat:
        """Ask somebody to be more, or no more, than a participant; see `seats.give_role`."""
        return self._keep(seats.give_role(self.session, self.seats[seat_id], role, host))

    def lose_no_shows(self) -> None:
        """Give away the seats of who has not checked in, where there is not room for all; who waits moves up."""
        if self.session.capacity is None or self._status not in TO_COME | {SessionStatus.LIVE, SessionStatus.HARVESTED}:
            return
        for seat in [seat for seat in self.seats.values() if seat.status is SeatStatus.TAKEN]:
            self._notify(What.SEAT_LOST, self._change(moved(seat, "miss")))
        self._settle()

    @property
    def _status(self) -> SessionStatus:
        return self.session.status

    def _refuse_unless_open(self, now: datetime) -> None:
        session = self.session
        if session.status is SessionStatus.CANCELLED:
            raise Refused("session-cancelled", "This session does not take place.")
        if session.status not in TO_COME or now >= session.starts_at:
            raise Refused("session-started", "This session has begun; come by, and check in where there is room.")
        if session.status is SessionStatus.ANNOUNCED and session.opens_at is not None and now < session.opens_at:
            raise Refused("not-open-yet", "Seats cannot be taken yet; see opensAt.", opensAt=session.opens_at)

    def _refuse_without_name(self) -> None:
        self._refuse_full(" Log in to wait for one: without a name nobody could tell you.")
        capacity = self.session.capacity
        most = MOST_WITHOUT_NAME if capacity is None else (capacity + 1) // 2
        if self.unnamed >= most:
            why = "so that nobody can take them all without saying who they are"
            detail = f"At most {most} seats here are given without a name, {why}; log in to take one."
            raise Refused("anonymous-seats-taken", detail)

    def _refuse_full(self, instead: str = "") -> None:
        if not self.session.has_room:
            raise Refused("session-full", f"Every seat is taken.{instead}")

    def _refuse_when_over(self, now: datetime) -> None:
        if self._status is SessionStatus.CANCELLED:
            raise Refused("session-cancelled", "This session does not take place.")
        if self._status is SessionStatus.THANKED or now >= self.session.ends_at:
            raise Refused("session-over", "This session is over.", endsAt=self.session.ends_at)

    def _refuse_outside_window(self, now: datetime) -> None:
        self._refuse_when_over(now)
        if now < self.session.starts_at - DOORS_OPEN:
            starts_at = self.session.starts_at
            raise Refused("too-early", "Check in at most 30 minutes before the session begins.", startsAt=starts_at)

    def _arrive(self, seat: Seat) -> Seat:
        if seat.status is SeatStatus.CHECKED_IN:
            return seat
        if seat.status not in OCCUPIED | {SeatStatus.GIVEN_UP}:
            self._refuse_full()
        there = self._change(moved(seat, "check in"))
        self._settle()
        return there

    def _add(self, seat_id: UUID, holder: Holder, status: SeatStatus) -> Seat:
        self.last += 1
        role = SeatRole.HOST if holder.person_id == self.session.host_id else SeatRole.PARTICIPANT
        seat = Seat(seat_id, self.session.id, self.last, holder.person_id, holder.code_hash, status, role)
        self.theirs.setdefault(seat.code_hash or seat.person_id, []).append(seat.id)
        if status is SeatStatus.WAITING:
            self.waiting.append(seat.id)
        self._count(seat, +1)
        return self._keep(seat)

    def _change(self, seat: Seat) -> Seat:
        before = self.seats[seat.id]
        if before.status is SeatStatus.WAITING and seat.id in self.waiting:
            self.waiting.remove(seat.id)
        self._count(before, -1)
        self._count(seat, +1)
        return self._keep(seat)

    def _count(self, seat: Seat, by: int) -> None:
        if seat.status in OCCUPIED:
            self.session = replace(self.session, taken=self.session.taken + by)
            self.unnamed += by if seat.code_hash is not None else 0
        if seat.status is SeatStatus.WAITING:
            self.session = replace(self.session, waiting=self.session.waiting + by)

    def _keep(self, seat: Seat) -> Seat:
        self.seats[seat.id] = seat
        self.changed.add(seat.id)
        return seat

    def _settle(self) -> None:
        """Let the waiting list move as far as there is room, and say what changed for everyone."""
        moves = 0
        while self.session.has_room and self.waiting:
            self._notify(What.SEAT_MOVED_UP, self._change(moved(self.seats[self.waiting[0]], "move up")))
            moves += 1
        if moves:
            self._tell(WaitingListMoved(**about(self.session)))
        if self._status is SessionStatus.OPEN and not self.session.has_room:
            self._tell(SessionFilled(**about(self.session)))
        if self._status is SessionStatus.FULL and self.session.has_room:
            self._tell(SessionReopened(**about(self.session)))

    def _tell(self, event: SessionFact) -> None:
        self.session = sessions.evolve(self.session, event)
        self.told.append((event, self.session.version))

    def _notify(self, what: What, seat: Seat) -> None:
        if seat.person_id is not None:
            self.notices.append(notice(what, seat.person_id, str(seat.id), **told_of(self.session)))
