"""What readers see of places: one by one, in lists, and on a map."""

from collections.abc import Mapping
from typing import Any, Self
from uuid import UUID

import asyncpg
from pydantic_core import to_json

from dorpsplein.fields import Point, View
from presence.domain.places import ClosingReason, Place, PlaceStatus
from presence.storage.places import place_of


class AccessibilityView(View):
    """What is there, and what is not; null where that is not known."""

    step_free: bool | None
    hearing_loop: bool | None
    quiet_room: bool | None

    @classmethod
    def of(cls, known: Mapping[str, bool]) -> Self:
        """The view of what is known, by code."""
        return cls(
            step_free=known.get("step-free"),
            hearing_loop=known.get("hearing-loop"),
            quiet_room=known.get("quiet-room"),
        )


class PlaceView(View):
    """A place; `distanceMeters` is there when asked for places near a point, `closedReason` once it is closed."""

    id: UUID
    name: str
    address: str
    kind: str
    point: Point
    neighbourhood: str | None
    opening_hours: dict[str, list[str]]
    accessibility: AccessibilityView
    host: str | None
    capacity: int | None
    status: PlaceStatus
    closed_reason: ClosingReason | None
    version: int
    distance_meters: int | None = None

    @classmethod
    def of(cls, place: Place, distance: float | None = None) -> Self:
        """The view of a place, so many metres away."""
        return cls(
            id=place.id,
            name=place.name,
            address=place.address,
            kind=place.kind,
            point=Point(latitude=place.latitude, longitude=place.longitude),
            neighbourhood=place.neighbourhood,
            opening_hours={day: list(windows) for day, windows in place.opening_hours.items()},
            accessibility=AccessibilityView.of(place.accessibility),
            host=place.host,
            capacity=place.capacity,
            status=place.status,
            closed_reason=place.closed_reason,
            version=place.version,
            distance_meters=None if distance is None else round(distance),
        )

    @classmethod
    def of_row(cls, row: asyncpg.Record) -> Self:
        """The view of a place's row in a list."""
        return cls.of(place_of(row), row["distance"])


def feature(row: asyncpg.Record) -> bytes:
    """A place as a GeoJSON feature, which an import takes as it is: what is not known is left out."""
    place = place_of(row)
    accessibility = AccessibilityView.of(place.accessibility).model_dump(exclude_none=True)
    properties: dict[str, Any] = {
        "name": place.name,
        "address": place.address,
        "kind": place.kind,
        "neighbourhood": place.neighbourhood,
        "openingHours": place.opening_hours or None,
        "accessibility": accessibility or None,
        "host": place.host,
        "capacity": place.capacity,
    }
    return to_json(
        {
            "type": "Feature",
            "id": place.id,
            "geometry": {"type": "Point", "coordinates": [place.longitude, place.latitude]},
            "properties": {name: value for name, value in properties.items() if value is not None},
        }
    )
