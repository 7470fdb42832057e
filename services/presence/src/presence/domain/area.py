"""The municipality's area, and whether a point lies in it. Points are (longitude, latitude) in degrees, WGS 84.

A straight line on the map between two points of a border is taken as the border: at the size of a municipality that
differs from the shortest line over the earth by metres.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from dorpsplein.errors import Refused

Position = tuple[float, float]
Ring = Sequence[Position]
Polygon = Sequence[Ring]
"""An outer ring, and rings of what is left out; each ends where it begins."""
Edge = tuple[Position, Position]

BANDS = 256
"""Into how many strips of latitude an area is cut, so that a point is held against the edges of its own strip only."""


@dataclass(frozen=True, slots=True)
class Area:
    """Polygons, together one area. Raises ValueError for one without a point, or with a ring that is not closed."""

    polygons: Sequence[Polygon]
    _south: float = field(init=False)
    _north: float = field(init=False)
    _bands: tuple[list[Edge], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        rings = [ring for polygon in self.polygons for ring in polygon]
        if not rings or any(len(ring) < 4 or ring[0] != ring[-1] for ring in rings):
            raise ValueError("an area needs rings of at least four points, each ending where it begins")
        latitudes = [latitude for ring in rings for _, latitude in ring]
        object.__setattr__(self, "_south", min(latitudes))
        object.__setattr__(self, "_north", max(latitudes))
        bands: tuple[list[Edge], ...] = tuple([] for _ in range(BANDS))
        for edge in (edge for ring in rings for edge in pairwise(ring)):
            ends = sorted((self._band(edge[0][1]), self._band(edge[1][1])))
            for band in range(ends[0], ends[1] + 1):
                bands[band].append(edge)
        object.__setattr__(self, "_bands", bands)

    def holds(self, latitude: float, longitude: float) -> bool:
        """Tell whether a point lies inside, by the even-odd rule: a line from it crosses the border an odd number of
        times. What lies on the border itself may be told either way.
        """
        if not self._south <= latitude <= self._north:
            return False
        crossed = False
        for (x1, y1), (x2, y2) in self._bands[self._band(latitude)]:
            if (y1 > latitude) != (y2 > latitude) and longitude < (x2 - x1) * (latitude - y1) / (y2 - y1) + x1:
                crossed = not crossed
        return crossed

    def _band(self, latitude: float) -> int:
        height = self._north - self._south
        return min(BANDS - 1, int((latitude - self._south) / height * BANDS)) if height else 0


def box(west: float, south: float, east: float, north: float) -> Area:
    """The area between two meridians and two parallels."""
    return Area([[[(west, south), (east, south), (east, north), (west, north), (west, south)]]])


NETHERLANDS = box(3.19, 50.74, 7.23, 53.71)
"""The European Netherlands with its coastal waters: the area of use of Amersfoort / RD New in the EPSG dataset
(https://epsg.io/28992-4833: 3.2, 50.75, 7.22, 53.7), a hundredth of a degree wider, as those figures are rounded."""


def refuse_outside(area: Area, latitude: float, longitude: float) -> None:
    """Refuse a point that does not lie in the area.

    Raises Refused("coordinates-swapped") where the swapped point does, else ("outside-the-municipality").
    """
    if area.holds(latitude, longitude):
        return
    if area.holds(longitude, latitude):
        raise Refused(
            "coordinates-swapped",
            f"Latitude {latitude} and longitude {longitude} lie outside the municipality, but swapped they lie inside; "
            "swap them.",
            pointer="/point",
        )
    raise Refused(
        "outside-the-municipality",
        f"Latitude {latitude}, longitude {longitude} lies outside the municipality; look the point up on a map.",
        pointer="/point",
    )
