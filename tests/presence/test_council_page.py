"""The page of the council, and who is worth a visit: over HTTP, on a real database, from facts in any order."""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.conftest import MakeDatabase
from tests.presence.conftest import NOON, Presence
from tests.presence.council import Council
from tests.presence.test_projections import eventually, send, state
from tests.support import running

from dorpsplein.contracts.funding.means import MeansGoalReached
from dorpsplein.contracts.initiatives.initiatives import (
    DreamVisionPublished,
    InitiativeCelebrated,
    InitiativeStarted,
    ThresholdReached,
)
from dorpsplein.contracts.initiatives.milestones import MilestoneReached
from dorpsplein.envelope import Event, Fact, Recorded
from dorpsplein.rebuild import rebuild
from presence.app import SERVICE
from presence.projections.frontrunners import frontrunners

DAY = timedelta(days=1)


@pytest.fixture
async def council(presence: Presence) -> Council:
    council = Council(presence)
    council.pond = await council.initiative("ina", "ivo")
    return council


def happened(event: Event, days_ago: float = 1) -> Recorded[Any]:
    return Recorded(event, uuid4(), event.type, "urn:test", event.key, NOON - days_ago * DAY, 1, {}, erased=False)


def milestone(initiative: UUID) -> MilestoneReached:
    return MilestoneReached(milestone_id=uuid4(), initiative_id=initiative)


def dream(initiative: UUID, version: int = 1) -> DreamVisionPublished:
    return DreamVisionPublished(initiative_id=initiative, dream_id=uuid4(), dream_version=version)


async def hear(presence: Presence, *events: Recorded[Any]) -> None:
    async with presence.runtime.database.transaction() as tx:
        await frontrunners(tx, events)


async def test_the_page_has_the_sessions_that_members_join_as_inspirators(presence: Presence, council: Council) -> None:
    kees = await council.member("kees")
    body = {"workingForm": "creative-lab", "question": "Wat leeft hier?"}
    when = {"startsAt": (NOON + DAY).isoformat(), "endsAt": (NOON + DAY + timedelta(hours=2)).isoformat()}
    session = (await council.done("/sessions", body | when, by="bram"))["id"]
    seats = {who: (await council.done(f"/sessions/{session}/seats", by=who))["id"] for who in ("kees", "anna")}
    assert (await presence.get("/council")).json()["sessions"] == []
    for seat in seats.values():
        answer = await council.put(f"/seats/{seat}/role", {"role": "inspirator"}, by="bram", version=1)
        assert answer.status_code == 200, answer.text
    [joined] = (await presence.get("/council")).json()["sessions"]
    assert (joined["id"], joined["question"], joined["memberIds"]) == (session, "Wat leeft hier?", [kees])
    await council.done(f"/seats/{seats['kees']}/giving-up", by="kees")
    assert (await presence.get("/council")).json()["sessions"] == []


async def worth_a_visit(presence: Presence, **query: Any) -> list[dict[str, Any]]:
    answer = await presence.get("/council/worth-a-visit", **query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_frontrunners_are_suggested_with_reasons_from_facts(presence: Presence, council: Council) -> None:
    swing, unknown, quiet = (
        await council.initiative("ina", title="Een schommel"),
        uuid4(),
        await council.initiative("ina"),
    )
    await hear(
        presence,
        happened(ThresholdReached(initiative_id=council.pond, threshold=5), 80),
        happened(dream(swing), 70),
        happened(dream(swing, 2), 10),
        happened(milestone(swing), 95),
        happened(MeansGoalReached(initiative_id=swing, goal_cents=100), 5),
        happened(InitiativeStarted(initiative_id=unknown)),
        happened(InitiativeCelebrated(initiative_id=quiet), 91),
    )
    items = await worth_a_visit(presence)
    assert [(one["title"], one["status"]) for one in items] == [
        ("Een schommel", "under-way"),
        ("Een vijver", "under-way"),
    ]
    assert items[0]["reasons"] == [
        {"reason": "means-found", "latest": "2026-04-26T12:00:00Z", "times": 1},
        {"reason": "dream-published", "latest": "2026-04-21T12:00:00Z", "times": 2},
    ]
    assert [one["title"] for one in await worth_a_visit(presence, limit=1)] == ["Een schommel"]
    presence.now += timedelta(days=10)
    assert [one["title"] for one in await worth_a_visit(presence)] == ["Een schommel"]


async def test_a_session_that_was_harvested_here_is_a_reason_too(presence: Presence, council: Council) -> None:
    for lines in (2, 1):
        session = await presence.post(
            "/sessions",
            {
                "workingForm": "creative-lab",
                "question": "Wat missen we?",
                "startsAt": NOON.isoformat(),
                "endsAt": (NOON + timedelta(hours=1)).isoformat(),
                "initiativeIds": [str(council.pond)],
            },
        )
        await council.done(f"/sessions/{session.json()['id']}/start", by="bram")
        harvest = {"lines": [{"consent": "none"}] * lines}
        await council.done(f"/sessions/{session.json()['id']}/harvest", harvest, by="bram")
        presence.now += timedelta(minutes=5)
    [item] = await worth_a_visit(presence)
    assert item["reasons"] == [{"reason": "session-harvested", "latest": "2026-05-01T12:05:00Z", "times": 2}]
    presence.now += timedelta(days=90)
    assert await worth_a_visit(presence) == []


async def test_where_the_council_is_invited_or_has_been_it_is_not_sent_again(
    presence: Presence, council: Council
) -> None:
    kees = await council.member("kees")

    async def suggested() -> bool:
        await hear(presence, happened(milestone(council.pond), (NOON - presence.now) / DAY))
        return bool(await worth_a_visit(presence))

    assert await suggested()
    visit = await council.invite()
    assert not await suggested()
    await council.done(f"/visits/{visit}/cancellation", {"reason": "other"}, by="ina")
    assert await suggested()
    await council.visited(kees)
    assert not await suggested()
    presence.now += timedelta(days=179)
    assert not await suggested()
    presence.now += timedelta(days=1)
    assert await suggested()
    await presence.rows("update initiatives set withdrawn = true")
    assert not await suggested()


async def test_any_order_and_any_batches_of_facts_lead_to_the_same(presence: Presence, council: Council) -> None:
    other = uuid4()
    facts = [
        *(happened(milestone(one), ago) for one in (council.pond, other) for ago in (1, 30, 60)),
        *(happened(dream(council.pond, version), 40 - version) for version in (1, 2)),
        happened(ThresholdReached(initiative_id=other, threshold=5), 50),
    ]
    expected = {
        (council.pond, "milestone-reached", NOON - DAY, 3),
        (other, "milestone-reached", NOON - DAY, 3),
        (council.pond, "dream-published", NOON - 38 * DAY, 2),
        (other, "threshold-reached", NOON - 50 * DAY, 1),
    }
    for seed in range(40):
        chance = random.Random(seed)
        chance.shuffle(facts)
        edges = [0, *sorted(chance.sample(range(1, len(facts)), chance.randint(0, 4))), len(facts)]
        await presence.rows("delete from frontrunners")
        for start, end in pairwise(edges):
            await hear(presence, *facts[start:end])
        assert set(await presence.rows("select * from frontrunners")) == expected, seed


@pytest.mark.timeout(120)
async def test_facts_that_came_over_kafka_are_kept_and_a_rebuild_finds_the_same(
    make_database: MakeDatabase, kafka: str, topic_prefix: str
) -> None:
    async with running(SERVICE, make_database("presence"), kafka=kafka, topic_prefix=topic_prefix) as there:
        presence, pond = Presence(there.runtime, there.client), uuid4()
        await eventually(there.runtime.not_ready, lambda missing: not missing)
        facts = [Fact(milestone(pond), 1), Fact(MeansGoalReached(initiative_id=pond, goal_cents=5), 1)]
        await send(kafka, topic_prefix, Fact(state(pond, "Een vijver"), 1), *facts)

        async def kept() -> Sequence[Any]:
            return sorted(await presence.rows("select * from frontrunners"))

        live = await eventually(kept, lambda rows: len(rows) == 2)
        [suggestion] = await eventually(lambda: worth_a_visit(presence), lambda items: len(items) == 1)
        assert {one["reason"] for one in suggestion["reasons"]} == {"milestone-reached", "means-found"}
        projection = SERVICE.projections["frontrunners"]
        assert await rebuild("presence", "frontrunners", projection, there.runtime.settings) == 2
        assert await kept() == live


async def test_the_page_of_the_council_shows_what_is_still_to_be_kept_first(
    presence: Presence, council: Council
) -> None:
    empty = (await presence.get("/council")).json()
    assert (empty["promisesToKeep"], empty["members"], empty["coming"], empty["done"]) == ([], [], [], [])
    kees = await council.member("kees")
    await council.put(f"/council-members/{kees}/words", {"words": "Ik luister."}, by="kees", version=2)
    left = await council.member("lena", "kees", "inspirator")
    await council.done(f"/council-members/{left}/resignation", by="lena")
    visit = await council.visited(kees)
    promises = {
        text: (await council.done(f"/visits/{visit}/promises", {"text": text, "dueOn": due}, by="kees"))["id"]
        for text, due in (("kept", "2026-05-03"), ("due", "2026-05-04"), ("open", "2026-09-01"), ("soon", "2026-06-01"))
    }
    await council.done(f"/council-promises/{promises['kept']}/keeping", {"words": "Het staat er."}, by="kees")
    await council.pass_by(days=5)
    asked = await council.invite(await council.initiative("ina", title="Een schommel"))
    shown = (await presence.get("/council")).json()
    assert [one["text"] for one in shown["promisesToKeep"]] == ["due", "soon", "open"]
    assert [(one["id"], one["words"]) for one in shown["members"]] == [(kees, "Ik luister.")]
    assert [(one["id"], one["initiativeTitle"]) for one in shown["coming"]] == [(asked, "Een schommel")]
    [done] = shown["done"]
    assert (done["id"], done["status"]) == (visit, "visited")
    assert [(one["text"], one["outcome"]) for one in done["promises"]] == [
        ("kept", "Het staat er."),
        ("due", None),
        ("soon", None),
        ("open", None),
    ]
    assert shown["counts"] == {"visits": {"invited": 1, "visited": 1}, "promises": {"kept": 1, "due": 1, "open": 2}}
    for link in shown["links"].values():
        assert (await presence.get(f"/{link}")).status_code == 200


async def test_the_page_stays_small_however_much_the_council_does(presence: Presence, council: Council) -> None:
    kees = await council.member("kees")
    visit = await council.visited(kees)
    promise = {"text": "Een bankje.", "dueOn": "2026-09-01"}
    for _ in range(25):
        await council.done(f"/visits/{visit}/promises", promise, by="kees")
    initiatives = await asyncio.gather(*(council.initiative("ina") for _ in range(12)))
    for initiative in initiatives:
        await council.invite(initiative)
    shown = (await presence.get("/council")).json()
    assert [len(shown[part]) for part in ("promisesToKeep", "coming", "done")] == [20, 10, 1]
    assert len(shown["done"][0]["promises"]) == 10
    assert shown["counts"]["promises"] == {"open": 25}
