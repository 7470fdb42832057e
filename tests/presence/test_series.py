"""Series over HTTP on a real database, with timers on the test's clock."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.presence.conftest import NOON, Presence
from tests.support import login, person

from dorpsplein.contracts.presence.slots import (
    PresenceAnnounced,
    PresenceCancelled,
    PresenceMoved,
    PresenceSeriesAnnounced,
    PresenceSeriesEnded,
)
from dorpsplein.identity import Role
from dorpsplein.timers import fire_due
from presence.commands.series import SERIES_EXTENDS, extend
from presence.timers import HANDLERS

DAY = timedelta(days=1)


def body(place: str, **other: Any) -> dict[str, Any]:
    usual = {"placeId": place, "themes": ["sport"], "rule": "FREQ=WEEKLY;BYDAY=TU", "startsOn": "2026-05-05"}
    return usual | {"startsAt": "14:00", "endsAt": "16:30"} | other


async def announce(presence: Presence, place: str, **other: Any) -> str:
    answer = await presence.post("/presence-series", body(place, **other))
    assert answer.status_code == 201, answer.text
    series: str = answer.json()["id"]
    return series


async def said(presence: Presence) -> list[Any]:
    return [event for event, _, _ in await presence.events() if event.topic in {"presence.slot", "presence.series"}]


async def planned(presence: Presence) -> list[datetime]:
    rows = await presence.rows("select starts_at from presence_slots where status = 'planned' order by starts_at")
    return [row[0] for row in rows]


async def test_a_series_is_told_once_and_each_of_its_times_as_a_slot(presence: Presence) -> None:
    place = await presence.place()
    answer = await presence.post("/presence-series", body(place, exceptions=["2026-05-12"]))
    series = answer.json()
    assert series == {
        "id": series["id"],
        "officerId": str(person("bram")),
        "placeId": place,
        "themes": ["sport"],
        "rule": "FREQ=WEEKLY;BYDAY=TU",
        "startsOn": "2026-05-05",
        "startsAt": "14:00",
        "endsAt": "16:30",
        "exceptions": ["2026-05-12"],
        "status": "ongoing",
        "lastOn": None,
        "version": 1,
        "location": f"/v1/presence-series/{series['id']}",
    }
    assert (await presence.get(f"/presence-series/{series['id']}")).json() == {
        name: value for name, value in series.items() if name != "location"
    }
    moments = await planned(presence)
    assert moments[:2] == [datetime(2026, 5, 5, 12, tzinfo=UTC), datetime(2026, 5, 19, 12, tzinfo=UTC)]
    assert len(moments) == 51
    assert await said(presence) == [PresenceSeriesAnnounced] + [PresenceAnnounced] * 51
    facts = [
        PresenceAnnounced.model_validate_json(body or b"")
        for event, _, body in await presence.events()
        if event is PresenceAnnounced
    ]
    assert {str(fact.series_id) for fact in facts} == {series["id"]}
    assert [fact.starts_at for fact in facts] == moments
    [(recurs, starts)] = await presence.rows("select min(recurs_at), min(starts_at) from presence_slots")
    assert recurs == starts
    assert await presence.rows("select count(*) from timers where kind = 'slot-rings'") == [(51,)]


async def test_all_dates_are_announced_or_none(presence: Presence) -> None:
    place = await presence.place()
    for day in range(4, 4 + 22 * 7, 7):
        await presence.slot(place, 24 * day - 1, 24 * day + 1)
    before = await presence.events()
    answer = await presence.post("/presence-series", body(place))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "slots-overlap")
    assert problem["dates"] == [str(date(2026, 5, 5) + n * 7 * DAY) for n in range(20)]
    assert await presence.events() == before
    assert await presence.rows("select count(*) from presence_series") == [(0,)]
    exceptions = [str(date(2026, 5, 5) + n * 7 * DAY) for n in range(22)]
    await announce(presence, place, exceptions=exceptions)


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"rule": "FREQ=HOURLY"}, "rule-too-often"),
        ({"rule": "dinsdag"}, "rule-part-unknown"),
        ({"rule": "FREQ=WEEKLY;BYDAY=XX"}, "rule-not-valid"),
        ({"rule": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"}, "rule-never-happens"),
        ({"startsOn": "2026-04-30"}, "starts-in-the-past"),
        ({"startsOn": "9999-12-31"}, "too-far-ahead"),
        ({"startsOn": "2027-03-28", "rule": "FREQ=DAILY", "startsAt": "02:30"}, "time-does-not-exist"),
        ({"placeId": str(uuid4())}, "place-unknown"),
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(
    presence: Presence, other: dict[str, Any], code: str
) -> None:
    place = await presence.place()
    before = await presence.events()
    answer = await presence.post("/presence-series", body(place, **other))
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert await presence.events() == before
    assert await presence.rows("select id from presence_slots union select id from presence_series") == []


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("startsAt", "14:00:00"),
        ("startsAt", "24:00"),
        ("endsAt", 14),
        ("startsOn", "5 mei"),
        ("startsOn", 1_777_777_777),
        ("rule", ""),
        ("rule", "x" * 501),
        ("exceptions", ["2026-05-05", "2026-05-05"]),
        ("officerId", str(uuid4())),
    ],
)
async def test_a_body_that_is_none_is_told_where(presence: Presence, name: str, wrong: Any) -> None:
    answer = await presence.post("/presence-series", body(str(uuid4())) | {name: wrong})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, f"/{name}")


async def test_one_time_is_moved_or_cancelled_on_its_own(presence: Presence) -> None:
    place = await presence.place()
    series = await announce(presence, place, rule="FREQ=WEEKLY;BYDAY=TU;COUNT=3")
    first, second, _ = [row[0] for row in await presence.rows("select id from presence_slots order by starts_at")]
    await presence.post(f"/presence-slots/{first}/cancellation")
    moved = {"startsAt": "2026-05-13T08:00:00Z", "endsAt": "2026-05-13T10:00:00Z"}
    answer = await presence.post(f"/presence-slots/{second}/move", moved)
    assert (answer.status_code, answer.json()["seriesId"]) == (200, series)
    [(recurs,)] = await presence.rows("select recurs_at from presence_slots where id = $1", second)
    assert recurs == datetime(2026, 5, 12, 12, tzinfo=UTC)
    assert [moment.date() for moment in await planned(presence)] == [date(2026, 5, 13), date(2026, 5, 19)]


async def test_the_times_of_another_month_are_announced_each_month_as_long_as_the_rule_goes_on(
    presence: Presence,
) -> None:
    place = await presence.place()
    series = await announce(presence, place)
    await announce(presence, place, rule="FREQ=WEEKLY;BYDAY=WE;COUNT=2")
    assert await presence.rows("select ref::text from timers where kind = $1", SERIES_EXTENDS) == [(series,)]
    last = max(await planned(presence))
    presence.now = NOON + 30 * DAY
    await fire_due(presence.runtime.database, HANDLERS, presence.now)
    more = [moment for moment in await planned(presence) if moment > last]
    assert [moment.date() for moment in more] == [date(2027, 5, 4) + n * 7 * DAY for n in range(4)]
    [(slots,)] = await presence.rows("select count(*) from presence_slots")
    assert (await said(presence)).count(PresenceAnnounced) == slots
    [(due,)] = await presence.rows("select due_at from timers where kind = $1", SERIES_EXTENDS)
    assert due == presence.now + 30 * DAY
    before = await presence.events()
    async with presence.runtime.database.transaction() as tx:
        await extend(tx, [UUID(series)], presence.now)
    assert await presence.events() == before


async def test_a_time_to_come_makes_way_for_what_the_officer_announced_meanwhile(presence: Presence) -> None:
    place = await presence.place()
    await announce(presence, place)
    presence.now = NOON + 10 * DAY
    taken = {"placeId": place, "startsAt": "2027-05-04T13:00:00Z", "endsAt": "2027-05-04T14:00:00Z"}
    assert (await presence.post("/presence-slots", taken)).status_code == 201
    presence.now = NOON + 30 * DAY
    await fire_due(presence.runtime.database, HANDLERS, presence.now)
    late = [moment for moment in await planned(presence) if moment > datetime(2027, 5, 1, tzinfo=UTC)]
    assert [(moment.date(), moment.hour) for moment in late][:2] == [(date(2027, 5, 4), 13), (date(2027, 5, 11), 12)]


async def test_a_series_ends_after_a_day_and_what_was_planned_later_is_cancelled(presence: Presence) -> None:
    place = await presence.place()
    series = await announce(presence, place)
    answer = await presence.post(f"/presence-series/{series}/end", {"lastOn": "2026-05-19"})
    assert (answer.status_code, answer.json()["status"], answer.json()["lastOn"]) == (200, "ended", "2026-05-19")
    assert [moment.date() for moment in await planned(presence)] == [date(2026, 5, d) for d in (5, 12, 19)]
    told = await said(presence)
    assert (told.count(PresenceSeriesEnded), told.count(PresenceCancelled)) == (1, 49)
    assert await presence.rows("select kind, count(*) from timers group by kind") == [("slot-rings", 3)]
    again = await presence.post(f"/presence-series/{series}/end", {"lastOn": "2026-05-19"})
    assert (again.status_code, again.json()["code"]) == (422, "illegal-series-end")


async def test_only_its_officer_ends_a_series(presence: Presence) -> None:
    series = await announce(presence, await presence.place())
    headers = login("dirk", Role.ARRANGER)
    answer = await presence.client.post(
        f"/presence-series/{series}/end", json={"lastOn": "2026-06-01"}, headers=headers
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "not-your-series")
    unknown = await presence.post(f"/presence-series/{uuid4()}/end", {"lastOn": "2026-06-01"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "presence-series-unknown")


async def test_a_series_without_times_to_come_is_read_by_its_officer_alone(presence: Presence) -> None:
    place = await presence.place()
    first = await announce(presence, place, rule="FREQ=WEEKLY;BYDAY=TU;COUNT=2")
    second = await announce(presence, place, rule="FREQ=WEEKLY;BYDAY=WE;COUNT=2")
    assert [(await presence.get(f"/presence-series/{one}")).status_code for one in (first, second)] == [200, 200]
    presence.now = datetime(2026, 5, 12, 14, 30, tzinfo=UTC)
    assert [(await presence.get(f"/presence-series/{one}")).status_code for one in (first, second)] == [404, 200]
    assert (await presence.get(f"/presence-series/{first}", by="anna")).status_code == 404
    assert (await presence.get(f"/presence-series/{first}", by="bram")).status_code == 200
    mine = await presence.pages("/presence-series/mine", by="bram", limit=1)
    assert [series["id"] for series in mine] == [second, first]


async def test_a_series_may_end_past_midnight(presence: Presence) -> None:
    await announce(presence, await presence.place(), startsAt="22:00", endsAt="01:00", rule="FREQ=DAILY;COUNT=1")
    assert await presence.rows("select starts_at, ends_at from presence_slots") == [
        (datetime(2026, 5, 5, 20, tzinfo=UTC), datetime(2026, 5, 5, 23, tzinfo=UTC))
    ]


async def test_a_move_tells_of_both_places(presence: Presence) -> None:
    place, school = await presence.place(), await presence.place(name="De Regenboog")
    await announce(presence, place, rule="FREQ=DAILY;COUNT=1")
    [(slot,)] = await presence.rows("select id from presence_slots")
    moved = {"placeId": school, "startsAt": "2026-05-05T12:00:00Z", "endsAt": "2026-05-05T14:30:00Z"}
    assert (await presence.post(f"/presence-slots/{slot}/move", moved)).status_code == 200
    [fact] = [
        PresenceMoved.model_validate_json(body or b"")
        for event, _, body in await presence.events()
        if event is PresenceMoved
    ]
    assert (str(fact.from_place_id), str(fact.place_id)) == (place, school)
