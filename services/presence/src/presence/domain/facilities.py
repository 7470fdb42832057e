"""Facilities: rooms and tools of places, which can be promised as means: minutes of the resource `SLOT/<code>`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from dorpsplein.contracts.presence.facilities import FacilityOffered, FacilityState, FacilityWithdrawn
from dorpsplein.errors import Refused
from presence.domain.places import Place, refuse_closed


class FacilityKind(StrEnum):
    """What it is."""

    ROOM = "room"
    TOOL = "tool"


class FacilityStatus(StrEnum):
    """Where a facility is in its life."""

    OFFERED = "offered"
    WITHDRAWN = "withdrawn"


class WithdrawalReason(StrEnum):
    """Why it can be promised no more. A closed list: it stands in a fact that is kept for ever."""

    NO_LONGER_AVAILABLE = "no-longer-available"
    NOT_SAFE = "not-safe"
    ADDED_BY_MISTAKE = "added-by-mistake"
    PLACE_CLOSED = "place-closed"
    OTHER = "other"


MOVES: Mapping[str, tuple[frozenset[FacilityStatus], FacilityStatus]] = {
    "withdraw": (frozenset({FacilityStatus.OFFERED}), FacilityStatus.WITHDRAWN),
}
"""What may be done, from which statuses, and where it leads."""


@dataclass(frozen=True, slots=True)
class Facility:
    """A room or a tool of a place. Its code means it alone, for ever."""

    id: UUID
    place_id: UUID
    code: str
    kind: FacilityKind
    name: str
    description: str | None = None
    capacity: int | None = None
    status: FacilityStatus = FacilityStatus.OFFERED
    withdrawn_reason: WithdrawalReason | None = None
    version: int = 1

    @property
    def state(self) -> FacilityState:
        """Its public view."""
        return FacilityState(
            facility_id=self.id,
            place_id=self.place_id,
            code=self.code,
            kind=self.kind,
            name=self.name,
            description=self.description,
            capacity=self.capacity,
            offered=self.status is FacilityStatus.OFFERED,
        )


def offer(facility: Facility, place: Place) -> FacilityOffered:
    """Offer a room or a tool of a place. Raises Refused("place-closed")."""
    refuse_closed(place)
    return FacilityOffered(
        facility_id=facility.id,
        place_id=facility.place_id,
        code=facility.code,
        kind=facility.kind,
        capacity=facility.capacity,
    )


def change(facility: Facility, *, name: str, description: str | None, capacity: int | None) -> Facility:
    """Tell anew what it is called, what it is like and how many it holds; the same where nothing differs.

    Raises Refused("facility-withdrawn").
    """
    _moved(facility, "withdraw")
    after = replace(facility, name=name, description=description, capacity=capacity)
    return facility if after == facility else replace(after, version=facility.version + 1)


def withdraw(facility: Facility, reason: WithdrawalReason) -> tuple[Facility, FacilityWithdrawn]:
    """It can be promised no more; what was promised stands. Raises Refused("facility-withdrawn")."""
    status = _moved(facility, "withdraw")
    after = replace(facility, status=status, withdrawn_reason=reason, version=facility.version + 1)
    fact = FacilityWithdrawn(facility_id=facility.id, place_id=facility.place_id, code=facility.code, reason=reason)
    return after, fact


def _moved(facility: Facility, verb: str) -> FacilityStatus:
    allowed, after = MOVES[verb]
    if facility.status not in allowed:
        raise Refused("facility-withdrawn", f"{facility.code} was withdrawn; nothing of it changes any more.")
    return after
