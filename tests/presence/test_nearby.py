"""Who is near in the week to come, over HTTP on a real database."""

import asyncio
import math
import random
from datetime import timedelta
from typing import Any

import pytest
from tests.presence.conftest import CANTEEN, NOON, Presence, window
from tests.support import login, person

from dorpsplein.identity import Role

HOUR = timedelta(hours=1)


async def near(presence: Presence, **query: Any) -> list[str]:
    return [item["slotId"] for item in await presence.pages("/presence-slots", limit=2, **query)]


async def by(presence: Presence, officer: str, place: str, start_h: float, end_h: float, **other: Any) -> str:
    body = window(place, start_h, end_h) | other
    answer = await presence.client.post("/presence-slots", json=body, headers=login(officer, Role.ARRANGER))
    assert answer.status_code == 201, answer.text
    slot: str = answer.json()["id"]
    return slot


async def test_the_week_to_come_is_told_in_order_of_time_with_place_and_distance(presence: Presence) -> None:
    place = await presence.place()
    slots = [await presence.slot(place, hour, hour + 1, themes=["sport"]) for hour in (30, 5, 166, 169)]
    assert await near(presence) == [slots[1], slots[0], slots[2]]
    [item, *_] = (await presence.get("/presence-slots", near="52.37,4.895")).json()["items"]
    assert item == {
        "slotId": slots[1],
        "officerId": str(person("bram")),
        "startsAt": "2026-05-01T17:00:00Z",
        "endsAt": "2026-05-01T18:00:00Z",
        "themes": ["sport"],
        "status": "planned",
        "place": {"id": place, **CANTEEN},
        "distanceMeters": 26,
    }


async def test_nothing_of_what_is_over_left_missed_or_cancelled_is_told(presence: Presence) -> None:
    place = await presence.place()
    going, left, cancelled = [await by(presence, who, place, 0, 2) for who in ("a", "b", "c")]
    for officer, slot, step in (("a", going, "arrival"), ("b", left, "arrival"), ("c", cancelled, "cancellation")):
        await presence.client.post(f"/presence-slots/{slot}/{step}", headers=login(officer, Role.ARRANGER))
    assert await near(presence) == sorted([going, left])
    await presence.client.post(f"/presence-slots/{left}/departure", headers=login("b", Role.ARRANGER))
    presence.now = NOON + 1.99 * HOUR
    assert await near(presence) == [going]
    presence.now = NOON + 2 * HOUR
    assert await near(presence) == []
    assert await near(presence, **{"from": NOON.isoformat()}) == []


async def test_a_window_may_be_chosen_from_now_on_for_three_months_at_most(presence: Presence) -> None:
    place = await presence.place()
    today, later = await presence.slot(place, 1, 2), await presence.slot(place, 24 * 60, 24 * 60 + 1)

    def moment(days: float) -> str:
        return (NOON + timedelta(days=days)).isoformat()

    assert await near(presence, until=moment(92)) == [today, later]
    assert await near(presence, **{"from": moment(55)}) == [later]
    assert await near(presence, **{"from": moment(60) + "", "until": moment(60.001)}) == [later]
    for query in (
        {"until": moment(92.1)},
        {"until": moment(-1)},
        {"from": moment(3), "until": moment(2)},
        {"from": "9999-12-31T23:00:00Z"},
    ):
        answer = await presence.get("/presence-slots", **query)
        assert (answer.status_code, answer.json()["code"]) == (400, "window-not-valid")


@pytest.mark.parametrize(
    "query", [{"near": "here"}, {"radius": 0}, {"theme": "Sport!"}, {"kind": "town-hall"}, {"from": "noon"}]
)
async def test_a_question_that_is_none_is_refused(presence: Presence, query: dict[str, Any]) -> None:
    assert (await presence.get("/presence-slots", **query)).status_code == 400


async def test_one_can_ask_for_a_theme_a_neighbourhood_and_a_kind_of_place(presence: Presence) -> None:
    canteen, school = await presence.place(), await presence.place(name="De Regenboog", kind="school")
    await presence.rows("update places set neighbourhood = 'Zuid' where kind = 'school'")
    sport = await presence.slot(canteen, 1, 2, themes=["sport", "youth"])
    youth = await presence.slot(school, 3, 4, themes=["youth"])
    for query, expected in (
        ({"theme": "youth"}, [sport, youth]),
        ({"theme": "sport"}, [sport]),
        ({"theme": "care"}, []),
        ({"kind": "school"}, [youth]),
        ({"neighbourhood": "Zuid"}, [youth]),
        ({"neighbourhood": "Zuid", "theme": "sport"}, []),
        ({"near": "52.37,4.895", "kind": "school", "theme": "youth"}, [youth]),
    ):
        assert await near(presence, **query) == expected


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """By the law of cosines, not by the formula of the service."""
    (lat, lon), (at, on) = (tuple(map(math.radians, point)) for point in (one, other))
    return 6_378_168 * math.acos(
        min(1, math.sin(lat) * math.sin(at) + math.cos(lat) * math.cos(at) * math.cos(lon - on))
    )


ANYWHERE = """
    insert into places (id, name, address, kind, latitude, longitude)
    values (uuidv7(), $1, $1, 'other', $2, $3) returning id::text
"""


async def test_a_circle_has_whoever_is_in_it_wherever_on_earth(presence: Presence) -> None:
    chance = random.Random(7)
    slots: dict[str, tuple[float, float]] = {}

    async def one(number: int, latitude: float, longitude: float) -> None:
        [(place,)] = await presence.rows(ANYWHERE, f"{number}", latitude, longitude)
        slots[await by(presence, f"officer {number}", place, 1, 2)] = (latitude, longitude)

    middles = [(52.0, 5.0), (0.0, 179.99), (89.9, 10.0), (-60.0, -179.9)]
    spots = [
        (max(-90, min(90, lat + chance.uniform(-0.4, 0.4))), (lon + chance.uniform(-1, 1) + 180) % 360 - 180)
        for lat, lon in middles * 15
    ]
    await asyncio.gather(*(one(number, *spot) for number, spot in enumerate(spots)))
    sizes = []
    for middle in middles:
        for radius in (10_000, 40_000, 50_000):
            found = await near(presence, near=f"{middle[0]},{middle[1]}", radius=radius)
            assert set(found) == {slot for slot, point in slots.items() if metres(middle, point) <= radius}
            sizes.append(len(found))
    assert max(sizes) > 8
    assert min(sizes) < 6
