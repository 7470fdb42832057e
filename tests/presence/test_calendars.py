"""Calendars over HTTP on a real database, as calendar programs fetch them: an address, and no token."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx import Response
from tests.presence.conftest import NOON, Presence, window
from tests.presence.ical_readers import Read, read
from tests.support import login, person

from dorpsplein.identity import Role

DAY = timedelta(days=1)
SESSION = {"workingForm": "creative-lab", "question": "Wat missen we op het plein?"}


async def session(presence: Presence, place: str | None, start_h: float = 0, end_h: float = 2, **other: Any) -> str:
    announced = await presence.post("/sessions", window(place or "", start_h, end_h) | {"placeId": place} | SESSION)
    assert announced.status_code == 201, announced.text
    session_id: str = announced.json()["id"]
    return session_id


async def fetched(presence: Presence, path: str, **query: Any) -> list[Read]:
    answer = await presence.get(path, **query)
    assert answer.status_code == 200, answer.text
    return read(answer.content)


async def ids(presence: Presence, path: str) -> list[str]:
    return [event.uid.partition("@")[0] for event in await fetched(presence, path)]


async def test_a_place_has_a_calendar_of_who_comes_and_of_sessions(presence: Presence) -> None:
    place = await presence.place()
    elsewhere = await presence.place(name="De Regenboog")
    later = await presence.slot(place, 30, 32, themes=["sport"])
    soon = await presence.slot(place, 1, 3)
    lab = await session(presence, place, 5, 7)
    await presence.slot(elsewhere, 40, 41)
    events = await fetched(presence, f"/places/{place}/calendar")
    assert [event.uid for event in events] == [f"{one}@localhost" for one in (soon, lab, later)]
    assert [event.start - NOON for event in events] == [timedelta(hours=hours) for hours in (1, 5, 30)]
    assert [event.end - event.start for event in events] == [timedelta(hours=2)] * 3
    assert {event.location for event in events} == {"Sportkantine De Goal, Sportlaan 1, Dorp"}
    assert {event.point for event in events} == {(52.3702, 4.8952)}
    assert events[1].summary == "Creatielab: Wat missen we op het plein?"
    assert events[2].categories == ["sport"]
    [stamp] = (await presence.rows("select changed_at from presence_slots where id = $1", soon))[0]
    assert events[0].changed == stamp.replace(microsecond=0)


async def test_an_officer_has_a_calendar_as_officer_and_as_host(presence: Presence) -> None:
    place = await presence.place()
    slot, online = await presence.slot(place, 1, 2), await session(presence, None, 3, 4)
    other = await presence.client.post(
        "/presence-slots", json=window(place, 1, 2), headers=login("dirk", Role.ARRANGER)
    )
    assert await ids(presence, f"/officers/{person('bram')}/calendar") == [slot, online]
    assert await ids(presence, f"/officers/{person('dirk')}/calendar") == [other.json()["id"]]
    assert await ids(presence, f"/officers/{uuid4()}/calendar") == []


async def test_a_theme_has_a_calendar(presence: Presence) -> None:
    place = await presence.place()
    sport = await presence.slot(place, 1, 2, themes=["care", "sport"])
    await presence.slot(place, 2, 3, themes=["sports"])
    lab = await session(presence, place, 5, 7)
    await presence.rows("update sessions set themes = '{sport}' where id = $1", lab)
    assert await ids(presence, "/themes/sport/calendar") == [sport, lab]
    assert await ids(presence, "/themes/nobody-yet/calendar") == []


async def test_a_neighbourhood_has_a_calendar_of_its_places(presence: Presence) -> None:
    place, elsewhere = await presence.place(), await presence.place(name="De Regenboog")
    await presence.rows("update places set neighbourhood = 'centrum' where id = $1", place)
    slot, lab = await presence.slot(place, 1, 2), await session(presence, place, 5, 7)
    await presence.slot(elsewhere, 2, 3)
    await session(presence, None, 5, 7)
    assert await ids(presence, "/neighbourhoods/centrum/calendar") == [slot, lab]
    assert await ids(presence, "/neighbourhoods/elders/calendar") == []


async def test_a_session_has_a_calendar_of_its_own(presence: Presence) -> None:
    place = await presence.place()
    lab, _ = await session(presence, place, 5, 7), await session(presence, place, 8, 9)
    assert await ids(presence, f"/sessions/{lab}/calendar") == [lab]


async def test_what_is_not_there_has_no_calendar(presence: Presence) -> None:
    for kind, code in (("places", "place-unknown"), ("sessions", "session-unknown")):
        answer = await presence.get(f"/{kind}/{uuid4()}/calendar")
        assert (answer.status_code, answer.json()["code"]) == (404, code)
    for path in ("/themes/No%20code/calendar", "/officers/x/calendar", f"/themes/{'x' * 61}/calendar"):
        assert (await presence.get(path)).status_code == 400
    assert (await presence.get("/themes/sport/calendar", language="fy")).status_code == 400


async def test_a_slot_that_is_cancelled_stays_until_its_time_is_over(presence: Presence) -> None:
    place = await presence.place()
    slot = await presence.slot(place, 24, 26)
    path = f"/places/{place}/calendar"
    [before] = await fetched(presence, path)
    assert (await presence.post(f"/presence-slots/{slot}/cancellation")).status_code == 200
    [after] = await fetched(presence, path)
    assert (after.uid, after.sequence, after.status) == (before.uid, before.sequence + 1, "CANCELLED")
    presence.now = NOON + timedelta(hours=26)
    assert await fetched(presence, path) == []


async def test_a_session_that_is_cancelled_stays_for_thirty_days(presence: Presence) -> None:
    lab = await session(presence, await presence.place(), 24, 26)
    path, over = f"/sessions/{lab}/calendar", NOON + timedelta(hours=26)
    [before] = await fetched(presence, path)
    assert (await presence.post(f"/sessions/{lab}/cancellation", {"reason": "other"})).status_code == 200
    [after] = await fetched(presence, path)
    assert (after.uid, after.sequence, after.status) == (before.uid, before.sequence + 1, "CANCELLED")
    presence.now = over + 30 * DAY - timedelta(seconds=1)
    assert await ids(presence, path) == [lab]
    presence.now = over + 30 * DAY
    assert await ids(presence, path) == []


async def test_what_is_over_is_in_no_calendar(presence: Presence) -> None:
    """Nobody can read where an officer was: neither who came, nor who left, nor who did not come."""
    place = await presence.place()
    left, missed, _ = [await presence.slot(place, hour, hour + 1) for hour in (0, 2, 4)]
    lab = await session(presence, place, 0, 1)
    await presence.post(f"/presence-slots/{left}/arrival")
    paths = [f"/places/{place}/calendar", f"/officers/{person('bram')}/calendar"]
    for path in paths:
        assert len(await ids(presence, path)) == 4
    await presence.post(f"/presence-slots/{left}/departure")
    for path in paths:
        assert left not in await ids(presence, path)
    # What a timer says of a slot to which nobody came.
    await presence.rows("update presence_slots set status = 'missed' where id = $1", missed)
    presence.now = NOON + timedelta(hours=5)
    for path in [*paths, f"/sessions/{lab}/calendar"]:
        assert await ids(presence, path) == []


async def test_what_has_moved_keeps_its_uid_at_its_new_time(presence: Presence) -> None:
    place = await presence.place()
    slot = await presence.slot(place, 1, 2)
    [before] = await fetched(presence, f"/places/{place}/calendar")
    # As a move leaves the row.
    await presence.rows(
        "update presence_slots set starts_at = starts_at + '1 day'::interval, ends_at = ends_at + '1 day'::interval,"
        " version = version + 1, changed_at = changed_at + '1 minute'::interval where id = $1",
        slot,
    )
    [after] = await fetched(presence, f"/places/{place}/calendar")
    assert (after.uid, after.sequence) == (before.uid, before.sequence + 1)
    assert (after.start - before.start, after.end - before.end) == (DAY, DAY)
    assert after.changed - before.changed == timedelta(minutes=1)


async def test_of_very_many_events_the_nearest_are_shown(presence: Presence) -> None:
    place = await presence.place()
    await presence.rows(
        "insert into presence_slots (id, officer_id, place_id, starts_at, ends_at, themes, status)"
        " select gen_random_uuid(), gen_random_uuid(), $1, $2::timestamptz + number * '1 hour'::interval,"
        "  $2 + number * '1 hour'::interval + '30 minutes'::interval, '{}', 'planned'"
        " from generate_series(2100, 1, -1) as number",
        place,
        NOON,
    )
    answer = await presence.get(f"/places/{place}/calendar")
    events = read(answer.content)
    assert [event.start - NOON for event in events] == [timedelta(hours=hour) for hour in range(1, 2001)]


async def test_a_program_is_told_what_it_is_and_how_long_it_keeps(presence: Presence) -> None:
    place = await presence.place()
    answer = await presence.get(f"/places/{place}/calendar")
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'inline; filename="place-{place}.ics"'
    assert answer.headers["Cache-Control"] == "public, max-age=300"


async def asked(presence: Presence, method: str, path: str, tag: str | None = None) -> Response:
    return await presence.client.request(method, path, headers={"If-None-Match": tag} if tag else {})


async def test_a_program_that_has_it_already_is_not_sent_it_again(presence: Presence) -> None:
    place = await presence.place()
    slot = await presence.slot(place, 1, 2)
    path = f"/places/{place}/calendar"
    tag = (await asked(presence, "GET", path)).headers["ETag"]
    for named in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await asked(presence, "GET", path, named)
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert (await asked(presence, "GET", path, '"other"')).status_code == 200
    await presence.post(f"/presence-slots/{slot}/cancellation")
    changed = await asked(presence, "GET", path, tag)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


async def test_head_tells_all_but_the_calendar(presence: Presence) -> None:
    place = await presence.place()
    await presence.slot(place, 1, 2)
    for query in ("", "?language=en"):
        whole = await asked(presence, "GET", f"/places/{place}/calendar{query}")
        head = await asked(presence, "HEAD", f"/places/{place}/calendar{query}")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers == whole.headers


async def test_english_is_there_for_who_asks(presence: Presence) -> None:
    place = await presence.place()
    await presence.slot(place, 1, 2)
    [event] = await fetched(presence, f"/places/{place}/calendar", language="en")
    assert event.summary == "The municipality is at Sportkantine De Goal"


@pytest.mark.parametrize("taken", [3, 7])
async def test_how_many_people_there_are_is_in_no_calendar(presence: Presence, taken: int) -> None:
    lab = await session(presence, await presence.place(), 5, 7)
    path = f"/sessions/{lab}/calendar"
    before = await presence.get(path)
    await presence.rows("update sessions set capacity = 7, taken = $2, waiting = 2 where id = $1", lab, taken)
    assert (await presence.get(path)).content == before.content
