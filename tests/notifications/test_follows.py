"""Following over HTTP: each follow its own aggregate, and a person's place in no fact."""

import asyncio
import re
from typing import Any
from uuid import uuid4

import pytest
from tests.notifications.conftest import DAM, Square, state
from tests.support import person

RADIUS: dict[str, Any] = {"kind": "radius", "latitude": DAM[0], "longitude": DAM[1], "radiusMetres": 1040}


async def test_a_follow_is_a_fact_of_its_own_and_stopping_is_its_second(square: Square) -> None:
    follow = await square.follow(kind="theme", theme="groen")
    assert (await square.request("DELETE", f"/follows/{follow}", by="anna")).status_code == 204
    started, stopped = await square.facts()
    assert started["type"] == "follow-started"
    assert stopped["type"] == "follow-stopped"
    assert (started["sequence"], stopped["sequence"]) == (1, 2)
    assert started["data"] == {
        "followId": follow,
        "followerId": str(person("anna")),
        "subjectKind": "theme",
        "subject": "groen",
    }


async def test_a_radius_reaches_no_fact_and_leaves_nothing_when_it_is_stopped(square: Square) -> None:
    follow = await square.follow(**RADIUS)
    (kept,) = (await square.get("/me/follows", by="anna"))["items"]
    assert (kept["latitude"], kept["longitude"], kept["radiusMetres"]) == (*DAM, 1040)
    await square.request("DELETE", f"/follows/{follow}", by="anna")
    facts = await square.facts()
    assert facts[0]["data"]["subject"] == "1000 m"
    assert not re.search(r"52\.|4\.89", str(facts))
    assert await square.rows("select * from follows") == []


async def test_the_id_of_a_follow_of_a_radius_says_nothing_of_the_place(square: Square) -> None:
    """An id made from the coordinates could be found by trying every point of a town."""
    first = await square.follow(**RADIUS)
    await square.request("DELETE", f"/follows/{first}", by="anna")
    assert await square.follow(**RADIUS) != first


async def test_following_the_same_again_answers_the_follow_there_is_and_tells_nobody(square: Square) -> None:
    follow = await square.follow(kind="theme", theme="groen")
    again = await square.request("POST", "/follows", {"kind": "theme", "theme": "groen"}, by="anna")
    assert (again.status_code, again.json()["id"]) == (200, follow)
    assert len(await square.facts()) == 1


async def test_many_who_follow_at_once_each_get_their_own_answer(square: Square) -> None:
    garden = uuid4()
    await square.tell(state(garden))
    body = {"kind": "initiative", "initiativeId": str(garden)}
    unknown = {"kind": "initiative", "initiativeId": str(uuid4())}
    answers = await asyncio.gather(
        *(square.request("POST", "/follows", body, by=f"resident-{n // 2}") for n in range(40)),
        *(square.request("POST", "/follows", unknown, by=f"resident-{n}") for n in range(3)),
    )
    codes = [answer.status_code for answer in answers]
    assert sorted(codes[:40]) == [200] * 20 + [201] * 20
    assert codes[40:] == [404] * 3
    assert len(await square.facts()) == 20
    assert len({answer.json()["id"] for answer in answers[:40]}) == 20


async def test_who_follows_what_they_proposed_a_moment_ago_need_not_ask_again(square: Square) -> None:
    garden = uuid4()
    asked = asyncio.create_task(
        square.request("POST", "/follows", {"kind": "initiative", "initiativeId": str(garden)}, by="anna")
    )
    await asyncio.sleep(0.1)
    await square.tell(state(garden))
    assert (await asked).status_code == 201


async def test_a_withdrawn_initiative_cannot_be_followed(square: Square) -> None:
    garden = uuid4()
    await square.tell(state(garden, status="withdrawn"))
    answer = await square.request("POST", "/follows", {"kind": "initiative", "initiativeId": str(garden)}, by="anna")
    assert (answer.status_code, answer.json()["code"]) == (422, "initiative-withdrawn")


async def test_nobody_stops_the_follow_of_someone_else(square: Square) -> None:
    follow = await square.follow(kind="theme", theme="groen")
    answer = await square.request("DELETE", f"/follows/{follow}", by="bram")
    assert (answer.status_code, answer.json()["code"]) == (403, "not-yours")
    assert (await square.request("DELETE", f"/follows/{uuid4()}", by="bram")).status_code == 404
    assert len(await square.facts()) == 1


async def test_the_key_of_a_mail_stops_one_follow_without_login_and_only_when_asked(square: Square) -> None:
    follow = await square.follow(kind="theme", theme="groen")
    ((key,),) = await square.rows("select stop_key from follows")
    page = await square.client.get(f"/follows/{follow}/stop?key={key}")
    assert (page.status_code, "het thema groen" in page.text) == (200, True)
    assert len(await square.get("/me/follows", by="anna")) == 1
    assert (await square.client.post(f"/follows/{follow}/stop?key=wrong")).status_code == 403
    stopped = await square.client.post(f"/follows/{follow}/stop?key={key}", data={"List-Unsubscribe": "One-Click"})
    assert stopped.status_code == 200
    assert (await square.get("/me/follows", by="anna"))["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "street", "street": "Dam"},
        {"kind": "theme"},
        {"kind": "theme", "theme": "Groen!"},
        {"kind": "theme", "theme": "a\0b"},
        {"kind": "theme", "theme": "groen", "radiusMetres": 5},
        {"kind": "initiative", "initiativeId": "12"},
        {"kind": "initiative", "initiativeId": 5},
        {"kind": "radius", "latitude": 91, "longitude": 0, "radiusMetres": 1000},
        {"kind": "radius", "latitude": "52", "longitude": 0, "radiusMetres": 1000},
        {"kind": "radius", "latitude": 52, "longitude": 181, "radiusMetres": 1000},
        {"kind": "radius", "latitude": 52, "longitude": 4, "radiusMetres": 0},
        {"kind": "radius", "latitude": 52, "longitude": 4, "radiusMetres": 10**30},
        {"kind": "radius", "latitude": float("nan"), "longitude": 4, "radiusMetres": 1000},
        {"kind": "radius", "latitude": 52, "longitude": 4, "radiusMetres": 1000.5},
        [],
        "theme",
        None,
    ],
)
async def test_a_follow_that_makes_no_sense_is_refused_and_changes_nothing(square: Square, body: object) -> None:
    answer = await square.request("POST", "/follows", body, by="anna")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert await square.facts() == []
