"""Seats: the rules on their own. Never one too many, and who waits longest is next."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from dorpsplein.errors import Forbidden, Refused, Rejected
from presence.domain import seats
from presence.domain.seating import MOST_WITHOUT_NAME, Seating
from presence.domain.seats import CODE_BYTES, MOVES, Holder, Seat, SeatRole, SeatStatus, code_of, hash_of
from presence.domain.sessions import Session, SessionStatus

BRAM, ANNA, DORA = UUID(int=1), UUID(int=2), UUID(int=3)
NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
START, END = NOON + 60 * MINUTE, NOON + 180 * MINUTE
LAB = Session(
    id=UUID(int=8),
    host_id=BRAM,
    working_form="creative-lab",
    question="What should the square smell of?",
    starts_at=START,
    ends_at=END,
    status=SessionStatus.OPEN,
    capacity=2,
)


@contextmanager
def refused(code: str, kind: type[Rejected] = Refused) -> Iterator[None]:
    with pytest.raises(kind) as caught:
        yield
    assert caught.value.code == code


def somebody(number: int) -> Holder:
    return Holder(person_id=UUID(int=100 + number))


def nobody(number: int) -> Holder:
    return Holder(code_hash=hash_of(f"code {number}"))


def taken(seating: Seating, holder: Holder, now: datetime = NOON) -> Seat:
    return seating.take(UUID(int=1_000 + seating.last), holder, now)


def walked_in(seating: Seating, holder: Holder, now: datetime = START) -> Seat:
    return seating.check_in(holder, UUID(int=1_000 + seating.last), now)


def filled(people: int, *, capacity: int | None = 2) -> Seating:
    seating = Seating(replace(LAB, capacity=capacity))
    for number in range(people):
        taken(seating, somebody(number))
    return seating


def told(seating: Seating) -> list[str]:
    """What was told of the session since this was asked last."""
    events = [type(event).__name__ for event, _ in seating.told]
    versions = [version for _, version in seating.told]
    assert versions == sorted(set(versions))
    seating.told.clear()
    return events


def noticed(seating: Seating) -> list[tuple[int, str]]:
    """Who was told what since this was asked last."""
    notices = [(notice.person_id.int - 100, notice.what) for notice in seating.notices]
    seating.notices.clear()
    return notices


def test_who_comes_too_late_waits_and_the_last_seat_makes_it_full() -> None:
    seating = filled(3)
    assert [seat.status for seat in seating.seats.values()] == ["taken", "taken", "waiting"]
    assert (seating.session.taken, seating.session.waiting, seating.session.status) == (2, 1, "full")
    assert told(seating) == ["SessionFilled"]
    assert noticed(seating) == [(0, "seat-taken"), (1, "seat-taken"), (2, "seat-waiting")]


def test_without_a_capacity_there_is_room_for_all() -> None:
    seating = filled(50, capacity=None)
    assert (seating.session.taken, seating.session.waiting, seating.session.status) == (50, 0, "open")
    assert told(seating) == []


def test_who_waits_longest_moves_up_and_a_seat_that_nobody_waits_for_reopens_it() -> None:
    seating = filled(4)
    told(seating), noticed(seating)
    first, second, third, _ = list(seating.seats)
    seating.give_up(first, somebody(0), NOON)
    assert (told(seating), noticed(seating)) == (["WaitingListMoved"], [(2, "seat-moved-up")])
    seating.give_up(third, somebody(2), NOON)
    assert (told(seating), noticed(seating)) == (["WaitingListMoved"], [(3, "seat-moved-up")])
    seating.give_up(second, somebody(1), NOON)
    assert (told(seating), noticed(seating)) == (["SessionReopened"], [])
    assert (seating.session.taken, seating.session.waiting, seating.session.status) == (1, 0, "open")


def test_who_gives_up_waiting_is_passed_by() -> None:
    seating = filled(4)
    first, _, third, fourth = list(seating.seats)
    seating.give_up(third, somebody(2), NOON)
    seating.give_up(first, somebody(0), NOON)
    assert (seating.seats[third].status, seating.seats[fourth].status) == ("given-up", "taken")
    assert (seating.session.taken, seating.session.waiting) == (2, 0)


def test_a_person_has_one_seat_and_giving_it_up_twice_frees_one() -> None:
    seating = filled(1)
    [own] = seating.seats.values()
    assert taken(seating, somebody(0)) == own
    gone = seating.give_up(own.id, somebody(0), NOON)
    assert seating.give_up(own.id, somebody(0), NOON) == gone
    assert seating.session.taken == 0
    again = taken(seating, somebody(0))
    assert (again.id != own.id, again.number, seating.session.taken) == (True, 2, 1)


def test_nobody_gives_up_the_seat_of_another() -> None:
    seating = Seating(LAB)
    seat, unnamed = taken(seating, somebody(0)), taken(seating, nobody(0))
    for holder in (somebody(1), nobody(1), Holder()):
        with refused("not-your-seat", Forbidden):
            seating.give_up(seat.id, holder, NOON)
        with refused("not-your-seat", Forbidden):
            seating.give_up(unnamed.id, holder, NOON)
    assert seating.give_up(unnamed.id, nobody(0), NOON).status is SeatStatus.GIVEN_UP


@pytest.mark.parametrize(
    ("status", "now", "code"),
    [
        (SessionStatus.CANCELLED, NOON, "session-cancelled"),
        (SessionStatus.LIVE, NOON, "session-started"),
        (SessionStatus.HARVESTED, NOON, "session-started"),
        (SessionStatus.THANKED, NOON, "session-started"),
        (SessionStatus.OPEN, START, "session-started"),
        (SessionStatus.ANNOUNCED, NOON - MINUTE, "not-open-yet"),
    ],
)
def test_seats_are_taken_only_from_the_opening_until_the_start(status: SessionStatus, now: datetime, code: str) -> None:
    seating = Seating(replace(LAB, status=status, opens_at=NOON))
    with refused(code):
        taken(seating, somebody(0), now)
    assert (seating.told, seating.notices, seating.changed) == ([], [], set())


@pytest.mark.parametrize("opens_at", [None, NOON])
def test_a_session_whose_moment_has_come_opens_with_its_first_seat_where_no_timer_did(
    opens_at: datetime | None,
) -> None:
    seating = Seating(replace(LAB, status=SessionStatus.ANNOUNCED, opens_at=opens_at))
    taken(seating, somebody(0))
    assert (told(seating), seating.session.status) == (["SessionOpened"], "open")


def test_seats_without_a_name_are_half_of_all_at_most_and_never_wait() -> None:
    seating = Seating(replace(LAB, capacity=5))
    unnamed = [taken(seating, nobody(number)) for number in range(3)]
    with refused("anonymous-seats-taken"):
        taken(seating, nobody(3))
    seating.give_up(unnamed[0].id, nobody(0), NOON)
    taken(seating, nobody(4))
    taken(seating, somebody(0)), taken(seating, somebody(1))
    with refused("session-full"):
        taken(seating, nobody(5))
    assert len(seating.notices) == 2
    for_all = Seating(replace(LAB, capacity=None))
    for number in range(MOST_WITHOUT_NAME):
        taken(for_all, nobody(number))
    with refused("anonymous-seats-taken"):
        taken(for_all, nobody(MOST_WITHOUT_NAME))


def test_who_has_a_seat_checks_in_once_from_half_an_hour_before_the_start_until_the_end() -> None:
    seating = filled(2)
    with refused("too-early"):
        walked_in(seating, somebody(0), START - 31 * MINUTE)
    for now in (START - 30 * MINUTE, END - MINUTE):
        assert walked_in(seating, somebody(0), now).status is SeatStatus.CHECKED_IN
    with refused("session-over"):
        walked_in(seating, somebody(1), END)
    assert seating.session.taken == 2


def test_who_walks_in_gets_a_free_seat_and_no_other() -> None:
    seating = filled(1)
    assert walked_in(seating, somebody(7)).status is SeatStatus.CHECKED_IN
    assert told(seating) == ["SessionFilled"]
    with refused("session-full"):
        walked_in(seating, somebody(8))
    with refused("seat-code-unknown"):
        walked_in(seating, nobody(8))
    assert seating.session.taken == 2


def test_who_waits_does_not_check_in_before_they_moved_up() -> None:
    seating = filled(3)
    with refused("session-full"):
        walked_in(seating, somebody(2))
    seating.give_up(next(iter(seating.seats)), somebody(0), START)
    assert walked_in(seating, somebody(2)).status is SeatStatus.CHECKED_IN


def test_the_seats_of_who_is_not_there_go_to_who_waits_and_they_come_back_only_where_there_is_room() -> None:
    seating = filled(4)
    walked_in(seating, somebody(0))
    told(seating), noticed(seating)
    seating.lose_no_shows()
    assert [seat.status for seat in seating.seats.values()] == ["checked-in", "no-show", "taken", "waiting"]
    assert (told(seating), noticed(seating)) == (["WaitingListMoved"], [(1, "seat-lost"), (2, "seat-moved-up")])
    assert walked_in(seating, somebody(2)).status is SeatStatus.CHECKED_IN
    with refused("session-full"):
        walked_in(seating, somebody(1))
    seating.resize(4, BRAM)
    late = walked_in(seating, somebody(1))
    assert (late.status, late.number, seating.session.taken) == ("checked-in", 2, 4)


def test_where_there_is_room_for_all_nobody_loses_a_seat() -> None:
    seating = filled(3, capacity=None)
    seating.lose_no_shows()
    assert seating.session.taken == 3
    cancelled = filled(2)
    cancelled.session = replace(cancelled.session, status=SessionStatus.CANCELLED)
    cancelled.lose_no_shows()
    assert cancelled.session.taken == 2


def test_more_room_lets_the_waiting_move_up_and_there_is_never_less_than_is_taken() -> None:
    seating = filled(5)
    told(seating), noticed(seating)
    seating.resize(4, BRAM)
    assert (told(seating), noticed(seating)) == (["WaitingListMoved"], [(2, "seat-moved-up"), (3, "seat-moved-up")])
    with refused("capacity-below-taken"):
        seating.resize(3, BRAM)
    seating.resize(None, BRAM)
    assert told(seating) == ["WaitingListMoved", "SessionReopened"]
    seating.resize(5, BRAM)
    assert (told(seating), seating.session.capacity) == (["SessionFilled"], 5)
    with refused("not-your-session", Forbidden):
        seating.resize(9, ANNA)
    over = Seating(replace(LAB, status=SessionStatus.HARVESTED))
    with refused("illegal-session-resize"):
        over.resize(9, BRAM)


def test_the_host_checks_in_by_hand_and_nobody_else() -> None:
    seating = filled(1)
    [seat] = seating.seats
    with refused("not-your-session", Forbidden):
        seating.check_in_by_hand(seat, ANNA, START)
    assert seating.check_in_by_hand(seat, BRAM, START).status is SeatStatus.CHECKED_IN


def test_the_host_asks_people_with_a_seat_to_write_down_or_inspire() -> None:
    seating = Seating(replace(LAB, capacity=4))
    seat, unnamed, host = (taken(seating, one) for one in (somebody(0), nobody(0), Holder(person_id=BRAM)))
    assert host.role is SeatRole.HOST
    assert seating.give_role(seat.id, SeatRole.SCRIBE, BRAM).role is SeatRole.SCRIBE
    with refused("not-your-session", Forbidden):
        seating.give_role(seat.id, SeatRole.INSPIRATOR, ANNA)
    with refused("seat-without-name"):
        seating.give_role(unnamed.id, SeatRole.SCRIBE, BRAM)
    for one, role in ((seat, SeatRole.HOST), (host, SeatRole.SCRIBE)):
        with refused("host-stays-host"):
            seating.give_role(one.id, role, BRAM)
    seating.give_up(seat.id, somebody(0), NOON)
    with refused("seat-not-held"):
        seating.give_role(seat.id, SeatRole.SCRIBE, BRAM)


DO: dict[str, Callable[[Seating, Seat], object]] = {
    "move up": lambda _, seat: seats.moved(seat, "move up"),
    "check in": lambda seating, seat: seating.check_in_by_hand(seat.id, BRAM, START),
    "give up": lambda seating, seat: seating.give_up(seat.id, somebody(0), START),
    "miss": lambda _, seat: seats.moved(seat, "miss"),
}


@pytest.mark.parametrize("verb", MOVES)
@pytest.mark.parametrize("status", SeatStatus)
def test_the_table_of_moves_is_what_may_become_of_a_seat(verb: str, status: SeatStatus) -> None:
    allowed, _ = MOVES[verb]
    seat = Seat(UUID(int=9), LAB.id, 1, somebody(0).person_id, status=status)
    done_already = {("check in", SeatStatus.CHECKED_IN), ("give up", SeatStatus.GIVEN_UP)}
    seating = Seating(replace(LAB, taken=1), {seat.id: seat}, last=1)
    if status in allowed or (verb, status) in done_already:
        DO[verb](seating, seat)
    else:
        with refused(f"illegal-seat-{verb.replace(' ', '-')}"):
            DO[verb](seating, seat)


def test_a_seat_code_is_read_however_it_is_typed_and_says_nothing_of_the_seat() -> None:
    code = code_of(bytes(range(CODE_BYTES)))
    assert code == "AAAQ-EAYE-AUDA-OCAJ-BIFQ-YDIO-B4IB-CEQT"
    assert hash_of(code) == hash_of(f" {code.lower().replace('-', ' ')} ") != hash_of(code[:-1] + "U")
    assert CODE_BYTES * 8 >= 128
