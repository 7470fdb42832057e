"""Officers' own profiles, and suggestions by them, over HTTP on a real database."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx import Response
from tests.presence.conftest import NOON, Presence, window
from tests.support import login, person

from dorpsplein.identity import Role

NEAR = {"latitude": 52.3702, "longitude": 4.8952}
FAR = {"latitude": 52.4602, "longitude": 4.8952}
"""Ten kilometres further north: a degree of latitude is 111 km."""


class Office:
    """Officers as these tests speak of them."""

    def __init__(self, presence: Presence, near: str, far: str) -> None:
        self.presence, self.near, self.far = presence, near, far

    async def put(self, by: str, *roles: Role, **other: Any) -> Response:
        profile = {
            "function": "Creatief arrangeur groen en spelen",
            "themes": ["green"],
            "basePlaceId": self.near,
            "hoursAWeek": 24,
            "suggestions": True,
        }
        headers = login(by, *(roles or (Role.ARRANGER,)))
        return await self.presence.client.put("/me/officer-profile", json=profile | other, headers=headers)

    async def keep(self, by: str, *roles: Role, **other: Any) -> None:
        answer = await self.put(by, *roles, **other)
        assert answer.status_code == 200, answer.text

    async def ask(self, **other: Any) -> str:
        body = {"question": "Who waters the square?", "theme": "green", "point": NEAR} | other
        answer = await self.presence.post("/session-requests", body, by="anna")
        assert answer.status_code == 201, answer.text
        request_id: str = answer.json()["id"]
        return request_id

    async def suggested(self, request: str, **query: Any) -> list[dict[str, Any]]:
        answer = await self.presence.get(f"/session-requests/{request}/arrangers", by="bram", **query)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def session(self, by: str, start_h: float, end_h: float) -> None:
        body = window("", start_h, end_h) | {"workingForm": "design-walk", "question": "Where is it wet?"}
        del body["placeId"]
        answer = await self.presence.client.post("/sessions", json=body, headers=login(by, Role.ARRANGER))
        assert answer.status_code == 201, answer.text


@pytest.fixture
async def office(presence: Presence) -> Office:
    return Office(
        presence, await presence.place(point=NEAR), await presence.place(point=FAR, name="Far", address="Far 1")
    )


def reason(suggestion: dict[str, Any], code: str) -> dict[str, Any]:
    [one] = [one for one in suggestion["reasons"] if one["code"] == code]
    return dict(one)


def names(suggestions: list[dict[str, Any]]) -> list[str]:
    known = {str(person(name)): name for name in ("bram", "dirk", "ella", "faas", "dora")}
    return [known[one["officer"]["id"]] for one in suggestions]


async def test_an_officer_says_what_they_do_and_takes_it_away_themselves(presence: Presence, office: Office) -> None:
    before = await presence.events()
    assert (await presence.get("/me/officer-profile", by="bram")).status_code == 404
    await office.keep("bram")
    await office.keep("bram", themes=["play", "green"], hoursAWeek=16)
    own = await presence.get("/me/officer-profile", by="bram")
    assert (own.json()["hoursAWeek"], own.json()["suggestions"], own.headers["ETag"]) == (16, True, '"2"')
    await office.keep("dora", Role.ALDERMAN, function="Wethouder", themes=["care"])
    shown = (await presence.get(f"/officers/{person('bram')}")).json()
    assert shown == {
        "id": str(person("bram")),
        "function": "Creatief arrangeur groen en spelen",
        "themes": ["play", "green"],
        "basePlace": {"id": office.near, "name": "Sportkantine De Goal", "address": "Sportlaan 1, Dorp"},
    }
    assert {one["id"] for one in await presence.pages("/officers", limit=1)} == {
        str(person("bram")),
        str(person("dora")),
    }
    assert [one["function"] for one in await presence.pages("/officers", theme="care")] == ["Wethouder"]
    for _ in range(2):
        gone = await presence.client.delete("/me/officer-profile", headers=login("bram"))
        assert gone.status_code == 204
    assert (await presence.get(f"/officers/{person('bram')}")).status_code == 404
    assert await presence.events() == before


async def test_a_profile_that_makes_no_sense_is_refused(presence: Presence, office: Office) -> None:
    for field, wrong in (
        ("function", ""),
        ("themes", ["green", "green"]),
        ("hoursAWeek", 0),
        ("hoursAWeek", 41),
        ("hoursAWeek", "24"),
        ("suggestions", "yes"),
        ("basePlaceId", "x"),
        ("name", "Bram"),
    ):
        assert (await office.put("bram", **{field: wrong})).status_code == 400, field
    nowhere = await office.put("bram", basePlaceId=str(uuid4()))
    assert (nowhere.status_code, nowhere.json()["code"]) == (422, "place-unknown")
    assert await presence.rows("select * from officer_profiles") == []


async def test_arrangers_are_suggested_with_reasons_and_who_does_not_want_it_is_left_out(office: Office) -> None:
    request = await office.ask()
    assert await office.suggested(request) == []
    await office.keep("bram", themes=["sport"])
    await office.keep("dirk", basePlaceId=office.far)
    await office.keep("ella")
    await office.keep("faas", suggestions=False)
    await office.keep("dora", Role.ALDERMAN)
    best = await office.suggested(request)
    assert names(best) == ["ella", "dirk", "bram"]
    ella, dirk, bram = best
    assert reason(ella, "theme-shared")["themes"] == ["green"]
    assert reason(ella, "distance")["meters"] == 0
    assert reason(dirk, "distance")["meters"] == 10_000
    assert [one["code"] for one in bram["reasons"]] == ["distance", "load"]
    assert reason(bram, "load") == {
        "code": "load",
        "themes": None,
        "meters": None,
        "announcedHours": 0,
        "availableHours": 48,
    }
    assert names(await office.suggested(request, limit=1)) == ["ella"]


async def test_who_announced_much_for_the_coming_fortnight_comes_later(presence: Presence, office: Office) -> None:
    request = await office.ask()
    for name in ("bram", "dirk"):
        await office.keep(name)
    slot = await presence.slot(office.near, 0, 8)
    await office.session("bram", 6, 10)
    await presence.slot(office.near, 14 * 24 - 1, 14 * 24 + 3)
    await presence.slot(office.near, 15 * 24, 15 * 24 + 3)
    cancelled = await presence.slot(office.near, 48, 56)
    assert (await presence.post(f"/presence-slots/{cancelled}/cancellation")).status_code == 200
    best = await office.suggested(request)
    assert names(best) == ["dirk", "bram"]
    assert [reason(one, "load")["announcedHours"] for one in best] == [0, 11]
    presence.now = NOON + timedelta(hours=1)
    assert reason((await office.suggested(request))[1], "load")["announcedHours"] == 9 + 2
    await presence.post(f"/presence-slots/{slot}/cancellation")
    assert reason((await office.suggested(request))[1], "load")["announcedHours"] == 4 + 2


async def test_a_request_without_a_point_is_where_its_initiative_is_and_shares_its_theme(
    presence: Presence, office: Office
) -> None:
    pond = uuid4()
    await presence.rows(
        "insert into initiatives (id, title, status, latitude, longitude, theme, state_version)"
        " values ($1, 'Pond', '', $2, $3, 'water', 1) returning 1",
        pond,
        FAR["latitude"],
        FAR["longitude"],
    )
    await office.keep("bram", themes=["water", "green", "play"])
    [bram] = await office.suggested(await office.ask(point=None, initiativeId=str(pond)))
    assert reason(bram, "theme-shared")["themes"] == ["green", "water"]
    assert reason(bram, "distance")["meters"] == 10_000
    [bram] = await office.suggested(await office.ask(initiativeId=str(pond)))
    assert reason(bram, "distance")["meters"] == 0
    [bram] = await office.suggested(await office.ask(point=None))
    assert [one["code"] for one in bram["reasons"]] == ["theme-shared", "load"]


async def test_an_arranger_is_suggested_the_open_requests_that_suit_them(presence: Presence, office: Office) -> None:
    nobody = await presence.get("/me/suggested-requests", by="bram")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "officer-profile-unknown")
    await office.keep("bram")
    far = await office.ask(point=FAR)
    near, other = await office.ask(), await office.ask(theme="care")
    gone = await office.ask()
    await presence.post(f"/session-requests/{gone}/withdrawal", by="anna")
    answer = (await presence.get("/me/suggested-requests", by="bram")).json()
    assert [one["request"]["id"] for one in answer["items"]] == [near, far, other]
    assert reason(answer["items"][1], "distance")["meters"] == 10_000
    await office.keep("bram", suggestions=False)
    assert (await presence.get("/me/suggested-requests", by="bram")).json()["items"] == []


async def test_nothing_is_suggested_for_what_is_not_open_or_not_there(presence: Presence, office: Office) -> None:
    await office.keep("bram")
    request = await office.ask()
    await presence.post(f"/session-requests/{request}/withdrawal", by="anna")
    assert await office.suggested(request) == []
    answer = await presence.get(f"/session-requests/{uuid4()}/arrangers", by="bram")
    assert (answer.status_code, answer.json()["code"]) == (404, "session-request-unknown")
