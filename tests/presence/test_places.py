"""Places over HTTP, on a real database."""

from uuid import uuid4

from tests.presence.conftest import CANTEEN, Presence

from dorpsplein.contracts.presence.places import PlaceAdded, PlaceState


async def test_a_place_is_added_and_said(presence: Presence) -> None:
    answer = await presence.post("/places", CANTEEN)
    assert answer.status_code == 201
    place = answer.json()
    assert answer.headers["Location"] == f"/v1/places/{place['id']}"
    assert (await presence.get(f"/places/{place['id']}")).json() == {
        **CANTEEN,
        "id": place["id"],
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
