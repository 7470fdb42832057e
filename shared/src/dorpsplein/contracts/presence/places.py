"""Places: where civil servants can be found, instead of a town hall."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from dorpsplein.envelope import Event, Key, NotPersonal, Published


class PlaceAdded(Event, type="nl.participatie.places.place-added.v1", topic="presence.place"):
    """A place where civil servants can be found."""

    place_id: Annotated[UUID, Key, NotPersonal]
    kind: Annotated[str, NotPersonal]
    latitude: Annotated[float, NotPersonal]
    longitude: Annotated[float, NotPersonal]
    neighbourhood: Annotated[str | None, NotPersonal] = None


class PlaceChanged(Event, type="nl.participatie.places.place-changed.v1", topic="presence.place"):
    """What is known of a place was changed; `changed` names the fields. The words stand in the state topic."""

    place_id: Annotated[UUID, Key, NotPersonal]
    changed: Annotated[list[str], NotPersonal]
    kind: Annotated[str, NotPersonal]
    latitude: Annotated[float, NotPersonal]
    longitude: Annotated[float, NotPersonal]
    neighbourhood: Annotated[str | None, NotPersonal] = None


class PlaceClosed(Event, type="nl.participatie.places.place-closed.v1", topic="presence.place"):
    """Nobody can be found there any more; `reason` is a code. What was announced there stands until it is moved."""

    place_id: Annotated[UUID, Key, NotPersonal]
    reason: Annotated[str, NotPersonal]


class PlaceState(Event, type="nl.participatie.places.place-state.v1", topic="presence.place.state"):
    """The latest public view of a place.

    `opening_hours` has windows such as `09:00-17:30`, in local time, by day (`mo` to `su`); `accessibility` says of
    `step-free`, `hearing-loop` and `quiet-room` whether they are there, and nothing of what is not known.
    """

    place_id: Annotated[UUID, Key, NotPersonal]
    name: Annotated[str, Published]
    address: Annotated[str, Published]
    kind: Annotated[str, NotPersonal]
    latitude: Annotated[float, NotPersonal]
    longitude: Annotated[float, NotPersonal]
    neighbourhood: Annotated[str | None, NotPersonal] = None
    opening_hours: Annotated[dict[str, list[str]], NotPersonal] = Field(default_factory=dict)
    accessibility: Annotated[dict[str, bool], NotPersonal] = Field(default_factory=dict)
    host: Annotated[str | None, Published] = None
    capacity: Annotated[int | None, NotPersonal] = None
    closed: Annotated[bool, NotPersonal] = False


EVENTS = (
    PlaceAdded,
    PlaceChanged,
    PlaceClosed,
    PlaceState,
)
