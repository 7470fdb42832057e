"""Places over HTTP, on a real database."""

import json
from typing import Any
from uuid import uuid4

from geojson_pydantic import FeatureCollection
from tests.presence.conftest import CANTEEN, Presence, window

from dorpsplein.contracts.presence.facilities import FacilityState, FacilityWithdrawn
from dorpsplein.contracts.presence.places import PlaceAdded, PlaceChanged, PlaceClosed, PlaceState

UNTOLD: dict[str, Any] = {
    "neighbourhood": None,
    "openingHours": {},
    "accessibility": {"stepFree": None, "hearingLoop": None, "quietRoom": None},
    "host": None,
    "capacity": None,
}
IN_FULL: dict[str, Any] = CANTEEN | {
    "neighbourhood": "centrum",
    "openingHours": {"mo": ["09:00-12:00", "13:00-17:30"], "sa": ["10:00-24:00"]},
    "accessibility": {"stepFree": True, "quietRoom": False},
    "host": "v.v. De Goal",
    "capacity": 80,
}


async def test_a_place_is_added_and_said(presence: Presence) -> None:
    answer = await presence.post("/places", CANTEEN)
    assert answer.status_code == 201
    place = answer.json()
    assert answer.headers["Location"] == f"/v1/places/{place['id']}"
    assert (await presence.get(f"/places/{place['id']}")).json() == {
        **CANTEEN,
        **UNTOLD,
        "id": place["id"],
        "status": "open",
        "closedReason": None,
        "version": 1,
        "distanceMeters": None,
    }
    (fact, _, bare), (state, _, body) = await presence.events()
    assert (fact, state) == (PlaceAdded, PlaceState)
    assert b"De Goal" not in (bare or b"")
    assert b"De Goal" in (body or b"")


async def test_the_same_place_is_not_added_twice(presence: Presence) -> None:
    first = await presence.place()
    again = await presence.post("/places", CANTEEN | {"name": "SPORTKANTINE de goal"}, by="otto")
    assert (again.status_code, again.json()["code"], again.json()["placeId"]) == (409, "place-is-there", first)
    assert len(await presence.events()) == 2


async def test_the_same_request_twice_is_one_place(presence: Presence) -> None:
    first = await presence.post("/places", CANTEEN, key="once")
    again = await presence.post("/places", CANTEEN, key="once")
    assert (again.status_code, again.json()) == (201, first.json())
    other = await presence.post("/places", CANTEEN | {"name": "Other"}, key="once")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-key-reused")
    assert len((await presence.get("/places")).json()["items"]) == 1


async def test_places_near_a_point_come_nearest_first_and_those_far_away_not(presence: Presence) -> None:
    for name, north in {"far": 0.5, "near": 0.001, "here": 0.0, "close": 0.002}.items():
        await presence.place(name=name, point={"latitude": 52.0 + north, "longitude": 5.0})
    items = (await presence.get("/places", near="52.0,5.0", radius=1000)).json()["items"]
    assert [(item["name"], item["distanceMeters"]) for item in items] == [("here", 0), ("near", 111), ("close", 223)]


async def test_a_list_is_read_page_by_page_to_its_end(presence: Presence) -> None:
    for number in range(5):
        await presence.place(name=f"place {number}", point={"latitude": 52.0, "longitude": 5.0 + number / 1000})
    for near in ({}, {"near": "52.0,5.0"}):
        items = await presence.pages("/places", limit=2, **near)
        assert [item["name"] for item in items] == [f"place {number}" for number in range(5)]


async def test_places_of_one_kind(presence: Presence) -> None:
    await presence.place()
    school = await presence.place(name="De Regenboog", kind="school")
    for near in ({}, {"near": "52.37,4.89"}):
        items = (await presence.get("/places", kind="school", **near)).json()["items"]
        assert [item["id"] for item in items] == [school]


async def test_an_unknown_place_is_not_found(presence: Presence) -> None:
    for path in (f"/places/{uuid4()}", f"/places/{uuid4()}/presence"):
        answer = await presence.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "place-unknown")


async def test_all_there_is_to_know_of_a_place_is_kept_and_said(presence: Presence) -> None:
    place = await presence.place(**IN_FULL)
    shown = (await presence.get(f"/places/{place}")).json()
    told = IN_FULL | {"accessibility": {"stepFree": True, "hearingLoop": None, "quietRoom": False}}
    assert {name: shown[name] for name in told} == told
    (_, _, fact), (_, _, state) = await presence.events()
    assert json.loads(fact or b"")["neighbourhood"] == "centrum"
    said = json.loads(state or b"")
    assert said["openingHours"] == IN_FULL["openingHours"]
    assert said["accessibility"] == {"step-free": True, "quiet-room": False}
    assert (said["host"], said["capacity"], said["closed"]) == ("v.v. De Goal", 80, False)


async def test_a_place_is_told_anew_by_who_read_its_newest_version(presence: Presence) -> None:
    place = await presence.place(**IN_FULL)
    told = CANTEEN | {"name": "De Nieuwe Goal", "capacity": 90}
    missing = await presence.put(f"/places/{place}", told)
    stale = await presence.put(f"/places/{place}", told, version=7)
    assert (missing.status_code, stale.status_code, stale.json()["code"]) == (428, 412, "place-changed")
    changed = await presence.put(f"/places/{place}", told, version=1, by="otto")
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert changed.json() == (await presence.get(f"/places/{place}")).json()
    assert (changed.json()["name"], changed.json()["openingHours"], changed.json()["host"]) == (
        "De Nieuwe Goal",
        {},
        None,
    )
    (fact, version, body), (state, again, _) = (await presence.events())[2:]
    assert (fact, version, state, again) == (PlaceChanged, 2, PlaceState, 2)
    assert json.loads(body or b"")["changed"] == [
        "name",
        "neighbourhood",
        "openingHours",
        "accessibility",
        "host",
        "capacity",
    ]
    assert b"Nieuwe" not in (body or b"")
    same = await presence.put(f"/places/{place}", told, version=2)
    assert (same.status_code, same.json()["version"]) == (200, 2)
    assert len(await presence.events()) == 4


async def test_a_place_does_not_become_another_that_is_there(presence: Presence) -> None:
    await presence.place()
    other = await presence.place(name="Other")
    answer = await presence.put(f"/places/{other}", CANTEEN, version=1)
    assert (answer.status_code, answer.json()["code"]) == (409, "place-is-there")
    assert (await presence.get(f"/places/{other}")).json()["name"] == "Other"


async def test_a_closed_place_takes_nothing_new_and_stays_to_be_read(presence: Presence) -> None:
    place = await presence.place()
    hall = {"code": "kantine", "kind": "room", "name": "De kantine"}
    facility = (await presence.post(f"/places/{place}/facilities", hall)).json()["id"]
    slot = await presence.slot(place)
    closed = await presence.post(f"/places/{place}/closing", {"reason": "moved"})
    assert (closed.status_code, closed.json()["status"], closed.json()["closedReason"]) == (200, "closed", "moved")
    said = (await presence.events())[5:]
    assert [(event, version) for event, version, _ in said] == [
        (PlaceClosed, 2),
        (PlaceState, 2),
        (FacilityWithdrawn, 2),
        (FacilityState, 2),
    ]
    assert json.loads(said[1][2] or b"")["closed"] is True
    assert json.loads(said[2][2] or b"")["reason"] == "place-closed"
    assert (await presence.get(f"/places/{place}")).json() == closed.json()
    assert (await presence.get(f"/facilities/{facility}")).json()["status"] == "withdrawn"
    for near in ({}, {"near": "52.3702,4.8952"}):
        assert (await presence.get("/places", **near)).json()["items"] == []
        assert (await presence.get("/places/geojson", **near)).json()["features"] == []
    session = {"workingForm": "creative-lab", "question": "What now?"}
    refused = [
        await presence.post("/presence-slots", window(place, 4, 6)),
        await presence.post("/sessions", window(place, 4, 6) | session),
        await presence.post(f"/places/{place}/facilities", hall | {"code": "veld"}),
        await presence.post(f"/places/{place}/closing", {"reason": "other"}),
        await presence.put(f"/places/{place}", IN_FULL, version=2),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(422, "place-closed")}
    assert (await presence.get(f"/presence-slots/{slot}")).json()["status"] == "planned"
    talk = await presence.post("/encounters", {"theme": "green", "consent": "none", "placeId": place})
    assert talk.status_code == 201


async def test_where_a_place_closed_another_of_its_name_may_come(presence: Presence) -> None:
    first = await presence.place()
    await presence.post(f"/places/{first}/closing", {"reason": "added-by-mistake"})
    assert await presence.place() != first


async def test_a_place_lies_in_the_municipality(presence: Presence) -> None:
    for point, code in {
        (4.8952, 52.3702): "coordinates-swapped",
        (48.85, 2.35): "outside-the-municipality",
        (0.0, 0.0): "outside-the-municipality",
    }.items():
        body = CANTEEN | {"point": dict(zip(("latitude", "longitude"), point, strict=True))}
        answer = await presence.post("/places", body)
        assert (answer.status_code, answer.json()["code"], answer.json()["pointer"]) == (422, code, "/point")
    place = await presence.place()
    moved = await presence.put(f"/places/{place}", body, version=1)
    assert moved.json()["code"] == "outside-the-municipality"
    assert len(await presence.events()) == 2


async def test_opening_hours_that_cannot_be_are_refused_with_their_place(presence: Presence) -> None:
    hours = {"mo": ["09:00-12:00"], "th": ["09:00-12:00", "11:00-17:00"]}
    answer = await presence.post("/places", CANTEEN | {"openingHours": hours})
    assert (answer.status_code, answer.json()["code"]) == (422, "opening-hours-not-valid")
    assert answer.json()["pointer"] == "/openingHours/th/1"
    assert await presence.events() == []


async def test_places_of_one_neighbourhood(presence: Presence) -> None:
    await presence.place(neighbourhood="oost")
    west = await presence.place(name="West", neighbourhood="west")
    for near in ({}, {"near": "52.37,4.89"}):
        items = (await presence.get("/places", neighbourhood="west", **near)).json()["items"]
        assert [item["id"] for item in items] == [west]


async def test_places_stand_on_a_map_longitude_first(presence: Presence) -> None:
    place = await presence.place(**IN_FULL)
    await presence.place(name="Far", point={"latitude": 53.0, "longitude": 6.0}, kind="school")
    answer = await presence.get("/places/geojson")
    assert answer.headers["Content-Type"] == "application/geo+json"
    assert len(FeatureCollection.model_validate_json(answer.content).features) == 2
    for chosen in ({"near": "52.37,4.89"}, {"kind": "sports-canteen"}, {"neighbourhood": "centrum"}):
        [feature] = (await presence.get("/places/geojson", **chosen)).json()["features"]
        assert (feature["id"], feature["geometry"]["coordinates"]) == (place, [4.8952, 52.3702])
        assert feature["properties"] == {name: told for name, told in IN_FULL.items() if name != "point"}
    nothing = (await presence.get("/places/geojson", kind="library")).json()
    assert nothing == {"type": "FeatureCollection", "features": []}


async def test_a_map_is_whole_however_many_places_there_are(presence: Presence) -> None:
    await presence.rows(
        "insert into places (id, name, address, kind, latitude, longitude)"
        " select gen_random_uuid(), 'place ' || n, 'street ' || n, 'school', 52 + n / 1e5, 5 + random() / 10"
        " from generate_series(1, 1201) as n"
    )
    nearby: list[dict[str, Any]] = [{}, {"near": "52.0,5.0", "radius": 50_000}]
    for near in nearby:
        features = (await presence.get("/places/geojson", **near)).json()["features"]
        assert len({feature["id"] for feature in features}) == 1201
