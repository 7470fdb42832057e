"""Presence slots: an officer says where they will be and when, comes, and goes.

planned → arrived → left; planned → cancelled. Only the place and the window are ever known, never where
somebody is in between.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from dorpsplein.contracts.presence.slots import ArrangerArrived, ArrangerLeft, PresenceAnnounced, PresenceCancelled
from dorpsplein.errors import Forbidden, Refused
from presence.domain.windows import refuse_senseless

EARLIEST_ARRIVAL = timedelta(minutes=30)
"""How long before its start an officer may arrive; the last moment is its end."""
LINGERS = timedelta(hours=1)
"""How long after its end an officer who did not say goodbye still counts as being there."""

SlotEvent = PresenceAnnounced | ArrangerArrived | ArrangerLeft | PresenceCancelled


class SlotStatus(StrEnum):
    """Where a slot is in its life."""

    PLANNED = "planned"
    ARRIVED = "arrived"
    LEFT = "left"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Slot:
    """One officer at one place in one window of time."""

    id: UUID
    officer_id: UUID
    place_id: UUID
    starts_at: datetime
    ends_at: datetime
    themes: tuple[str, ...]
    status: SlotStatus = SlotStatus.PLANNED
    version: int = 1


@dataclass(frozen=True, slots=True)
class Announce:
    """An officer announces themself."""

    slot_id: UUID
    officer_id: UUID
    place_id: UUID
    starts_at: datetime
    ends_at: datetime
    themes: tuple[str, ...] = ()


def announce(command: Announce, now: datetime) -> list[SlotEvent]:
    """Announce presence. That the officer is free then is for the database to say.

    Raises Refused("ends-before-start", "starts-in-the-past", "too-far-ahead" or "too-long").
    """
    refuse_senseless(command.starts_at, command.ends_at, now)
    return [
        PresenceAnnounced(
            slot_id=command.slot_id,
            place_id=command.place_id,
            officer_id=command.officer_id,
            starts_at=command.starts_at.astimezone(UTC),
            ends_at=command.ends_at.astimezone(UTC),
            themes=list(command.themes),
        )
    ]


def arrive(slot: Slot, officer_id: UUID, now: datetime) -> list[SlotEvent]:
    """The officer is there. That they are nowhere else is for the database to say.

    Raises Forbidden("not-your-slot"), Refused("slot-not-planned", "too-early" or "slot-is-over").
    """
    _only_by_its_officer(slot, officer_id)
    _only_while(slot, SlotStatus.PLANNED)
    if now < slot.starts_at - EARLIEST_ARRIVAL:
        raise Refused("too-early", "Arrive at most 30 minutes before the slot starts.", startsAt=slot.starts_at)
    _not_when_over(slot, now)
    return [ArrangerArrived(slot_id=slot.id, place_id=slot.place_id, officer_id=slot.officer_id)]


def claim(slot: Slot, officer_id: UUID, now: datetime, claimed_at: datetime) -> list[SlotEvent]:
    """The officer was there without signal and says so afterwards; after the slot's end they have left by then.

    `claimed_at`, when they say they came, is taken at its word: from 30 minutes before the start until the end.
    Raises Forbidden("not-your-slot"), Refused("slot-not-planned", "too-early" or "slot-is-over").
    """
    [arrived] = arrive(slot, officer_id, claimed_at)
    claimed = arrived.model_copy(update={"how": "claimed"})
    if now < slot.ends_at:
        return [claimed]
    gone = ArrangerLeft(slot_id=slot.id, place_id=slot.place_id, officer_id=slot.officer_id, by_itself=True)
    return [claimed, gone]


def leave(slot: Slot, officer_id: UUID, _: datetime) -> list[SlotEvent]:
    """The officer has gone; at any time after arriving. Raises Forbidden, Refused("slot-not-arrived")."""
    _only_by_its_officer(slot, officer_id)
    _only_while(slot, SlotStatus.ARRIVED)
    return [ArrangerLeft(slot_id=slot.id, place_id=slot.place_id, officer_id=slot.officer_id)]


def cancel(slot: Slot, officer_id: UUID, now: datetime) -> list[SlotEvent]:
    """The officer will not come. Raises Forbidden, Refused("slot-not-planned" or "slot-is-over")."""
    _only_by_its_officer(slot, officer_id)
    _only_while(slot, SlotStatus.PLANNED)
    _not_when_over(slot, now)
    return [PresenceCancelled(slot_id=slot.id, place_id=slot.place_id, officer_id=slot.officer_id)]


def evolve(slot: Slot | None, event: SlotEvent) -> Slot:
    """The slot after an event; None before its announcement."""
    if isinstance(event, PresenceAnnounced):
        themes = tuple(event.themes)
        return Slot(event.slot_id, event.officer_id, event.place_id, event.starts_at, event.ends_at, themes)
    assert slot is not None
    match event:
        case ArrangerArrived():
            status = SlotStatus.ARRIVED
        case ArrangerLeft():
            status = SlotStatus.LEFT
        case PresenceCancelled():
            status = SlotStatus.CANCELLED
    return replace(slot, status=status, version=slot.version + 1)


def _only_by_its_officer(slot: Slot, officer_id: UUID) -> None:
    if slot.officer_id != officer_id:
        raise Forbidden("not-your-slot", "Only the officer who announced this slot may change it.")


def _only_while(slot: Slot, status: SlotStatus) -> None:
    if slot.status is not status:
        raise Refused(f"slot-not-{status}", f"This needs a slot that is {status}; it is {slot.status}.")


def _not_when_over(slot: Slot, now: datetime) -> None:
    if now >= slot.ends_at:
        raise Refused("slot-is-over", "This slot has ended.", endsAt=slot.ends_at)
