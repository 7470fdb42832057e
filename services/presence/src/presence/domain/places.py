"""Places: where civil servants can be found, instead of a town hall."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from dorpsplein.contracts.presence.places import PlaceAdded, PlaceState


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


@dataclass(frozen=True, slots=True)
class Place:
    """A place as the public sees it."""

    id: UUID
    name: str
    address: str
    kind: str
    latitude: float
    longitude: float
    version: int = 1


def add(place: Place) -> list[PlaceAdded | PlaceState]:
    """Add a place: the fact, and its public state with the words."""
    return [
        PlaceAdded(place_id=place.id, kind=place.kind, latitude=place.latitude, longitude=place.longitude),
        PlaceState(
            place_id=place.id,
            name=place.name,
            address=place.address,
            kind=place.kind,
            latitude=place.latitude,
            longitude=place.longitude,
        ),
    ]
