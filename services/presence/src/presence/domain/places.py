"""Places: where civil servants can be found, instead of a town hall.

A closed place takes nothing new; it stays to be read for what happened there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from pydantic.alias_generators import to_camel

from dorpsplein.contracts.presence.places import PlaceAdded, PlaceChanged, PlaceClosed, PlaceState
from dorpsplein.errors import Refused
from presence.domain.area import Area, refuse_outside
from presence.domain.opening_hours import OpeningHours

PlaceFact = PlaceAdded | PlaceChanged | PlaceClosed


class PlaceKind(StrEnum):
    """What sort of place it is to the people who come there."""

    SPORTS_CANTEEN = "sports-canteen"
    MULTIFUNCTIONAL_CENTRE = "multifunctional-centre"
    SCHOOL = "school"
    CARE_HOME = "care-home"
    CULTURE_CENTRE = "culture-centre"
    COMMUNITY_CENTRE = "community-centre"
    LIBRARY = "library"
    MARKET = "market"
    OTHER = "other"


class PlaceStatus(StrEnum):
    """Where a place is in its life."""

    OPEN = "open"
    CLOSED = "closed"


class ClosingReason(StrEnum):
    """Why nobody can be found at a place any more. A closed list: it stands in a fact that is kept for ever."""

    MOVED = "moved"
    NO_LONGER_AVAILABLE = "no-longer-available"
    HARDLY_VISITED = "hardly-visited"
    ADDED_BY_MISTAKE = "added-by-mistake"
    OTHER = "other"


MOVES: Mapping[str, tuple[frozenset[PlaceStatus], PlaceStatus]] = {
    "close": (frozenset({PlaceStatus.OPEN}), PlaceStatus.CLOSED),
}
"""What may be done, from which statuses, and where it leads."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place as the public sees it.

    `accessibility` says of `step-free`, `hearing-loop` and `quiet-room` whether they are there, and nothing of what
    is not known; `host` is the organisation whose place it is.
    """

    id: UUID
    name: str
    address: str
    kind: str
    latitude: float
    longitude: float
    version: int = 1
    neighbourhood: str | None = None
    opening_hours: OpeningHours = field(default_factory=dict)
    accessibility: Mapping[str, bool] = field(default_factory=dict)
    host: str | None = None
    capacity: int | None = None
    closed_reason: ClosingReason | None = None

    @property
    def status(self) -> PlaceStatus:
        """Where it is in its life."""
        return PlaceStatus.OPEN if self.closed_reason is None else PlaceStatus.CLOSED

    @property
    def state(self) -> PlaceState:
        """Its public view."""
        return PlaceState(
            place_id=self.id,
            name=self.name,
            address=self.address,
            kind=self.kind,
            latitude=self.latitude,
            longitude=self.longitude,
            neighbourhood=self.neighbourhood,
            opening_hours={day: list(windows) for day, windows in self.opening_hours.items()},
            accessibility=dict(self.accessibility),
            host=self.host,
            capacity=self.capacity,
            closed=self.status is PlaceStatus.CLOSED,
        )


CONTENT = (
    "name",
    "address",
    "kind",
    "latitude",
    "longitude",
    "neighbourhood",
    "opening_hours",
    "accessibility",
    "host",
    "capacity",
)
"""What can be told of a place, and changed."""


def add(place: Place, area: Area) -> PlaceAdded:
    """Add a place. Raises Refused("coordinates-swapped" or "outside-the-municipality")."""
    refuse_outside(area, place.latitude, place.longitude)
    return PlaceAdded(
        place_id=place.id,
        kind=place.kind,
        latitude=place.latitude,
        longitude=place.longitude,
        neighbourhood=place.neighbourhood,
    )


def change(place: Place, told: Place, area: Area) -> tuple[Place, PlaceChanged | None]:
    """Tell anew all there is to tell of a place: the place after it, and the fact; None where nothing differs.

    Raises Refused("place-closed"), and what `add` raises.
    """
    refuse_closed(place)
    refuse_outside(area, told.latitude, told.longitude)
    changed = [name for name in CONTENT if getattr(place, name) != getattr(told, name)]
    if not changed:
        return place, None
    after = replace(place, version=place.version + 1, **{name: getattr(told, name) for name in changed})
    fact = PlaceChanged(
        place_id=after.id,
        changed=[to_camel(name) for name in changed],
        kind=after.kind,
        latitude=after.latitude,
        longitude=after.longitude,
        neighbourhood=after.neighbourhood,
    )
    return after, fact


def close(place: Place, reason: ClosingReason) -> tuple[Place, PlaceClosed]:
    """Nobody can be found there any more. Raises Refused("place-closed") where it is closed already."""
    allowed, _ = MOVES["close"]
    if place.status not in allowed:
        refuse_closed(place)
    after = replace(place, closed_reason=reason, version=place.version + 1)
    return after, PlaceClosed(place_id=place.id, reason=reason)


def refuse_closed(place: Place) -> None:
    """Raises Refused("place-closed") for a place that is."""
    if place.status is PlaceStatus.CLOSED:
        raise Refused("place-closed", f"{place.name} is closed; choose a place that is open.", placeId=place.id)
