"""Presence slots: the rules on their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from uuid import UUID

import pytest

from dorpsplein.contracts.presence.slots import (
    ArrangerArrived,
    ArrangerLeft,
    PresenceAnnounced,
    PresenceCancelled,
    PresenceMissed,
    PresenceMoved,
)
from dorpsplein.errors import Forbidden, Refused, Rejected
from presence.commands.slots import Decide
from presence.domain import codes, slots, windows

BRAM, OTHER = UUID(int=1), UUID(int=2)
CANTEEN, SLOT, SCHOOL = UUID(int=3), UUID(int=4), UUID(int=5)
NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANNOUNCED = PresenceAnnounced(
    slot_id=SLOT, place_id=CANTEEN, officer_id=BRAM, starts_at=NOON, ends_at=NOON + 2 * HOUR, themes=["sport"]
)
ARRIVED = ArrangerArrived(slot_id=SLOT, place_id=CANTEEN, officer_id=BRAM)
LEFT = ArrangerLeft(slot_id=SLOT, place_id=CANTEEN, officer_id=BRAM)
CLAIMED = ARRIVED.model_copy(update={"how": "claimed"})
LEFT_BY_ITSELF = LEFT.model_copy(update={"by_itself": True})
MISSED = PresenceMissed(slot_id=SLOT, place_id=CANTEEN, officer_id=BRAM)
CANCELLED = PresenceCancelled(slot_id=SLOT, place_id=CANTEEN, officer_id=BRAM)


def given(*events: slots.SlotEvent) -> slots.Slot:
    slot = None
    for event in events:
        slot = slots.evolve(slot, event)
    assert slot is not None
    return slot


def to_the_school(slot: slots.Slot, officer_id: UUID, now: datetime) -> list[slots.SlotEvent]:
    return slots.move(slot, officer_id, now, slots.Move(SCHOOL, NOON + HOUR, NOON + 2 * HOUR))


def announcing(start: datetime, end: datetime) -> slots.Announce:
    return slots.Announce(SLOT, BRAM, CANTEEN, start, end, ("sport",))


@contextmanager
def refused(code: str, kind: type[Rejected] = Refused) -> Iterator[None]:
    with pytest.raises(kind) as caught:
        yield
    assert caught.value.code == code


def test_an_officer_announces_a_slot() -> None:
    assert slots.announce(announcing(NOON, NOON + 2 * HOUR), NOON) == [ANNOUNCED]


def test_times_are_published_in_utc() -> None:
    summer = timezone(2 * HOUR)
    [event] = slots.announce(announcing(NOON.astimezone(summer), (NOON + HOUR).astimezone(summer)), NOON)
    assert isinstance(event, PresenceAnnounced)
    assert event.model_dump(mode="json")["startsAt"] == "2026-05-01T12:00:00Z"


def test_who_walks_in_may_announce_it_a_moment_later() -> None:
    assert slots.announce(announcing(NOON, NOON + HOUR), NOON + windows.LATEST_ANNOUNCEMENT)


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        (NOON + HOUR, NOON + HOUR, "ends-before-start"),
        (NOON + HOUR, NOON, "ends-before-start"),
        (NOON - timedelta(minutes=6), NOON + HOUR, "starts-in-the-past"),
        (datetime(1, 1, 1, tzinfo=timezone(14 * HOUR)), NOON, "starts-in-the-past"),
        (NOON + timedelta(days=367), NOON + timedelta(days=367, hours=1), "too-far-ahead"),
        (
            datetime(9999, 12, 31, 22, tzinfo=timezone(-12 * HOUR)),
            datetime(9999, 12, 31, 23, tzinfo=timezone(-12 * HOUR)),
            "too-far-ahead",
        ),
        (NOON, NOON + 24 * HOUR + timedelta(microseconds=1), "too-long"),
        (NOON, datetime(9999, 12, 31, 23, tzinfo=timezone(-12 * HOUR)), "too-long"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused(start: datetime, end: datetime, code: str) -> None:
    with refused(code):
        slots.announce(announcing(start, end), NOON)


@pytest.mark.parametrize("now", [NOON - 0.5 * HOUR, NOON, NOON + 1.99 * HOUR])
def test_the_officer_arrives_around_the_slot(now: datetime) -> None:
    assert slots.arrive(given(ANNOUNCED), BRAM, now) == [ARRIVED]


@pytest.mark.parametrize(
    ("now", "code"),
    [(NOON - 0.51 * HOUR, "too-early"), (NOON + 2 * HOUR, "slot-is-over"), (NOON - 99 * HOUR, "too-early")],
)
def test_an_arrival_outside_the_window_is_refused(now: datetime, code: str) -> None:
    with refused(code):
        slots.arrive(given(ANNOUNCED), BRAM, now)


def test_the_officer_leaves_late_or_early() -> None:
    for now in (NOON - 0.5 * HOUR, NOON + 99 * HOUR):
        assert slots.leave(given(ANNOUNCED, ARRIVED), BRAM, now) == [LEFT]


def test_a_planned_slot_is_cancelled_until_it_ends() -> None:
    assert slots.cancel(given(ANNOUNCED), BRAM, NOON + HOUR) == [CANCELLED]
    with refused("slot-is-over"):
        slots.cancel(given(ANNOUNCED), BRAM, NOON + 2 * HOUR)


@pytest.mark.parametrize(
    ("history", "decide", "code"),
    [
        ([ANNOUNCED, ARRIVED], slots.arrive, "slot-not-planned"),
        ([ANNOUNCED, ARRIVED, LEFT], slots.arrive, "slot-not-planned"),
        ([ANNOUNCED, CANCELLED], slots.arrive, "slot-not-planned"),
        ([ANNOUNCED], slots.leave, "slot-not-arrived"),
        ([ANNOUNCED, ARRIVED, LEFT], slots.leave, "slot-not-arrived"),
        ([ANNOUNCED, CANCELLED], slots.leave, "slot-not-arrived"),
        ([ANNOUNCED, ARRIVED], slots.cancel, "slot-not-planned"),
        ([ANNOUNCED, ARRIVED, LEFT], slots.cancel, "slot-not-planned"),
        ([ANNOUNCED, CANCELLED], slots.cancel, "slot-not-planned"),
    ],
)
def test_no_other_step_is_possible(history: list[slots.SlotEvent], decide: Decide, code: str) -> None:
    with refused(code):
        decide(given(*history), BRAM, NOON)


@pytest.mark.parametrize(
    "decide", [slots.arrive, slots.leave, slots.cancel, to_the_school, partial(slots.claim, claimed_at=NOON)]
)
def test_another_officer_has_no_say(decide: Decide) -> None:
    with refused("not-your-slot", Forbidden):
        decide(given(ANNOUNCED), OTHER, NOON)


def test_every_step_is_a_version() -> None:
    slot = given(ANNOUNCED, ARRIVED, LEFT)
    assert (slot.status, slot.version) == ("left", 3)


def test_a_planned_slot_is_moved_to_another_time_and_place_and_stays_planned() -> None:
    [moved] = to_the_school(given(ANNOUNCED), BRAM, NOON)
    assert moved == PresenceMoved(
        slot_id=SLOT,
        place_id=SCHOOL,
        from_place_id=CANTEEN,
        officer_id=BRAM,
        starts_at=NOON + HOUR,
        ends_at=NOON + 2 * HOUR,
    )
    slot = given(ANNOUNCED, moved)
    assert (slot.status, slot.place_id, slot.starts_at, slot.version) == ("planned", SCHOOL, NOON + HOUR, 2)


def test_a_slot_is_moved_in_time_alone_or_not_at_all() -> None:
    [moved] = slots.move(given(ANNOUNCED), BRAM, NOON, slots.Move(None, NOON, NOON + HOUR))
    assert isinstance(moved, PresenceMoved)
    assert moved.place_id == CANTEEN
    assert slots.move(given(ANNOUNCED), BRAM, NOON, slots.Move(CANTEEN, NOON, NOON + 2 * HOUR)) == []


@pytest.mark.parametrize(
    ("now", "start", "end", "code"),
    [
        (NOON + 2 * HOUR, NOON + 3 * HOUR, NOON + 4 * HOUR, "slot-is-over"),
        (NOON + HOUR, NOON, NOON + 3 * HOUR, "starts-in-the-past"),
        (NOON, NOON + HOUR, NOON, "ends-before-start"),
    ],
)
def test_a_slot_is_not_moved_when_it_is_over_nor_to_where_none_can_be(
    now: datetime, start: datetime, end: datetime, code: str
) -> None:
    with refused(code):
        slots.move(given(ANNOUNCED), BRAM, now, slots.Move(None, start, end))


@pytest.mark.parametrize("history", [[ANNOUNCED], [ANNOUNCED, MISSED]])
def test_an_arrival_noted_without_signal_is_claimed_later_and_is_then_over(history: list[slots.SlotEvent]) -> None:
    for claimed_at in (NOON - 0.5 * HOUR, NOON + 1.99 * HOUR):
        facts = slots.claim(given(*history), BRAM, NOON + 48 * HOUR, claimed_at)
        assert facts == [CLAIMED, LEFT_BY_ITSELF]
        slot = given(*history, *facts)
        assert (slot.status, slot.arrived_how, slot.version) == ("left", "claimed", len(history) + 2)


def test_an_arrival_claimed_before_the_end_is_an_arrival() -> None:
    facts = slots.claim(given(ANNOUNCED), BRAM, NOON + HOUR, NOON)
    assert facts == [CLAIMED]
    assert given(ANNOUNCED, *facts).status == "arrived"


@pytest.mark.parametrize(
    ("claimed_at", "code"),
    [(NOON - 0.51 * HOUR, "too-early"), (NOON + 2 * HOUR, "slot-is-over"), (NOON + 3.2 * HOUR, "slot-is-over")],
)
def test_an_arrival_outside_the_window_cannot_be_claimed(claimed_at: datetime, code: str) -> None:
    with refused(code):
        slots.claim(given(ANNOUNCED, MISSED), BRAM, NOON + 3 * HOUR, claimed_at)


def test_the_code_of_the_place_says_how_the_officer_arrived_and_another_code_says_nothing() -> None:
    key = codes.key_of("a secret")
    until = NOON + 99 * HOUR

    def arrive(code: str) -> list[slots.SlotEvent]:
        return slots.arrive_by_code(given(ANNOUNCED), BRAM, NOON, code=code, key=key)

    assert arrive(codes.sign(key, codes.For.PLACE, CANTEEN, until)) == [ARRIVED.model_copy(update={"how": "qr"})]
    for code, wrong in (
        (codes.sign(key, codes.For.PLACE, SCHOOL, until), "code-elsewhere"),
        (codes.sign(key, codes.For.SESSION, CANTEEN, until), "code-elsewhere"),
        (codes.sign(codes.key_of("another"), codes.For.PLACE, CANTEEN, until), "code-forged"),
        (codes.sign(key, codes.For.PLACE, CANTEEN, NOON), "code-expired"),
    ):
        with refused(wrong):
            arrive(code)


def test_by_itself_a_slot_is_missed_at_its_end_or_left_an_hour_after() -> None:
    end = NOON + 2 * HOUR
    moment = timedelta(microseconds=1)
    assert slots.ring(given(ANNOUNCED), end - moment) == []
    assert slots.ring(given(ANNOUNCED), end) == [MISSED]
    assert slots.ring(given(ANNOUNCED, ARRIVED), end + HOUR - moment) == []
    assert slots.ring(given(ANNOUNCED, ARRIVED), end + HOUR) == [LEFT_BY_ITSELF]
    for history in ([ARRIVED, LEFT], [MISSED], [CANCELLED]):
        assert slots.ring(given(ANNOUNCED, *history), end + 99 * HOUR) == []


@pytest.mark.parametrize(
    ("history", "public_until"),
    [([], 2 * HOUR), ([ARRIVED], 3 * HOUR), ([CANCELLED], 2 * HOUR), ([ARRIVED, LEFT], None), ([MISSED], None)],
)
def test_a_slot_is_history_when_its_officer_left_or_its_time_is_over(
    history: list[slots.SlotEvent], public_until: timedelta | None
) -> None:
    slot = given(ANNOUNCED, *history)
    if public_until:
        assert not slot.is_over(NOON + public_until - timedelta(seconds=1))
    assert slot.is_over(NOON + (public_until or timedelta()))


@pytest.mark.parametrize("status", slots.SlotStatus)
@pytest.mark.parametrize("verb", slots.MOVES)
def test_every_move_of_the_table_and_no_other_is_made(status: slots.SlotStatus, verb: str) -> None:
    made = {"move": to_the_school(given(ANNOUNCED), BRAM, NOON)[0], "arrive": ARRIVED, "claim": CLAIMED}
    made |= {"leave": LEFT, "miss": MISSED, "cancel": CANCELLED}
    slot = given(ANNOUNCED)
    allowed, leads_to = slots.MOVES[verb]
    if status in allowed:
        assert slots.evolve(replace(slot, status=status), made[verb]).status == leads_to
    elif verb != "move":
        with pytest.raises(Refused):
            slots.evolve(replace(slot, status=status), made[verb])
