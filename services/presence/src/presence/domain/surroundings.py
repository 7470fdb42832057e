"""What is there to refer to: places, and initiatives as far as they are known here."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from uuid import UUID

from dorpsplein.errors import Refused


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a place is: a point in WGS 84, and the code of its neighbourhood where that is known."""

    latitude: float
    longitude: float
    neighbourhood: str | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Which of the places and initiatives that are referred to are there; `places` are the open ones.

    `spots` says where places are, closed ones too.
    """

    places: AbstractSet[UUID] = frozenset()
    initiatives: AbstractSet[UUID] = frozenset()
    withdrawn_initiatives: AbstractSet[UUID] = frozenset()
    closed_places: AbstractSet[UUID] = frozenset()
    spots: Mapping[UUID, Spot] = field(default_factory=dict)


def about_what_is_there(
    around: Surroundings,
    *,
    place_id: UUID | None = None,
    initiative_id: UUID | None = None,
    has_been: bool = False,
) -> None:
    """Refuse what refers to nothing; None refers to nothing on purpose.

    What `has_been` may have been at a place that is closed by now.

    Raises Refused("place-unknown", "place-closed", "initiative-unknown" or "initiative-withdrawn").
    """
    if place_id in around.closed_places and not has_been:
        raise Refused("place-closed", f"Place {place_id} is closed; choose a place that is open.")
    if place_id is not None and place_id not in around.places | around.closed_places:
        raise Refused("place-unknown", f"There is no place {place_id}.")
    if initiative_id is None or initiative_id in around.initiatives:
        return
    if initiative_id in around.withdrawn_initiatives:
        raise Refused("initiative-withdrawn", f"Initiative {initiative_id} was withdrawn.")
    raise Refused("initiative-unknown", f"Initiative {initiative_id} is not known here (yet).")
