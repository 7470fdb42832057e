"""Presence slots: the rules on their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from dorpsplein.contracts.presence.slots import ArrangerArrived, ArrangerLeft, PresenceAnnounced, PresenceCancelled
from dorpsplein.errors import Forbidden, Refused, Rejected
from presence.commands.slots import Decide
from presence.domain import slots, windows

BRAM, OTHER = UUID(int=1), UUID(int=2)
CANTEEN, SLOT = UUID(int=3), UUID(int=4)
NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANNOUNCED = PresenceAnnounced(
    slot_id=SLOT, place_id=CANTEEN, officer_id=BRAM, starts_at=NOON, ends_at=NOON + 2 * HOUR, themes=["sport"]
)
ARRIVED = ArrangerArrived(slot_id=SLOT, place_id=CANTEEN, officer_id=BRAM)
LEFT = ArrangerLeft(slot_id=SLOT, place_id=CANTEEN, officer_id=BRAM)
CANCELLED = PresenceCancelled(slot_id=SLOT, place_id=CANTEEN, officer_id=BRAM)


def given(*events: slots.SlotEvent) -> slots.Slot:
    slot = None
    for event in events:
        slot = slots.evolve(slot, event)
    assert slot is not None
    return slot


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


@pytest.mark.parametrize("decide", [slots.arrive, slots.leave, slots.cancel])
def test_another_officer_has_no_say(decide: Decide) -> None:
    with refused("not-your-slot", Forbidden):
        decide(given(ANNOUNCED), OTHER, NOON)


def test_every_step_is_a_version() -> None:
    slot = given(ANNOUNCED, ARRIVED, LEFT)
    assert (slot.status, slot.version) == ("left", 3)
