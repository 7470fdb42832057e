"""Files of places, as GeoJSON (RFC 7946) or CSV (RFC 4180, also with `;`): what each line tells, and every fault."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn
from uuid import UUID

from geojson_pydantic import Feature, Point
from pydantic import ValidationError

from dorpsplein.errors import Refused
from presence.commands.place_fields import PlaceFields
from presence.domain.area import Area, refuse_outside
from presence.domain.opening_hours import Day
from presence.domain.place_imports import Fault, Format, fault_of
from presence.domain.places import Place

REQUIRED = ("name", "address", "kind", "latitude", "longitude")
YES_OR_NO = ("stepFree", "hearingLoop", "quietRoom")
COLUMNS = frozenset({*REQUIRED, "neighbourhood", "host", "capacity", *YES_OR_NO, *Day})
"""What a CSV may have, in any order. Opening hours have a column a day, with spaces between windows."""
MEANS = {"yes": True, "ja": True, "true": True, "1": True, "no": False, "nee": False, "false": False, "0": False}

PlaceFeature = Feature[Point, PlaceFields]


class Unreadable(Exception):
    """A file of which not even the lines can be told apart; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a CSV (by the number of its first line) or one feature of a GeoJSON (by its index)."""

    number: int
    told: Any
    decimal_comma: bool = False


def entries(content: bytes, format_: Format) -> list[Entry]:
    """The lines or features of a file, in order. Raises Unreadable."""
    text = _text(content)
    found = _features(text) if format_ is Format.GEOJSON else list(_lines(text))
    if not found:
        _refuse("nothing-in-it", "There is no place in this file.")
    return found


def check(
    lines: Sequence[Entry], format_: Format, area: Area, make_id: Callable[[], UUID]
) -> Iterator[tuple[Entry, Place | list[Fault]]]:
    """What each line tells: a place of the area with a new id, or everything that is wrong with the line."""
    read = _feature if format_ is Format.GEOJSON else _line
    for entry in lines:
        try:
            fields, latitude, longitude = read(entry)
            _refuse_other_units(latitude, longitude)
            place = fields.place(make_id(), latitude, longitude)
            refuse_outside(area, latitude, longitude)
            yield entry, place
        except ValidationError as fault:
            yield entry, [one.at(format_, entry.number) for one in _faults(fault, format_)]
        except Refused as refusal:
            one = fault_of(refusal)
            yield entry, [replace(one, pointer=_pointer(one.pointer, format_)).at(format_, entry.number)]


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        _refuse("not-utf-8", f"Byte {fault.start} is no UTF-8; save the file as UTF-8.", line=line)


def _refuse(code: str, detail: str, **where: Any) -> NoReturn:
    raise Unreadable(Fault(code, detail, **where))


def _features(text: str) -> list[Entry]:
    try:
        document = json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as fault:
        _refuse("not-json", f"{fault.msg} in column {fault.colno}.", line=fault.lineno)
    except (ValueError, RecursionError) as fault:
        _refuse("not-json", f"This is no JSON that can be read: {str(fault)[:200]}.")
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        _refuse("no-feature-collection", 'Send a GeoJSON object with "type": "FeatureCollection".', pointer="/type")
    if not isinstance(document.get("features"), list):
        _refuse("no-feature-collection", "A FeatureCollection has a list of features.", pointer="/features")
    return [Entry(number, feature) for number, feature in enumerate(document["features"])]


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _lines(text: str) -> Iterator[Entry]:
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 1
    try:
        names = [name.strip() for name in next(rows, [])]
        _refuse_header(names)
        number = rows.line_num + 1
        for row in rows:
            if any(cell.strip() for cell in row):
                yield Entry(number, _cells(names, row), decimal_comma=delimiter == ";")
            number = rows.line_num + 1
    except csv.Error as fault:
        _refuse("not-csv", f"This line cannot be read: {fault}.", line=number)


def _refuse_header(names: Sequence[str]) -> None:
    if missing := [name for name in REQUIRED if name not in names]:
        _refuse("columns-missing", f"The header lacks {', '.join(missing)}.", line=1)
    if unknown := [name for name in names if name not in COLUMNS]:
        there = ", ".join(sorted(COLUMNS))
        _refuse("columns-unknown", f"No column is called {', '.join(unknown)[:200] or '(empty)'}; use {there}.", line=1)
    if len(set(names)) < len(names):
        _refuse("columns-twice", "A column stands in the header twice.", line=1)


def _cells(names: Sequence[str], row: Sequence[str]) -> Mapping[str, str] | None:
    """What stands in the cells that are not empty; None where their number is not that of the header."""
    if len(row) != len(names):
        return None
    return {name: cell.strip() for name, cell in zip(names, row, strict=True) if cell.strip()}


def _feature(entry: Entry) -> tuple[PlaceFields, float, float]:
    feature = PlaceFeature.model_validate(entry.told)
    if feature.geometry is None:
        raise Refused("point-missing", "A place has a point as its geometry.", pointer="/geometry")
    if feature.properties is None:
        raise Refused("properties-missing", "A place has a name, an address and a kind.", pointer="/properties")
    longitude, latitude = feature.geometry.coordinates[:2]
    return feature.properties, latitude, longitude


def _line(entry: Entry) -> tuple[PlaceFields, float, float]:
    cells = entry.told
    if cells is None:
        raise Refused("cells-do-not-fit", "This line has more or fewer cells than the header.")
    plain = ("name", "address", "kind", "neighbourhood", "host")
    told: dict[str, Any] = {name: cells[name] for name in plain if name in cells}
    if capacity := cells.get("capacity"):
        told["capacity"] = int(capacity) if capacity.isascii() and capacity.isdecimal() else capacity
    told["accessibility"] = {name: MEANS.get(cells[name].lower(), cells[name]) for name in YES_OR_NO if name in cells}
    told["openingHours"] = {day: cells[day].split() for day in Day if day in cells}
    fields = PlaceFields.model_validate(told)
    return fields, _degrees(entry, "latitude"), _degrees(entry, "longitude")


def _degrees(entry: Entry, name: str) -> float:
    text = entry.told.get(name, "")
    try:
        return float(text.replace(",", ".", 1) if entry.decimal_comma else text)
    except ValueError as fault:
        raise Refused("not-a-number", f"{text[:40]!r} is no number of degrees.", pointer=f"/{name}") from fault


def _refuse_other_units(latitude: float, longitude: float) -> None:
    """Most files that are wrong everywhere are in metres of Rijksdriehoek: that is said as it is."""
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        detail = f"{latitude}, {longitude} are no latitude and longitude; give degrees in WGS 84 (EPSG:4326)."
        raise Refused("not-degrees", detail, pointer="/point")


def _faults(fault: ValidationError, format_: Format) -> list[Fault]:
    """Every fault of a line; of a geometry that is no point, one, and not one for each way to be a point."""
    told: dict[str, Fault] = {}
    for error in fault.errors(include_url=False, include_input=False, include_context=False):
        location = error["loc"][:1] if error["loc"][:1] == ("geometry",) else error["loc"]
        pointer = "".join(f"/{part}" for part in location)
        detail = "A place has a point as its geometry." if pointer == "/geometry" else error["msg"]
        if format_ is Format.CSV:
            pointer = _pointer(pointer, format_)
        told.setdefault(pointer, Fault(error["type"].replace("_", "-"), detail, pointer))
    return list(told.values())


def _pointer(pointer: str, format_: Format) -> str:
    """Where in a line or feature something stands that is called otherwise in a request."""
    if format_ is Format.CSV:
        head, *rest = pointer.removeprefix("/").split("/")
        return f"/{rest[0]}" if head in {"openingHours", "accessibility"} and rest else pointer
    if pointer == "/point":
        return "/geometry/coordinates"
    return f"/properties{pointer}" if pointer.startswith("/openingHours") else pointer
