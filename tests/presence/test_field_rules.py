"""Work in the field: the rules on their own."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from dorpsplein.contracts.presence.slots import ArrangerArrived, ArrangerLeft
from dorpsplein.errors import Forbidden, Refused
from presence.domain import field, slots
from presence.domain.field import FieldCommand, Kind, Leave
from presence.domain.slots import Slot, SlotStatus

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
BRAM, DIRK = UUID(int=1), UUID(int=2)
SLOT = Slot(UUID(int=3), BRAM, UUID(int=4), NOON, NOON + 2 * HOUR, ())


def command(number: int, at: datetime, digest: bytes = b"") -> FieldCommand:
    return FieldCommand(UUID(int=number), at, digest, Kind.LEAVE, Leave(SLOT.id))


def test_commands_are_carried_out_as_they_happened_however_they_come() -> None:
    happened = [command(9, NOON), command(2, NOON + HOUR), command(3, NOON + HOUR), command(1, NOON + 2 * HOUR)]
    for seed in range(10):
        assert field.in_order(random.Random(seed).sample(happened, 4)) == happened


def test_of_commands_with_one_id_the_same_one_counts_in_any_order() -> None:
    first, later, other = command(1, NOON, b"a"), command(1, NOON + HOUR, b"a"), command(1, NOON, b"b")
    for seed in range(10):
        assert field.in_order(random.Random(seed).sample([first, later, other], 3)) == [first]


def test_the_skew_of_a_clock_is_what_it_is_ahead() -> None:
    assert field.skew_ms(NOON + timedelta(seconds=90, microseconds=1_500), NOON) == 90_001
    assert field.skew_ms(NOON - 5 * HOUR, NOON) == -5 * 3_600_000


def test_an_arrival_is_claimed_within_the_slot_whenever_that_is_said() -> None:
    for claimed in (NOON - timedelta(minutes=30), NOON, NOON + 2 * HOUR - timedelta(seconds=1)):
        [arrived] = slots.claim(SLOT, BRAM, NOON + HOUR, claimed)
        assert isinstance(arrived, ArrangerArrived)
        assert arrived.how == "claimed"
        arrived, left = slots.claim(SLOT, BRAM, NOON + 9 * HOUR, claimed)
        assert isinstance(left, ArrangerLeft)
        assert left.by_itself


@pytest.mark.parametrize(
    ("claimed", "code"), [(NOON - timedelta(minutes=31), "too-early"), (NOON + 2 * HOUR, "slot-is-over")]
)
def test_an_arrival_is_not_claimed_outside_the_slot(claimed: datetime, code: str) -> None:
    with pytest.raises(Refused) as caught:
        slots.claim(SLOT, BRAM, NOON + 9 * HOUR, claimed)
    assert caught.value.code == code


def test_only_the_officer_claims_an_arrival() -> None:
    with pytest.raises(Forbidden):
        slots.claim(SLOT, DIRK, NOON, NOON)


def test_who_left_by_themself_leaves_once_more_without_an_event() -> None:
    assert field.leave(replace(SLOT, status=SlotStatus.LEFT), BRAM, NOON) == []
    [left] = field.leave(replace(SLOT, status=SlotStatus.ARRIVED), BRAM, NOON)
    assert isinstance(left, ArrangerLeft)
    with pytest.raises(Forbidden):
        field.leave(replace(SLOT, status=SlotStatus.LEFT), DIRK, NOON)
    with pytest.raises(Refused):
        field.leave(SLOT, BRAM, NOON)
