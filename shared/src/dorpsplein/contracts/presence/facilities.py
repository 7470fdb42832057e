"""Facilities: rooms and tools of places, which can be promised as means."""

from typing import Annotated
from uuid import UUID

from dorpsplein.envelope import Event, Key, NotPersonal, Published


class FacilityOffered(Event, type="nl.participatie.facilities.facility-offered.v1", topic="presence.facility"):
    """A room or a tool of a place can be promised as means: minutes of the resource `SLOT/<code>`.

    `kind` is `room` or `tool`. A code means one facility in this municipality, for ever.
    """

    facility_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID, NotPersonal]
    code: Annotated[str, NotPersonal]
    kind: Annotated[str, NotPersonal]
    capacity: Annotated[int | None, NotPersonal] = None


class FacilityWithdrawn(Event, type="nl.participatie.facilities.facility-withdrawn.v1", topic="presence.facility"):
    """It can be promised no more; what was promised stands. `reason` is a code."""

    facility_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID, NotPersonal]
    code: Annotated[str, NotPersonal]
    reason: Annotated[str, NotPersonal]


class FacilityState(Event, type="nl.participatie.facilities.facility-state.v1", topic="presence.facility.state"):
    """The latest public view of a facility."""

    facility_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID, NotPersonal]
    code: Annotated[str, NotPersonal]
    kind: Annotated[str, NotPersonal]
    name: Annotated[str, Published]
    description: Annotated[str | None, Published] = None
    capacity: Annotated[int | None, NotPersonal] = None
    offered: Annotated[bool, NotPersonal] = True


EVENTS = (
    FacilityOffered,
    FacilityWithdrawn,
    FacilityState,
)
