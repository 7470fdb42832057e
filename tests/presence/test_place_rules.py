"""Places, their hours, their area and their facilities: the rules on their own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dorpsplein.contracts.presence.facilities import FacilityOffered
from dorpsplein.errors import Refused
from presence.domain import facilities, place_imports, places
from presence.domain.area import NETHERLANDS, Area, box, refuse_outside
from presence.domain.facilities import Facility, FacilityKind, WithdrawalReason
from presence.domain.opening_hours import Day, opening_hours
from presence.domain.place_imports import ImportStatus
from presence.domain.places import ClosingReason, Place
from presence.settings import PresenceSettings, read_area

PLACE = Place(UUID(int=1), "De Goal", "Sportlaan 1", "sports-canteen", 52.0, 5.0)
HALL = Facility(UUID(int=2), PLACE.id, "dorpshuis-zaal", FacilityKind.ROOM, "De zaal", capacity=40)
RING = [(4.0, 52.0), (6.0, 52.0), (6.0, 53.0), (4.0, 53.0), (4.0, 52.0)]
HOLE = [(4.5, 52.2), (5.5, 52.2), (5.5, 52.8), (4.5, 52.8), (4.5, 52.2)]


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(Refused) as caught:
        yield
    assert caught.value.code == code


def test_opening_hours_are_kept_in_order_of_the_week_without_empty_days() -> None:
    told = {Day.SUNDAY: ["10:00-24:00"], Day.MONDAY: ["09:00-12:00", "12:00-17:30"], Day.FRIDAY: []}
    assert list(opening_hours(told).items()) == [("mo", ("09:00-12:00", "12:00-17:30")), ("su", ("10:00-24:00",))]


@pytest.mark.parametrize(
    ("windows", "at"),
    [
        (["9:00-12:00"], 0),
        (["09:00 - 12:00"], 0),
        (["09:00-25:00"], 0),
        (["24:00-24:00"], 0),
        (["09:60-12:00"], 0),
        (["٠٩:00-12:00"], 0),
        (["12:00-12:00"], 0),
        (["22:00-02:00"], 0),
        (["09:00-12:00", "11:59-13:00"], 1),
        (["13:00-17:00", "09:00-12:00"], 1),
        (["09:00-12:00", "09:00-12:00"], 1),
        (["closed"], 0),
    ],
)
def test_opening_hours_that_cannot_be_say_which_window(windows: list[str], at: int) -> None:
    with pytest.raises(Refused) as caught:
        opening_hours({Day.MONDAY: ["09:00-12:00"], Day.TUESDAY: windows})
    assert (caught.value.code, caught.value.facts["pointer"]) == ("opening-hours-not-valid", f"/openingHours/tu/{at}")


def test_an_area_has_holes_and_islands() -> None:
    island = [(4.9, 52.4), (5.1, 52.4), (5.1, 52.6), (4.9, 52.6), (4.9, 52.4)]
    area = Area([[RING, HOLE], [island]])
    inside = {(52.1, 5.0): True, (52.3, 5.0): False, (52.5, 5.0): True, (52.5, 4.2): True, (53.5, 5.0): False}
    assert {point: area.holds(*point) for point in inside} == inside


@given(st.floats(3.9, 6.1), st.floats(51.9, 53.1), st.integers(3, 40), st.randoms(use_true_random=False))
def test_a_point_is_inside_whatever_corner_a_ring_begins_at_and_whichever_way_it_goes(
    longitude: float, latitude: float, corners: int, random: Any
) -> None:
    """A star around (52.5, 5.0): what is inside is told by the angle and distance of the point, not by crossings."""
    from math import atan2, cos, hypot, pi, sin

    radii = [random.uniform(0.1, 0.5) for _ in range(corners)]
    turns = [2 * pi * n / corners for n in range(corners)]
    star = [(5.0 + r * cos(turn), 52.5 + r * sin(turn)) for r, turn in zip(radii, turns, strict=True)]
    angle = atan2(latitude - 52.5, longitude - 5.0) % (2 * pi)
    piece = int(angle / (2 * pi) * corners) % corners
    (x1, y1), (x2, y2) = star[piece], star[(piece + 1) % corners]
    cross = (x2 - x1) * (latitude - y1) - (y2 - y1) * (longitude - x1)
    expected = cross > 0
    if abs(cross) < 1e-9 or hypot(longitude - 5, latitude - 52.5) < 1e-9:
        return
    start = random.randrange(corners)
    ring = star[start:] + star[:start]
    if random.random() < 0.5:
        ring.reverse()
    assert Area([[[*ring, ring[0]]]]).holds(latitude, longitude) == expected


def test_a_slanting_border_is_seen_at_every_height() -> None:
    roof = Area([[[(4.0, 52.0), (6.0, 52.0), (5.0, 53.0), (4.0, 52.0)]]])
    for step in range(1, 2_000):
        rise = step / 2_001
        edge = 1 - rise
        across = [(-edge - 1e-6, False), (-edge + 1e-6, True), (0.0, True), (edge - 1e-6, True), (edge + 1e-6, False)]
        assert [(east, roof.holds(52 + rise, 5 + east)) for east, _ in across] == across


def test_the_netherlands_hold_their_corners_and_not_their_neighbours() -> None:
    """Vaals, Cadzand, Rottumeroog, Bad Nieuweschans; Brussels, London, Bremen, Paramaribo."""
    corners = [(50.77, 6.02), (51.37, 3.41), (53.54, 6.58), (53.18, 7.21)]
    abroad = [(50.70, 4.35), (51.51, -0.13), (53.08, 8.80), (5.85, -55.20)]
    assert [NETHERLANDS.holds(*point) for point in corners + abroad] == [True] * 4 + [False] * 4


def test_a_point_outside_is_refused_and_a_swapped_one_is_called_so() -> None:
    refuse_outside(NETHERLANDS, 52.37, 4.89)
    with refused("coordinates-swapped"):
        refuse_outside(NETHERLANDS, 4.89, 52.37)
    with refused("outside-the-municipality"):
        refuse_outside(NETHERLANDS, 48.85, 2.35)
    with refused("outside-the-municipality"):
        refuse_outside(box(5.0, 52.0, 5.1, 52.1), 52.37, 4.89)


POLYGON = {"type": "Polygon", "coordinates": [RING, HOLE]}
MULTI = {"type": "MultiPolygon", "coordinates": [[RING, HOLE]]}
FEATURE = {"type": "Feature", "geometry": MULTI, "properties": {"naam": "Molendorp"}}


@pytest.mark.parametrize(
    "document", [POLYGON, MULTI, FEATURE, {"type": "FeatureCollection", "features": [FEATURE, FEATURE | {"id": 2}]}]
)
def test_the_area_is_read_once_from_a_file(tmp_path: Path, document: dict[str, Any]) -> None:
    path = tmp_path / "area.geojson"
    features = document.get("features", [])
    path.write_text(json.dumps(document if len(features) < 2 else document | {"features": features[:1]}))
    settings = PresenceSettings(environment="local", municipality_area=path)
    path.unlink()
    assert (settings.area.holds(52.1, 5.0), settings.area.holds(52.5, 5.0)) == (True, False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        json.dumps({"type": "Point", "coordinates": [5, 52]}),
        json.dumps({"type": "Polygon", "coordinates": []}),
        json.dumps({"type": "Polygon", "coordinates": [RING[:3]]}),
        json.dumps({"type": "FeatureCollection", "features": []}),
        json.dumps({"type": "Polygon", "coordinates": [[[155_000, 463_000], [1, 2], [3, 4], [155_000, 463_000]]]}),
    ],
)
def test_an_area_that_is_not_usable_stops_the_service_with_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "area.geojson"
    path.write_text(text)
    with pytest.raises(ValidationError, match=r"municipality_area .*area\.geojson is not usable"):
        PresenceSettings(environment="local", municipality_area=path)
    with pytest.raises(ValueError, match="cannot be read"):
        read_area(tmp_path / "nowhere")


def test_a_change_names_what_differs_and_nothing_happens_where_nothing_does() -> None:
    assert places.change(PLACE, replace(PLACE, id=UUID(int=9)), NETHERLANDS) == (PLACE, None)
    after, fact = places.change(PLACE, replace(PLACE, capacity=3, opening_hours={"mo": ("09:00-12:00",)}), NETHERLANDS)
    assert fact is not None
    assert (after.version, fact.changed) == (2, ["openingHours", "capacity"])


def test_what_was_ended_is_not_changed_or_ended_again() -> None:
    closed, fact = places.close(PLACE, ClosingReason.MOVED)
    assert (fact.reason, closed.version, closed.state.closed) == ("moved", 2, True)
    withdrawn, gone = facilities.withdraw(HALL, WithdrawalReason.NOT_SAFE)
    assert (gone.code, gone.reason, withdrawn.version, withdrawn.state.offered) == (HALL.code, "not-safe", 2, False)
    with refused("place-closed"):
        places.close(closed, ClosingReason.OTHER)
    with refused("place-closed"):
        places.change(closed, PLACE, NETHERLANDS)
    with refused("place-closed"):
        facilities.offer(HALL, closed)
    with refused("facility-withdrawn"):
        facilities.withdraw(withdrawn, WithdrawalReason.OTHER)
    with refused("facility-withdrawn"):
        facilities.change(withdrawn, name="Other", description=None, capacity=None)


def test_a_facility_is_offered_without_its_words_in_the_fact() -> None:
    fact = facilities.offer(HALL, PLACE)
    assert fact == FacilityOffered(
        facility_id=HALL.id, place_id=PLACE.id, code="dorpshuis-zaal", kind="room", capacity=40
    )
    assert facilities.change(HALL, name=HALL.name, description=None, capacity=40) is HALL
    assert facilities.change(HALL, name="Grote zaal", description="Licht", capacity=None).version == 2


def test_an_import_goes_one_way() -> None:
    lives = {(before, verb) for verb, (sources, _) in place_imports.MOVES.items() for before in sources}
    for status in ImportStatus:
        for verb in place_imports.MOVES:
            if (status, verb) not in lives:
                with refused(f"illegal-import-{verb}"):
                    place_imports.moved(status, verb)
    assert place_imports.moved(ImportStatus.ADDING, "finish") is ImportStatus.DONE
