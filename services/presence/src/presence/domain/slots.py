"""Presence slots: an officer says where they will be and when, comes, and goes.

Only the place and the window are ever known, never where somebody is in between.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from joserfc.jwk import OctKey

from dorpsplein.contracts.presence.slots import (
    ArrangerArrived,
    ArrangerLeft,
    PresenceAnnounced,
    PresenceCancelled,
    PresenceMissed,
    PresenceMoved,
)
from dorpsplein.errors import Forbidden, Refused
from presence.domain import codes
from presence.domain.windows import refuse_senseless

EARLIEST_ARRIVAL = timedelta(minutes=30)
"""How long before its start an officer may arrive; the last moment is its end."""
LINGERS = timedelta(hours=1)
"""How long after its end an officer who did not say goodbye still counts as being there."""

SlotEvent = PresenceAnnounced | ArrangerArrived | ArrangerLeft | PresenceMoved | PresenceMissed | PresenceCancelled


class SlotStatus(StrEnum):
    """Where a slot is in its life."""

    PLANNED = "planned"
    ARRIVED = "arrived"
    LEFT = "left"
    MISSED = "missed"
    CANCELLED = "cancelled"


class How(StrEnum):
    """How it is known that an officer came."""

    BY_HAND = "by-hand"
    QR = "qr"
    CLAIMED = "claimed"


MOVES: Mapping[str, tuple[frozenset[SlotStatus], SlotStatus]] = {
    "move": (frozenset({SlotStatus.PLANNED}), SlotStatus.PLANNED),
    "arrive": (frozenset({SlotStatus.PLANNED}), SlotStatus.ARRIVED),
    "claim": (frozenset({SlotStatus.PLANNED, SlotStatus.MISSED}), SlotStatus.ARRIVED),
    "leave": (frozenset({SlotStatus.ARRIVED}), SlotStatus.LEFT),
    "miss": (frozenset({SlotStatus.PLANNED}), SlotStatus.MISSED),
    "cancel": (frozenset({SlotStatus.PLANNED}), SlotStatus.CANCELLED),
}
"""What may be done, from which statuses, and where it leads."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One officer at one place in one window of time; one of a series, at first meant for `recurs_at`, where it is."""

    id: UUID
    officer_id: UUID
    place_id: UUID
    starts_at: datetime
    ends_at: datetime
    themes: tuple[str, ...]
    status: SlotStatus = SlotStatus.PLANNED
    version: int = 1
    series_id: UUID | None = None
    recurs_at: datetime | None = None
    arrived_how: How | None = None

    @property
    def rings_at(self) -> datetime | None:
        """When something happens to it by itself: it is missed, or its officer has gone. None where nothing will."""
        if self.status is SlotStatus.PLANNED:
            return self.ends_at
        return self.ends_at + LINGERS if self.status is SlotStatus.ARRIVED else None

    def is_over(self, now: datetime) -> bool:
        """Tell whether it is history, which is its officer's alone."""
        return self.status in {SlotStatus.LEFT, SlotStatus.MISSED} or now >= (self.rings_at or self.ends_at)


@dataclass(frozen=True, slots=True)
class Announce:
    """An officer announces themself."""

    slot_id: UUID
    officer_id: UUID
    place_id: UUID
    starts_at: datetime
    ends_at: datetime
    themes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """An officer will be there at another time, or at another place; None: at the same."""

    place_id: UUID | None
    starts_at: datetime
    ends_at: datetime


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


def move(slot: Slot, officer_id: UUID, now: datetime, to: Move) -> list[SlotEvent]:
    """Be there at another time, or elsewhere; nothing where it is there and then already.

    Raises Forbidden("not-your-slot"), Refused("slot-not-planned", "slot-is-over") and for a window that makes no sense.
    """
    _only_by_its_officer(slot, officer_id)
    _moved(slot, "move")
    _not_when_over(slot, now)
    place_id = to.place_id or slot.place_id
    if (place_id, to.starts_at, to.ends_at) == (slot.place_id, slot.starts_at, slot.ends_at):
        return []
    refuse_senseless(to.starts_at, to.ends_at, now)
    return [
        PresenceMoved(
            slot_id=slot.id,
            place_id=place_id,
            from_place_id=slot.place_id,
            officer_id=slot.officer_id,
            starts_at=to.starts_at.astimezone(UTC),
            ends_at=to.ends_at.astimezone(UTC),
        )
    ]


def arrive(slot: Slot, officer_id: UUID, now: datetime, how: How = How.BY_HAND) -> list[SlotEvent]:
    """The officer is there. That they are nowhere else is for the database to say.

    Raises Forbidden("not-your-slot"), Refused("slot-not-planned", "too-early" or "slot-is-over").
    """
    _only_by_its_officer(slot, officer_id)
    _moved(slot, "arrive")
    _not_too_early(slot, now)
    _not_when_over(slot, now)
    return [ArrangerArrived(slot_id=slot.id, place_id=slot.place_id, officer_id=slot.officer_id, how=how)]


def arrive_by_code(slot: Slot, officer_id: UUID, now: datetime, code: str, key: OctKey) -> list[SlotEvent]:
    """The officer is there and scanned the code of the place. Raises what `arrive` and `codes.refuse_other` raise."""
    facts = arrive(slot, officer_id, now, How.QR)
    codes.refuse_other(key, code, codes.For.PLACE, slot.place_id, now)
    return facts


def claim(slot: Slot, officer_id: UUID, now: datetime, claimed_at: datetime) -> list[SlotEvent]:
    """The officer was there at `claimed_at`, noted without signal and told now; after the end they have left too.

    What is told has happened: a clock that is ahead says now. Raises Forbidden("not-your-slot"),
    Refused("slot-not-planned") unless it is planned or missed, ("too-early") or ("slot-is-over") where that moment is
    outside the window in which one arrives.
    """
    _only_by_its_officer(slot, officer_id)
    _moved(slot, "claim")
    was_there_at = min(claimed_at, now)
    _not_too_early(slot, was_there_at)
    _not_when_over(slot, was_there_at)
    came = ArrangerArrived(slot_id=slot.id, place_id=slot.place_id, officer_id=slot.officer_id, how=How.CLAIMED)
    return [came, _gone_by_itself(slot)] if slot.is_over(now) else [came]


def leave(slot: Slot, officer_id: UUID, _: datetime) -> list[SlotEvent]:
    """The officer has gone; at any time after arriving. Raises Forbidden, Refused("slot-not-arrived")."""
    _only_by_its_officer(slot, officer_id)
    _moved(slot, "leave")
    return [ArrangerLeft(slot_id=slot.id, place_id=slot.place_id, officer_id=slot.officer_id)]


def cancel(slot: Slot, officer_id: UUID, now: datetime) -> list[SlotEvent]:
    """The officer will not come. Raises Forbidden, Refused("slot-not-planned" or "slot-is-over")."""
    _only_by_its_officer(slot, officer_id)
    _moved(slot, "cancel")
    _not_when_over(slot, now)
    return [PresenceCancelled(slot_id=slot.id, place_id=slot.place_id, officer_id=slot.officer_id)]


def ring(slot: Slot, now: datetime) -> list[SlotEvent]:
    """What has happened by itself by now: nobody came, or nobody said goodbye. Nothing where neither is so (yet)."""
    if slot.rings_at is None or now < slot.rings_at:
        return []
    if slot.status is SlotStatus.PLANNED:
        return [PresenceMissed(slot_id=slot.id, place_id=slot.place_id, officer_id=slot.officer_id)]
    return [_gone_by_itself(slot)]


def evolve(slot: Slot | None, event: SlotEvent) -> Slot:
    """The slot after an event; None before its announcement."""
    if isinstance(event, PresenceAnnounced):
        return _announced(event)
    assert slot is not None
    match event:
        case PresenceMoved():
            place_id, starts_at, ends_at = event.place_id, event.starts_at, event.ends_at
            after = replace(slot, place_id=place_id, starts_at=starts_at, ends_at=ends_at)
        case ArrangerArrived():
            how = How(event.how)
            after = replace(slot, status=_moved(slot, "claim" if how is How.CLAIMED else "arrive"), arrived_how=how)
        case ArrangerLeft():
            after = replace(slot, status=_moved(slot, "leave"))
        case PresenceMissed():
            after = replace(slot, status=_moved(slot, "miss"))
        case PresenceCancelled():
            after = replace(slot, status=_moved(slot, "cancel"))
    return replace(after, version=slot.version + 1)


def _announced(event: PresenceAnnounced) -> Slot:
    return Slot(
        id=event.slot_id,
        officer_id=event.officer_id,
        place_id=event.place_id,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        themes=tuple(event.themes),
        series_id=event.series_id,
        recurs_at=event.starts_at if event.series_id else None,
    )


def _gone_by_itself(slot: Slot) -> ArrangerLeft:
    return ArrangerLeft(slot_id=slot.id, place_id=slot.place_id, officer_id=slot.officer_id, by_itself=True)


def _only_by_its_officer(slot: Slot, officer_id: UUID) -> None:
    if slot.officer_id != officer_id:
        raise Forbidden("not-your-slot", "Only the officer who announced this slot may change it.")


def _moved(slot: Slot, verb: str) -> SlotStatus:
    allowed, after = MOVES[verb]
    if slot.status not in allowed:
        needed = SlotStatus.ARRIVED if verb == "leave" else SlotStatus.PLANNED
        states = " or ".join(sorted(allowed))
        raise Refused(f"slot-not-{needed}", f"To {verb}, a slot must be {states}; it is {slot.status}.")
    return after


def _not_too_early(slot: Slot, moment: datetime) -> None:
    if moment < slot.starts_at - EARLIEST_ARRIVAL:
        raise Refused("too-early", "Arrive at most 30 minutes before the slot starts.", startsAt=slot.starts_at)


def _not_when_over(slot: Slot, moment: datetime) -> None:
    if moment >= slot.ends_at:
        raise Refused("slot-is-over", "This slot has ended.", endsAt=slot.ends_at)
