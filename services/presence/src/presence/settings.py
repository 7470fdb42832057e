"""What an operator may set for presence, beside what every service has."""

from functools import cached_property
from pathlib import Path
from typing import Self
from uuid import UUID

from geojson_pydantic import Feature, FeatureCollection, MultiPolygon, Polygon
from pydantic import Field, TypeAdapter, ValidationError, model_validator

from dorpsplein.settings import Settings
from presence.domain.area import NETHERLANDS, Area
from presence.domain.knobs import Knobs

Shape = Polygon | MultiPolygon
AreaFile: TypeAdapter[Shape | Feature[Shape, dict[str, object]] | FeatureCollection[Feature[Shape, dict[str, object]]]]
AreaFile = TypeAdapter(Shape | Feature[Shape, dict[str, object]] | FeatureCollection[Feature[Shape, dict[str, object]]])


class PresenceSettings(Settings):
    """What holds until the community turns the knobs of the fund `knobs_fund`.

    A session keeps a seat for `no_show_minutes` after its start for who is not there yet; a request for a session
    stands open for `request_days`. `municipality_area` is a GeoJSON file with the polygons in which places may lie;
    without it they may lie anywhere in the European Netherlands.
    """

    knobs_fund: UUID | None = None
    no_show_minutes: int = Field(15, ge=5, le=60)
    request_days: int = Field(90, ge=7, le=365)
    municipality_area: Path | None = None

    @property
    def knobs(self) -> Knobs:
        """The knobs as long as nobody turned one."""
        return Knobs(self.no_show_minutes, self.request_days)

    @cached_property
    def area(self) -> Area:
        """The municipality's area, read once. Raises ValueError for a file that does not say it."""
        return NETHERLANDS if self.municipality_area is None else read_area(self.municipality_area)

    @model_validator(mode="after")
    def _readable_area(self) -> Self:
        _ = self.area
        return self


def read_area(path: Path) -> Area:
    """The area in a GeoJSON file: a Polygon, a MultiPolygon, or features of these, in degrees.

    Raises ValueError, which says what is wrong with which file.
    """
    needed = "it must hold a GeoJSON Polygon or MultiPolygon (or features of these), longitude before latitude"
    try:
        document = AreaFile.validate_json(path.read_bytes())
    except OSError as fault:
        raise ValueError(f"municipality_area {path} cannot be read: {fault.strerror}") from fault
    except ValidationError as fault:
        raise ValueError(f"municipality_area {path} is not usable: {needed}") from fault
    features = document.features if isinstance(document, FeatureCollection) else [document]
    shapes = [one.geometry if isinstance(one, Feature) else one for one in features]
    polygons = [
        [[(position[0], position[1]) for position in ring] for ring in polygon]
        for shape in shapes
        if shape is not None
        for polygon in ([shape.coordinates] if isinstance(shape, Polygon) else shape.coordinates)
    ]
    positions = [position for polygon in polygons for ring in polygon for position in ring]
    if not positions or any(abs(longitude) > 180 or abs(latitude) > 90 for longitude, latitude in positions):
        raise ValueError(f"municipality_area {path} is not usable: {needed}, in degrees (WGS 84)")
    return Area(polygons)
