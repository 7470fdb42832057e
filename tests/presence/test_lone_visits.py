"""Lone visits over HTTP on a real database, with timers on the test's clock."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

from tests.presence.conftest import NOON, Presence
from tests.support import person

from dorpsplein.contracts.presence.notices import NoticeGiven
from dorpsplein.timers import fire_due
from presence.timers import HANDLERS

HOUR = timedelta(hours=1)
COLLEAGUE = "dora"


async def go_out(presence: Presence, hours: float = 1, **other: Any) -> str:
    body = {"note": "Kade 3", "colleagueId": str(person(COLLEAGUE)), "backBy": (NOON + hours * HOUR).isoformat()}
    answer = await presence.post("/lone-visits", body | other)
    assert answer.status_code == 201, answer.text
    visit: str = answer.json()["id"]
    return visit


async def passes(presence: Presence, hours: float) -> None:
    presence.now = NOON + hours * HOUR
    await fire_due(presence.runtime.database, HANDLERS, presence.now)


async def told(presence: Presence) -> list[tuple[str, str]]:
    notices = [
        NoticeGiven.model_validate_json(body or b"")
        for event, _, body in await presence.events()
        if event is NoticeGiven
    ]
    return [(notice.what, str(notice.person_id)) for notice in notices]


async def test_who_does_not_come_back_is_missed_until_they_return_and_a_day_later_it_is_gone(
    presence: Presence,
) -> None:
    visit = await go_out(presence)
    carla = str(person(COLLEAGUE))
    await passes(presence, 0.99)
    assert await told(presence) == []
    await passes(presence, 1)
    await passes(presence, 1.25)
    assert await told(presence) == [("lone-visit-overdue", carla)] * 2
    back = await presence.post(f"/lone-visits/{visit}/return")
    assert (back.status_code, back.json()["status"], back.json()["rings"]) == (200, "returned", 2)
    await passes(presence, 5)
    assert await told(presence) == [("lone-visit-overdue", carla)] * 2 + [("lone-visit-ended", carla)]
    await passes(presence, 25.24)
    assert (await presence.get(f"/lone-visits/{visit}", by="bram")).status_code == 200
    await passes(presence, 25.25)
    assert (await presence.get(f"/lone-visits/{visit}", by="bram")).status_code == 404
    assert await presence.rows("select * from lone_visits") == []
    assert await presence.rows("select * from timers") == []


async def test_after_a_long_silence_of_the_service_it_rings_at_once_and_as_often_as_it_should(
    presence: Presence,
) -> None:
    await go_out(presence)
    await passes(presence, 9)
    assert len(await told(presence)) == 4


async def test_a_check_in_puts_the_bell_off(presence: Presence) -> None:
    visit = await go_out(presence)
    answer = await presence.post(f"/lone-visits/{visit}/check-in", {"backBy": (NOON + 3 * HOUR).isoformat()})
    assert (answer.status_code, answer.json()["status"], answer.json()["version"]) == (200, "out", 2)
    await passes(presence, 2.99)
    assert await told(presence) == []
    await passes(presence, 3)
    assert len(await told(presence)) == 1


async def test_only_the_visitor_and_the_colleague_can_read_it(presence: Presence) -> None:
    place = await presence.place()
    visit = await go_out(presence, placeId=place)
    for reader in ("bram", COLLEAGUE):
        read = (await presence.get(f"/lone-visits/{visit}", by=reader)).json()
        assert (read["placeId"], read["note"]) == (place, "Kade 3")
        assert [item["id"] for item in await presence.pages("/lone-visits/mine", by=reader)] == [visit]
    for stranger in ("anna", "otto"):
        assert (await presence.get(f"/lone-visits/{visit}", by=stranger)).status_code == 404
        assert await presence.pages("/lone-visits/mine", by=stranger) == []
        assert (await presence.post(f"/lone-visits/{visit}/return", by=stranger)).status_code == 404
    by_colleague = await presence.post(f"/lone-visits/{visit}/return", by=COLLEAGUE)
    assert (by_colleague.status_code, by_colleague.json()["code"]) == (403, "not-your-visit")


async def test_where_somebody_goes_stands_in_the_visit_and_nowhere_else(presence: Presence) -> None:
    place = await presence.place()
    await presence.rows("delete from outbox")
    body = {"placeId": place, "note": "Achter de molen", "colleagueId": str(person(COLLEAGUE))}
    body["backBy"] = (NOON + HOUR).isoformat()
    answer = await presence.post("/lone-visits", body, key="out")
    await passes(presence, 1)
    [(kept,)] = await presence.rows("select answer::text from idempotency")
    [(outbox,)] = await presence.rows("select string_agg(convert_from(body, 'UTF8') || headers, ' ') from outbox")
    assert "lone-visit-overdue" in outbox
    for text in (kept, outbox, answer.text):
        assert place not in text
        assert "molen" not in text


async def test_nobody_is_out_alone_twice(presence: Presence) -> None:
    visit = await go_out(presence)
    body = {"note": "Kade 4", "colleagueId": str(person(COLLEAGUE)), "backBy": (NOON + HOUR).isoformat()}
    answers = await asyncio.gather(*(presence.post("/lone-visits", body) for _ in range(5)))
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(422, "out-already")}
    await presence.post(f"/lone-visits/{visit}/return")
    answers = await asyncio.gather(*(presence.post("/lone-visits", body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 4


async def test_a_visit_that_makes_no_sense_is_refused_and_changes_nothing(presence: Presence) -> None:
    good = {"note": "Kade 3", "colleagueId": str(person(COLLEAGUE)), "backBy": (NOON + HOUR).isoformat()}
    for other, code in (
        ({"note": None}, "where-missing"),
        ({"colleagueId": str(person("bram"))}, "colleague-is-yourself"),
        ({"backBy": (NOON + 13 * HOUR).isoformat()}, "back-too-late"),
        ({"placeId": str(uuid4())}, "place-unknown"),
    ):
        answer = await presence.post("/lone-visits", good | other)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert await presence.rows("select id from lone_visits union all select ref from timers") == []
