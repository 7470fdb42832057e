"""What was done without signal, sent later: over HTTP, on a real database."""

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from tests.presence.conftest import NOON, Presence, window
from tests.support import login, person

from dorpsplein.contracts.presence.encounters import EncounterConsentWithdrawn, EncounterNoted, EncounterState
from dorpsplein.contracts.presence.harvest import HarvestLineNoted, HarvestState
from dorpsplein.contracts.presence.sessions import SessionHarvested
from dorpsplein.contracts.presence.slots import ArrangerArrived, ArrangerLeft
from dorpsplein.identity import Role
from dorpsplein.timers import fire_due
from presence.commands import slots
from presence.domain.slots import Announce
from presence.timers import HANDLERS

SECRET_WORDS = "Mijn buurvrouw Wilhelmina is eenzaam"
TALK = {"theme": "care", "consent": "anonymous", "words": SECRET_WORDS}
LINE = {"consent": "anonymous", "words": "A bench by the pond"}
HOUR = timedelta(hours=1)


def command(kind: str, at: datetime = NOON, **more: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "at": at.isoformat(), "kind": kind} | more


def noted(at: datetime = NOON, **talk: Any) -> dict[str, Any]:
    return command("note-encounter", at, encounter=TALK | talk)


async def send(
    presence: Presence, commands: list[Any], *, skew: timedelta = timedelta(), by: str = "bram", key: str | None = None
) -> list[dict[str, Any]]:
    body = {"sentAt": (presence.now + skew).isoformat(), "commands": commands}
    answer = await presence.post("/field-commands", body, by=by, key=key)
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    assert [result.get("id") for result in results] == [
        each.get("id") if isinstance(each, dict) else None for each in commands
    ]
    return results


def words(results: list[dict[str, Any]]) -> list[str]:
    return [result["problem"]["code"] if result["result"] == "refused" else result["result"] for result in results]


async def session(presence: Presence) -> str:
    """A session that is live."""
    body = {"workingForm": "creative-lab", "question": "What do we miss?"} | {
        name: value for name, value in window("", 0, 2).items() if name != "placeId"
    }
    announced = await presence.post("/sessions", body)
    assert announced.status_code == 201, announced.text
    started = await presence.post(f"/sessions/{announced.json()['id']}/start")
    assert started.status_code == 200, started.text
    session_id: str = started.json()["id"]
    return session_id


def a_long_day(order: random.Random, places: list[str], slot_ids: list[UUID], live: list[str]) -> list[dict[str, Any]]:
    """A thousand commands, all of which can be carried out once what they need has been."""
    talks = []
    for number in range(500):
        place = {"placeId": order.choice(places)} if order.random() < 0.3 else {}
        own = {"id": str(uuid4())} if order.random() < 0.5 else {}
        talks.append(noted(NOON + timedelta(seconds=number), words=f"words {number}", **place, **own))
    taken_back = [
        command("withdraw-encounter-consent", NOON + 3 * HOUR, encounterId=talk["encounter"].get("id", talk["id"]))
        for talk in order.sample(talks, 180)
    ]
    visits = []
    for number, slot_id in enumerate(slot_ids):
        came = NOON + number * HOUR / 2
        visits.append(command("arrive", came + timedelta(minutes=3), slotId=str(slot_id)))
        visits.append(command("leave", came + timedelta(minutes=25), slotId=str(slot_id)))
    lines = [
        command("bring-in-line", NOON + HOUR, sessionId=order.choice(live), line=LINE | {"words": f"line {number}"})
        for number in range(220)
    ]
    return [*talks, *taken_back, *visits, *lines]


def in_batches(order: random.Random, commands: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    shuffled, batches = order.sample(commands, len(commands)), []
    while shuffled:
        size = order.choice([1, 7, 60, 200, 400])
        batches.append(shuffled[:size])
        shuffled = shuffled[size:]
    return batches


async def test_a_thousand_commands_replayed_in_any_order_have_one_effect_each(presence: Presence) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # shown where it fails, so that it can be done again
    order = random.Random(seed)
    place, live = await presence.place(), [await session(presence) for _ in range(2)]
    slot_ids = [uuid4() for _ in range(50)]
    async with presence.runtime.database.transaction() as tx:
        for number, slot_id in enumerate(slot_ids):
            begins = NOON + number * HOUR / 2
            await slots.announce_presence(
                tx, Announce(slot_id, person("bram"), UUID(place), begins, begins + HOUR / 2), now=NOON
            )
    await presence.rows("delete from outbox")
    presence.now = NOON + 30 * HOUR
    commands = a_long_day(order, [place], slot_ids, live)
    assert len(commands) == 1_000
    done: Counter[str] = Counter()

    async def replay(batch: list[dict[str, Any]]) -> list[dict[str, Any]]:
        results = await send(presence, batch, skew=timedelta(minutes=order.randrange(-600, 600)))
        done.update(result["id"] for result in results if result["result"] == "done")
        assert not {result["problem"]["code"] for result in results if result["result"] == "refused"} - {
            "encounter-unknown",  # consent taken back of what is yet to be noted
            "slot-not-arrived",  # gone from where one is yet to come
        }
        return [each for each, result in zip(batch, results, strict=True) if result["result"] == "refused"]

    async def replays(commands: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Send all commands, up to three batches at once, of which one is sent twice."""
        refused, batches = [], in_batches(order, commands)
        while batches:
            several, batches = batches[:2], batches[2:]
            for answer in await asyncio.gather(*(replay(batch) for batch in [*several, several[0]])):
                refused += answer
        return refused

    await replays(commands)
    left = await replays(commands)
    while left:
        left = await replays(list({each["id"]: each for each in left}.values()))
    assert set(words(await send(presence, commands))) == {"already-done"}
    assert done == Counter({each["id"]: 1 for each in commands})

    said = Counter((event, body is None) for event, _, body in await presence.events())
    assert said[EncounterNoted, False] == said[EncounterState, False] == 500
    assert said[EncounterConsentWithdrawn, False] == said[EncounterState, True] == 180
    assert said[ArrangerArrived, False] == said[ArrangerLeft, False] == 50
    assert said[SessionHarvested, False] == said[HarvestLineNoted, False] == said[HarvestState, False] == 220
    [counts] = await presence.rows(
        "select (select count(*) from encounters), (select count(*) from encounters where withdrawn),"
        " (select count(*) from presence_slots where status = 'left' and version = 3),"
        " (select count(*) from harvest_lines), (select sum(lines) from sessions),"
        " (select count(*) from field_commands where result is not null), (select count(*) from field_commands)"
    )
    assert counts == (500, 180, 50, 220, 220, 1_000, 1_000)
    assert await presence.rows("select distinct noted_at from encounters") == [(presence.now,)]


async def test_a_clock_that_is_hours_off_is_recorded_and_changes_nothing_else(presence: Presence) -> None:
    slot, at = await presence.slot(await presence.place()), NOON + timedelta(minutes=10)
    presence.now = NOON + HOUR
    for skew in (-5 * HOUR, 7 * HOUR):
        assert words(await send(presence, [noted(at + skew)], skew=skew)) == ["done"]
    assert words(await send(presence, [command("arrive", at, slotId=slot)], skew=9 * HOUR)) == ["done"]
    assert await presence.rows(
        "select kind, claimed_at, skew_ms, received_at from field_commands order by skew_ms"
    ) == [
        ("note-encounter", at - 5 * HOUR, -5 * 3_600_000, presence.now),
        ("note-encounter", at + 7 * HOUR, 7 * 3_600_000, presence.now),
        ("arrive", at, 9 * 3_600_000, presence.now),
    ]
    assert await presence.rows("select distinct noted_at from encounters") == [(presence.now,)]


async def test_a_shuffled_batch_is_carried_out_as_it_happened(presence: Presence) -> None:
    place = await presence.place()
    here, there = await presence.slot(place, 0, 2), await presence.slot(place, 2, 4)
    talk = noted(NOON + HOUR)
    happened = [
        command("arrive", NOON, slotId=here),
        talk,
        command("withdraw-encounter-consent", NOON + HOUR, encounterId=talk["id"]),
        command("leave", NOON + HOUR * 1.5, slotId=here),
        command("arrive", NOON + HOUR * 1.6, slotId=there),
    ]
    presence.now = NOON + HOUR * 1.75
    assert words(await send(presence, happened[::-1])) == ["done"] * 5
    assert await presence.rows("select status from presence_slots order by starts_at") == [("left",), ("arrived",)]
    assert await presence.rows("select withdrawn from encounters") == [(True,)]


async def test_a_visit_that_is_told_after_its_end_was_begun_and_ended(presence: Presence) -> None:
    slot = await presence.slot(await presence.place())
    presence.now = NOON + 9 * HOUR
    arrival, departure = command("arrive", NOON, slotId=slot), command("leave", NOON + HOUR, slotId=slot)
    assert words(await send(presence, [arrival, departure])) == ["done", "done"]
    said = [ArrangerArrived.model_validate_json(body or b"") for _, _, body in (await presence.events())[-2:-1]]
    assert [arrived.how for arrived in said] == ["claimed"]
    assert [(event, version) for event, version, _ in (await presence.events())[-2:]] == [
        (ArrangerArrived, 2),
        (ArrangerLeft, 3),
    ]
    late = command("arrive", NOON + 2 * HOUR, slotId=await presence.slot(await presence.place(name="Elders"), 10, 12))
    assert words(await send(presence, [late])) == ["too-early"]


async def test_what_is_refused_may_come_again_and_succeed(presence: Presence) -> None:
    slot = await presence.slot(await presence.place())
    departure, arrival = command("leave", NOON + HOUR, slotId=slot), command("arrive", NOON, slotId=slot)
    assert words(await send(presence, [departure])) == ["slot-not-arrived"]
    assert await presence.rows("select * from field_commands") == []
    assert words(await send(presence, [arrival])) == ["done"]
    [left] = await send(presence, [departure])
    assert (left["result"], left["effect"]) == ("done", {"slotId": slot, "status": "left"})
    assert await send(presence, [departure, arrival]) == [
        {"id": departure["id"], "result": "already-done", "effect": {"slotId": slot, "status": "left"}},
        {"id": arrival["id"], "result": "already-done", "effect": {"slotId": slot, "status": "arrived"}},
    ]


async def test_a_refusal_by_the_database_stops_no_other_command(presence: Presence) -> None:
    place, live = await presence.place(), await session(presence)
    here, there = await presence.slot(place, 0, 2), await presence.slot(place, 2, 4)
    presence.now = NOON + HOUR * 1.75
    results = await send(
        presence,
        [
            command("arrive", NOON, slotId=here),
            command("arrive", NOON + HOUR * 1.6, slotId=there),
            command("bring-in-line", NOON + HOUR * 1.7, sessionId=live, line=LINE),
        ],
    )
    assert words(results) == ["done", "still-elsewhere", "done"]
    assert await presence.rows("select lines from sessions") == [(1,)]


async def test_the_same_id_stands_for_one_command_of_one_officer(presence: Presence) -> None:
    first = noted()
    other = first | {"at": (NOON + HOUR).isoformat(), "encounter": TALK | {"words": "something else"}}
    assert words(await send(presence, [first, other, first])) == ["done", "command-id-taken", "already-done"]
    assert words(await send(presence, [other])) == ["command-id-taken"]
    body = {"sentAt": NOON.isoformat(), "commands": [first | {"encounter": TALK | {"id": str(uuid4())}}]}
    dirk = await presence.client.post("/field-commands", json=body, headers=login("dirk", Role.ARRANGER))
    assert words(dirk.json()["results"]) == ["done"]
    assert await presence.rows("select count(*) from encounters") == [(2,)]


async def test_a_talk_that_was_noted_already_is_not_noted_again_under_another_command(presence: Presence) -> None:
    talk = TALK | {"id": str(uuid4())}
    await presence.post("/encounters", talk)
    again, changed = (
        command("note-encounter", encounter=talk),
        command("note-encounter", encounter=talk | {"words": "x"}),
    )
    assert words(await send(presence, [again, changed])) == ["already-done", "encounter-id-taken"]
    assert len(await presence.events()) == 2


async def test_the_same_batch_at_once_has_one_effect(presence: Presence) -> None:
    slot, live = await presence.slot(await presence.place()), await session(presence)
    commands = [
        *(noted(words=f"words {number}") for number in range(40)),
        command("arrive", slotId=slot),
        *(command("bring-in-line", sessionId=live, line=LINE) for _ in range(9)),
    ]
    answers = await asyncio.gather(*(send(presence, commands[:: (-1) ** turn]) for turn in range(6)))
    results = Counter(result for answer in answers for result in words(answer))
    assert results == {"done": 50, "already-done": 250}
    assert await presence.rows("select count(*) from harvest_lines") == [(9,)]


async def test_batches_that_go_through_the_same_things_in_opposite_orders_never_block_each_other(
    presence: Presence,
) -> None:
    live = [await session(presence) for _ in range(2)]

    def lines(first: str, second: str) -> list[dict[str, Any]]:
        return [
            command("bring-in-line", NOON + number * HOUR / 60, sessionId=first if number < 20 else second, line=LINE)
            for number in range(40)
        ]

    answers = await asyncio.gather(*(send(presence, lines(*live[:: (-1) ** turn])) for turn in range(6)))
    assert {result for answer in answers for result in words(answer)} == {"done"}
    assert await presence.rows("select lines from sessions") == [(120,), (120,)]


async def test_each_command_has_its_own_result_also_what_is_none(presence: Presence) -> None:
    live = await session(presence)
    good = noted()
    unreadable: list[Any] = [
        {"id": "mine-1", "at": NOON.isoformat(), "kind": "note-encounter", "encounter": TALK | {"wrods": "x"}},
        noted(words="\ud800"),
        noted(theme="Not a code"),
        command("teleport"),
        command("arrive", slotId=3, arrive=1),
        {"kind": "leave"},
    ]
    nothing: list[Any] = ["not even an object", None]
    results = await send(presence, [good, *unreadable, *nothing, command("bring-in-line", sessionId=live, line=LINE)])
    assert [result["result"] for result in results] == ["done", *["refused"] * 8, "done"]
    problems = [result["problem"] for result in results[1:-1]]
    assert {(problem["status"], problem["code"]) for problem in problems} == {(400, "invalid-request")}
    assert [[fault["pointer"] for fault in problem["errors"]] for problem in problems] == [
        ["/commands/1/id", "/commands/1/encounter/wrods"],
        ["/commands/2/encounter/words"],
        ["/commands/3/encounter/theme"],
        ["/commands/4"],
        ["/commands/5/slotId", "/commands/5/arrive"],
        ["/commands/6/id", "/commands/6/at", "/commands/6/slotId"],
        ["/commands/7"],
        ["/commands/8"],
    ]
    assert "Wilhelmina" not in str(results)


async def test_nobody_does_in_the_field_what_they_may_not_do_elsewhere(presence: Presence) -> None:
    slot, live = await presence.slot(await presence.place()), await session(presence)
    talk = (await presence.post("/encounters", TALK)).json()["id"]
    body = {
        "sentAt": NOON.isoformat(),
        "commands": [
            command("arrive", slotId=slot),
            command("bring-in-line", sessionId=live, line=LINE),
            command("withdraw-encounter-consent", encounterId=talk),
            noted(consent="none"),
            noted(placeId=str(uuid4())),
        ],
    }
    before = await presence.events()
    answer = await presence.client.post("/field-commands", json=body, headers=login("dirk", Role.ARRANGER))
    assert words(answer.json()["results"]) == [
        "not-your-slot",
        "not-your-session",
        "not-your-encounter",
        "words-without-consent",
        "place-unknown",
    ]
    assert await presence.events() == before
    assert await presence.rows("select * from field_commands") == []


async def test_a_replay_after_consent_was_withdrawn_brings_nothing_back(presence: Presence) -> None:
    talk = noted()
    await send(presence, [talk])
    await presence.post(f"/encounters/{talk['id']}/consent-withdrawal")
    before = await presence.events()
    assert words(await send(presence, [talk])) == ["already-done"]
    assert await presence.events() == before
    assert await presence.rows("select words, withdrawn from encounters") == [(None, True)]
    assert "Wilhelmina" not in str(await presence.rows("select row_to_json(f)::text from field_commands as f"))


async def test_a_command_is_forgotten_after_a_month_and_not_before(presence: Presence) -> None:
    first, later = noted(), noted()
    await send(presence, [first])
    presence.now = NOON + timedelta(days=29)
    await send(presence, [first, later])
    for days, kept in ((29.9, 2), (30, 1), (59, 0)):
        await fire_due(presence.runtime.database, HANDLERS, NOON + timedelta(days=days))
        assert await presence.rows("select count(*) from field_commands") == [(kept,)]
    assert await presence.rows("select count(*) from encounters") == [(2,)]


async def test_a_request_that_is_repeated_under_its_key_answers_the_same(presence: Presence) -> None:
    talk = noted()
    first = await send(presence, [talk], key="once")
    assert words(first) == ["done"]
    assert await send(presence, [talk], key="once") == first


async def test_a_phone_that_lost_its_clock_is_recorded_and_the_end_of_time_is_not_readable(presence: Presence) -> None:
    lost = datetime(1970, 1, 1, tzinfo=UTC)
    never = [noted() | {"at": moment} for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-01:00")]
    results = await send(presence, [noted(lost), *never], skew=lost - NOON)
    assert words(results) == ["done", "invalid-request", "invalid-request"]
    assert await presence.rows("select claimed_at, skew_ms from field_commands") == [
        (lost, (lost - NOON) // timedelta(milliseconds=1))
    ]
