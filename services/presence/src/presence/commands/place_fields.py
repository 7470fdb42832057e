"""What is told of a place, as a request or a line of a file tells it."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt, StringConstraints

from dorpsplein.fields import Body, Code, Line
from presence.domain.opening_hours import Day, opening_hours
from presence.domain.places import Place, PlaceKind

MOST_WINDOWS = 24

Window = Annotated[str, StringConstraints(max_length=20)]


class Accessibility(Body):
    """What is known to be there or not; what is left out is not known."""

    step_free: StrictBool | None = None
    hearing_loop: StrictBool | None = None
    quiet_room: StrictBool | None = None

    @property
    def known(self) -> dict[str, bool]:
        """What is known, by code."""
        told = {"step-free": self.step_free, "hearing-loop": self.hearing_loop, "quiet-room": self.quiet_room}
        return {code: there for code, there in told.items() if there is not None}


class PlaceFields(Body):
    """All there is to tell of a place but where it is.

    `openingHours` has windows such as `09:00-17:30`, in local time, by day (`mo` to `su`); `host` is an organisation.
    """

    name: Line
    address: Line
    kind: PlaceKind
    neighbourhood: Code | None = None
    opening_hours: dict[Day, Annotated[list[Window], Field(max_length=MOST_WINDOWS)]] = Field(default_factory=dict)
    accessibility: Accessibility = Accessibility()
    host: Line | None = None
    capacity: Annotated[StrictInt, Field(gt=0, le=1_000_000)] | None = None

    def place(self, place_id: UUID, latitude: float, longitude: float) -> Place:
        """The place that is told of. Raises Refused("opening-hours-not-valid")."""
        return Place(
            id=place_id,
            name=self.name,
            address=self.address,
            kind=self.kind,
            latitude=latitude,
            longitude=longitude,
            neighbourhood=self.neighbourhood,
            opening_hours=opening_hours(self.opening_hours),
            accessibility=self.accessibility.known,
            host=self.host,
            capacity=self.capacity,
        )
