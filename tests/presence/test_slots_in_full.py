"""Slots that move, are missed, ring and are claimed, over HTTP on a real database, with timers on the test's clock."""

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from tests.presence.conftest import NOON, Presence, window
from tests.support import SECRET, login, person

import presence as presence_package
from dorpsplein.contracts.presence.slots import (
    ArrangerArrived,
    ArrangerLeft,
    PresenceAnnounced,
    PresenceMissed,
    PresenceMoved,
)
from dorpsplein.identity import Role
from dorpsplein.migrating import migrations_of
from dorpsplein.timers import fire_due
from presence.commands import slots as commands
from presence.domain import codes
from presence.domain import slots as domain
from presence.timers import HANDLERS

HOUR = timedelta(hours=1)


async def passes(presence: Presence, hours: float) -> None:
    presence.now = NOON + hours * HOUR
    await fire_due(presence.runtime.database, HANDLERS, presence.now)


async def status(presence: Presence, slot: str) -> str:
    answer: str = (await presence.get(f"/presence-slots/{slot}", by="bram")).json()["status"]
    return answer


async def said(presence: Presence) -> list[tuple[Any, int]]:
    return [(event, version) for event, version, _ in await presence.events() if event.topic == "presence.slot"]


async def claim(presence: Presence, slot: str, hours: float) -> domain.Slot:
    decide = partial(domain.claim, claimed_at=NOON + hours * HOUR)
    async with presence.runtime.database.transaction() as tx:
        return await commands.change_slot(tx, UUID(slot), person("bram"), decide, now=presence.now)


async def move(presence: Presence, slot: str, place: str, start_h: float, end_h: float) -> Any:
    return await presence.post(f"/presence-slots/{slot}/move", window(place, start_h, end_h))


async def test_a_slot_is_moved_and_rings_at_its_new_end(presence: Presence) -> None:
    place, school = await presence.place(), await presence.place(name="De Regenboog")
    slot = await presence.slot(place)
    answer = await move(presence, slot, school, 1, 4)
    assert (answer.status_code, answer.json()["status"], answer.json()["version"]) == (200, "planned", 2)
    assert (answer.json()["placeId"], answer.json()["endsAt"]) == (school, "2026-05-01T16:00:00Z")
    assert (await presence.get(f"/presence-slots/{slot}")).json() == answer.json()
    await passes(presence, 2)
    assert await status(presence, slot) == "planned"
    await passes(presence, 4)
    assert await status(presence, slot) == "missed"
    assert await said(presence) == [(PresenceAnnounced, 1), (PresenceMoved, 2), (PresenceMissed, 3)]


async def test_a_slot_is_not_moved_into_another_nor_to_where_nobody_can_be(presence: Presence) -> None:
    place, closed = await presence.place(), await presence.place(name="De Regenboog")
    await presence.rows("update places set closed_reason = 'moved' where id = $1", UUID(closed))
    first, second = await presence.slot(place, 0, 1), await presence.slot(place, 2, 3)
    before = await said(presence)
    for to, start, end, code in (
        (place, 1.5, 2.5, "slots-overlap"),
        (str(uuid4()), 4, 5, "place-unknown"),
        (closed, 4, 5, "place-closed"),
        (place, -1, 5, "starts-in-the-past"),
    ):
        answer = await move(presence, first, to, start, end)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert answer.json().get("slotId") == (second if code == "slots-overlap" else None)
    assert await said(presence) == before
    assert (await move(presence, first, place, 0.5, 1.5)).status_code == 200
    assert (await presence.post("/presence-slots", window(closed, 6, 7))).json()["code"] == "place-closed"


async def test_the_database_has_the_last_word_on_where_an_officer_can_be(
    presence: Presence, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = await presence.place()
    first, _ = await presence.slot(place, 0, 1), await presence.slot(place, 2, 3)

    async def looks_the_other_way(*_: object) -> None:
        """As where another request came in between."""

    monkeypatch.setattr(commands, "refuse_unfit", looks_the_other_way)
    answer = await move(presence, first, place, 2.5, 4)
    assert (answer.status_code, answer.json()["code"]) == (422, "slots-overlap")
    assert await status(presence, first) == "planned"


async def test_nothing_is_told_where_nothing_is_moved(presence: Presence) -> None:
    place = await presence.place()
    slot = await presence.slot(place)
    assert (await move(presence, slot, place, 0, 2)).json()["version"] == 1
    assert await said(presence) == [(PresenceAnnounced, 1)]


async def test_only_the_officer_moves_a_slot(presence: Presence) -> None:
    place = await presence.place()
    slot = await presence.slot(place)
    headers = login("dirk", Role.ARRANGER)
    answer = await presence.client.post(f"/presence-slots/{slot}/move", json=window(place, 1, 2), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "not-your-slot")


async def test_who_does_not_come_is_missed_and_who_does_not_say_goodbye_has_left_an_hour_later(
    presence: Presence,
) -> None:
    place = await presence.place()
    missed, lingering = await presence.slot(place, 0, 1), await presence.slot(place, 1, 2)
    cancelled = await presence.slot(place, 3, 4)
    await presence.post(f"/presence-slots/{cancelled}/cancellation")
    await passes(presence, 1)
    await presence.post(f"/presence-slots/{lingering}/arrival")
    await passes(presence, 2.99)
    assert (await status(presence, missed), await status(presence, lingering)) == ("missed", "arrived")
    await passes(presence, 9)
    assert [await status(presence, slot) for slot in (missed, lingering, cancelled)] == ["missed", "left", "cancelled"]
    bodies = [
        ArrangerLeft.model_validate_json(body or b"")
        for event, _, body in await presence.events()
        if event is ArrangerLeft
    ]
    assert [(str(fact.slot_id), fact.by_itself) for fact in bodies] == [(lingering, True)]
    assert await presence.rows("select * from timers") == []


async def test_many_slots_that_are_over_are_missed_together(presence: Presence) -> None:
    place = await presence.place()
    for number in range(30):
        body = window(place, 0, 1 + number / 100)
        headers = login(f"officer {number}", Role.ARRANGER)
        assert (await presence.client.post("/presence-slots", json=body, headers=headers)).status_code == 201
    await passes(presence, 5)
    assert [event for event, _ in await said(presence)].count(PresenceMissed) == 30
    assert await presence.rows("select distinct status, version from presence_slots") == [("missed", 2)]


async def test_slots_from_before_the_migration_ring_too(presence: Presence) -> None:
    """The statement of the migration itself, on slots without timers."""
    place = await presence.place()
    planned, arrived = await presence.slot(place, 1, 2), await presence.slot(place, 0, 1)
    await presence.post(f"/presence-slots/{arrived}/arrival")
    await presence.rows("delete from timers")
    migration = next(path for path in migrations_of(presence_package) if path.name == "0005_slots.sql").read_text()
    statement = next(part for part in migration.split(";") if "insert into timers" in part)
    await presence.rows(statement)
    await passes(presence, 2)
    assert (await status(presence, planned), await status(presence, arrived)) == ("missed", "left")


async def test_an_arrival_noted_without_signal_is_claimed_after_the_slot_was_missed(presence: Presence) -> None:
    slot = await presence.slot(await presence.place())
    await passes(presence, 3)
    claimed = await claim(presence, slot, 0.5)
    assert (claimed.status, claimed.version) == ("left", 4)
    assert await said(presence) == [
        (PresenceAnnounced, 1),
        (PresenceMissed, 2),
        (ArrangerArrived, 3),
        (ArrangerLeft, 4),
    ]
    assert await presence.rows("select status, version, arrived_how from presence_slots") == [("left", 4, "claimed")]
    await passes(presence, 99)
    assert len(await said(presence)) == 4


async def test_an_arrival_claimed_in_time_lasts_until_the_officer_leaves(presence: Presence) -> None:
    slot = await presence.slot(await presence.place())
    presence.now = NOON + HOUR
    assert (await claim(presence, slot, 0.5)).status == "arrived"
    await passes(presence, 2.5)
    assert await status(presence, slot) == "arrived"
    assert (await presence.post(f"/presence-slots/{slot}/departure")).json()["status"] == "left"


async def test_the_code_of_the_place_is_how_an_officer_arrived(presence: Presence) -> None:
    place, school = await presence.place(), await presence.place(name="De Regenboog")
    slot = await presence.slot(place)
    key, until = codes.key_of(SECRET), NOON + 99 * HOUR
    elsewhere = codes.sign(key, codes.For.PLACE, UUID(school), until)
    for code, wrong in ((elsewhere, "code-elsewhere"), ("scribbled", "code-forged")):
        answer = await presence.post(f"/presence-slots/{slot}/arrival", {"code": code})
        assert (answer.status_code, answer.json()["code"]) == (422, wrong)
    assert await status(presence, slot) == "planned"
    code = codes.sign(key, codes.For.PLACE, UUID(place), until)
    assert (await presence.post(f"/presence-slots/{slot}/arrival", {"code": code})).status_code == 200
    other = await presence.slot(place, 3, 4)
    await presence.post(f"/presence-slots/{slot}/departure")
    presence.now = NOON + 3 * HOUR
    assert (await presence.post(f"/presence-slots/{other}/arrival")).status_code == 200
    arrivals = [body for event, _, body in await presence.events() if event is ArrangerArrived]
    assert [ArrangerArrived.model_validate_json(body or b"").how for body in arrivals] == ["qr", "by-hand"]
    assert await presence.rows("select arrived_how from presence_slots order by starts_at") == [("qr",), ("by-hand",)]


async def test_what_is_over_only_its_officer_can_read(presence: Presence) -> None:
    place = await presence.place()
    left, missed = await presence.slot(place, 0, 1), await presence.slot(place, 1, 2)
    cancelled = await presence.slot(place, 2, 3)
    await presence.post(f"/presence-slots/{left}/arrival")
    await presence.post(f"/presence-slots/{cancelled}/cancellation")

    async def readable(by: str | None) -> list[bool]:
        answers = [await presence.get(f"/presence-slots/{slot}", by=by) for slot in (left, missed, cancelled)]
        assert {answer.status_code for answer in answers} <= {200, 404}
        return [answer.status_code == 200 for answer in answers]

    assert await readable(None) == [True, True, True]
    await presence.post(f"/presence-slots/{left}/departure")
    presence.now = NOON + 2 * HOUR
    for reader in (None, "anna", "otto"):
        assert await readable(reader) == [False, False, True]
    presence.now = NOON + 3 * HOUR
    assert await readable(None) == [False, False, False]
    assert await readable("bram") == [True, True, True]


async def test_no_slot_is_of_a_series_that_is_not_there(presence: Presence) -> None:
    await presence.slot(await presence.place())
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await presence.rows("update presence_slots set series_id = $1, recurs_at = starts_at", uuid4())
