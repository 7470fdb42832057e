"""Presence slots and who is here now, over HTTP on a real database."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from tests.presence.conftest import CANTEEN, NOON, Presence, window
from tests.support import login, person

from dorpsplein.contracts.presence.slots import ArrangerArrived, ArrangerLeft, PresenceAnnounced, PresenceCancelled
from dorpsplein.identity import Role

HOUR = timedelta(hours=1)


async def here(presence: Presence, **query: Any) -> list[tuple[str, str]]:
    answer = await presence.get("/here-now", **query)
    assert answer.status_code == 200, answer.text
    return [(item["slotId"], item["status"]) for item in answer.json()["items"]]


async def test_an_officer_announces_arrives_and_leaves(presence: Presence) -> None:
    place = await presence.place()
    announced = await presence.post("/presence-slots", window(place, 1, 3) | {"themes": ["sport", "youth"]})
    slot = announced.json()
    assert announced.headers["Location"] == f"/v1/presence-slots/{slot['id']}"
    assert slot == {
        "id": slot["id"],
        "officerId": str(person("bram")),
        "placeId": place,
        "startsAt": "2026-05-01T13:00:00Z",
        "endsAt": "2026-05-01T15:00:00Z",
        "themes": ["sport", "youth"],
        "status": "planned",
        "seriesId": None,
        "version": 1,
        "location": announced.headers["Location"],
    }
    for step, status, version in (("arrival", "arrived", 2), ("departure", "left", 3)):
        presence.now += HOUR
        answer = await presence.post(f"/presence-slots/{slot['id']}/{step}")
        assert answer.status_code == 200, answer.text
        assert (answer.json()["status"], answer.headers["ETag"]) == (status, f'"{version}"')
        assert (await presence.get(f"/presence-slots/{slot['id']}", by="bram")).json() == answer.json()
    said = [(event, version) for event, version, _ in (await presence.events())[2:]]
    assert said == [(PresenceAnnounced, 1), (ArrangerArrived, 2), (ArrangerLeft, 3)]


async def test_a_cancelled_slot_frees_the_time(presence: Presence) -> None:
    place = await presence.place()
    slot = await presence.slot(place)
    assert (await presence.post(f"/presence-slots/{slot}/cancellation")).json()["status"] == "cancelled"
    await presence.slot(place)
    assert [event for event, _, _ in await presence.events()][2:] == [
        PresenceAnnounced,
        PresenceCancelled,
        PresenceAnnounced,
    ]


async def test_an_officer_is_not_announced_at_two_places_at_once(presence: Presence) -> None:
    place, school = await presence.place(), await presence.place(name="De Regenboog")
    slot = await presence.slot(place, 1, 3)
    before = await presence.events()
    for start, end in ((0, 1.01), (2.99, 4), (0, 5), (1.5, 2), (1, 3)):
        answer = await presence.post("/presence-slots", window(school, start, end))
        assert (answer.status_code, answer.json()["code"], answer.json()["slotId"]) == (422, "slots-overlap", slot)
    assert await presence.events() == before
    await presence.slot(school, 0, 1)
    await presence.slot(school, 3, 4)


async def test_another_officer_may_be_there_at_the_same_time(presence: Presence) -> None:
    place = await presence.place()
    await presence.slot(place)
    answer = await presence.client.post(
        "/presence-slots", json=window(place, 0, 2), headers=login("dirk", Role.ARRANGER)
    )
    assert answer.status_code == 201


async def test_of_twenty_overlapping_announcements_at_once_one_is_made(presence: Presence) -> None:
    place = await presence.place()
    answers = await asyncio.gather(
        *(presence.post("/presence-slots", window(place, number / 100, 2)) for number in range(20))
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 19
    assert {answer.json().get("code") for answer in answers} == {None, "slots-overlap"}
    assert len(await presence.events()) == 3


async def test_of_ten_arrivals_at_once_one_is_made(presence: Presence) -> None:
    slot = await presence.slot(await presence.place())
    answers = await asyncio.gather(*(presence.post(f"/presence-slots/{slot}/arrival") for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] + [422] * 9
    assert [event for event, _, _ in await presence.events()].count(ArrangerArrived) == 1


async def test_an_officer_leaves_one_place_before_arriving_at_the_next(presence: Presence) -> None:
    place = await presence.place()
    first, second = await presence.slot(place, 0, 1), await presence.slot(place, 1, 2)
    await presence.post(f"/presence-slots/{first}/arrival")
    presence.now += HOUR
    refused = await presence.post(f"/presence-slots/{second}/arrival")
    assert (refused.status_code, refused.json()["code"]) == (422, "still-elsewhere")
    assert (await presence.post(f"/presence-slots/{first}/departure")).status_code == 200
    assert (await presence.post(f"/presence-slots/{second}/arrival")).status_code == 200


async def test_the_same_arrival_sent_twice_answers_the_same(presence: Presence) -> None:
    slot = await presence.slot(await presence.place())
    first = await presence.post(f"/presence-slots/{slot}/arrival", key="arrived")
    again = await presence.post(f"/presence-slots/{slot}/arrival", key="arrived")
    assert (again.status_code, again.json()) == (200, first.json())


@pytest.mark.parametrize("step", ["arrival", "departure", "cancellation"])
async def test_only_the_officer_changes_a_slot(presence: Presence, step: str) -> None:
    slot = await presence.slot(await presence.place())
    before = (await presence.get(f"/presence-slots/{slot}")).json()
    answer = await presence.client.post(f"/presence-slots/{slot}/{step}", headers=login("dirk", Role.ARRANGER))
    assert (answer.status_code, answer.json()["code"]) == (403, "not-your-slot")
    assert (await presence.get(f"/presence-slots/{slot}")).json() == before
    unknown = await presence.post(f"/presence-slots/{uuid4()}/{step}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "presence-slot-unknown")


async def test_here_now_shows_who_is_there_and_who_should_be(presence: Presence) -> None:
    place = await presence.place()
    slot = await presence.slot(place, 1, 2)
    later = await presence.slot(place, 8, 9)
    assert await here(presence) == []
    presence.now = NOON + 0.5 * HOUR
    await presence.post(f"/presence-slots/{slot}/arrival")
    assert await here(presence) == [(slot, "arrived")]
    presence.now = NOON + 2.99 * HOUR
    assert await here(presence) == [(slot, "arrived")]
    presence.now = NOON + 3 * HOUR
    assert await here(presence) == []
    await presence.post(f"/presence-slots/{slot}/departure")
    presence.now = NOON + 8 * HOUR
    assert await here(presence) == [(later, "planned")]
    presence.now = NOON + 9 * HOUR
    assert await here(presence) == []


async def test_who_left_or_cancelled_is_not_here(presence: Presence) -> None:
    place = await presence.place()
    slot = await presence.slot(place)
    await presence.post(f"/presence-slots/{slot}/arrival")
    await presence.post(f"/presence-slots/{slot}/departure")
    await presence.post(f"/presence-slots/{await presence.slot(place)}/cancellation")
    assert await here(presence) == []


async def test_here_now_near_a_point_comes_nearest_first_page_by_page(presence: Presence) -> None:
    for number in range(4):
        place = await presence.place(name=f"{number}", point={"latitude": 52.0 + number / 100, "longitude": 5.0})
        headers = login(f"officer {number}", Role.ARRANGER)
        announced = await presence.client.post("/presence-slots", json=window(place, 0, 1), headers=headers)
        assert announced.status_code == 201
    asked: list[tuple[dict[str, Any], list[str]]] = [
        ({"near": "52.03,5.0", "radius": 2500}, ["3", "2", "1"]),
        ({"near": "52.0,5.0", "radius": 50_000}, ["0", "1", "2", "3"]),
        ({}, ["0", "1", "2", "3"]),
    ]
    for query, expected in asked:
        names = [item["place"]["name"] for item in await presence.pages("/here-now", limit=1, **query)]
        assert (names if query else sorted(names)) == expected


async def test_here_now_tells_place_and_window_and_nothing_finer(presence: Presence) -> None:
    place = await presence.place()
    slot = await presence.slot(place, themes=["sport"])
    await presence.post(f"/presence-slots/{slot}/arrival")
    [item] = (await presence.get("/here-now", near="52.37,4.895")).json()["items"]
    assert item == {
        "slotId": slot,
        "officerId": str(person("bram")),
        "startsAt": "2026-05-01T12:00:00Z",
        "endsAt": "2026-05-01T14:00:00Z",
        "themes": ["sport"],
        "status": "arrived",
        "place": {"id": place, **CANTEEN},
        "distanceMeters": 26,
    }


async def test_a_place_tells_who_is_there_and_who_comes_but_not_who_was(presence: Presence) -> None:
    place = await presence.place()
    over = await presence.slot(place, 0, 1)
    slots = [await presence.slot(place, hour, hour + 1) for hour in (5, 3, 1)]
    presence.now = NOON + HOUR
    seen = await presence.pages(f"/places/{place}/presence", limit=2)
    assert [item["id"] for item in seen] == slots[::-1]
    mine = await presence.pages("/presence-slots/mine", by="bram", limit=2)
    assert [item["id"] for item in mine] == [*slots, over]


async def test_a_slot_at_an_unknown_place_is_refused(presence: Presence) -> None:
    answer = await presence.post("/presence-slots", window(str(uuid4()), 0, 1))
    assert (answer.status_code, answer.json()["code"]) == (422, "place-unknown")
    assert await presence.rows("select * from presence_slots") == []
