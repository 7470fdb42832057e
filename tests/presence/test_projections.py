"""What presence keeps of initiatives: from contracts alone, in whatever order events of two topics come in."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from httpx import Response
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import MakeDatabase
from tests.presence.conftest import CANTEEN
from tests.support import login, running

import presence
from dorpsplein.contracts.initiatives.initiatives import InitiativeState, InitiativeWithdrawn
from dorpsplein.contracts.presence.encounters import EncounterNoted, EncounterState
from dorpsplein.contracts.presence.places import PlaceAdded, PlaceState
from dorpsplein.database import Database
from dorpsplein.envelope import Event, Fact, Recorded, recorded
from dorpsplein.migrating import migrate, migrations_of
from dorpsplein.outbox import Outbox
from presence.app import SERVICE
from presence.projections.initiatives import initiatives

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
T = TypeVar("T")
INITIATIVES = Outbox(source="urn:test:initiatives", schemas_url="http://schemas.test")


def state(initiative: UUID, title: str, status: str = "proposed") -> InitiativeState:
    return InitiativeState(
        initiative_id=initiative,
        initiator_id=uuid4(),
        title=title,
        summary="-",
        theme="green",
        status=status,
        latitude=52.0,
        longitude=5.0,
    )


def happened(event: Event, sequence: int, *, erased: bool = False) -> Recorded[Any]:
    return Recorded(event, uuid4(), event.type, "urn:test", event.key, NOON, sequence, {}, erased=erased)


def history(initiative: UUID) -> tuple[list[Recorded[Any]], list[Recorded[Any]]]:
    """The public state and the facts of one initiative, as their two topics hold them."""
    states = [happened(state(initiative, f"title {version}"), version) for version in (1, 2, 3)]
    return [*states, happened(state(initiative, ""), 4, erased=True)], [
        happened(InitiativeWithdrawn(initiative_id=initiative, reason="moved"), 4)
    ]


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[list[Recorded[Any]]], int]:
    """Batches in which the topics of three initiatives come in, and up to which state each has come."""
    upto = draw(st.integers(1, 4))
    topics = []
    for _ in range(3):
        states, facts = history(uuid4())
        topics += [states[:upto], facts]
    stream: list[Recorded[Any]] = []
    while any(topics):
        stream.append(draw(st.sampled_from([topic for topic in topics if topic])).pop(0))
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    edges = [0, *cuts, len(stream)]
    return [stream[a:b] for a, b in pairwise(edges) if a < b], upto


def test_any_order_and_any_batches_lead_to_the_same(make_database: MakeDatabase) -> None:
    urls = make_database("presence")
    with asyncio.Runner() as runner:
        runner.run(migrate(urls.migration, migrations_of(presence)))
        database = runner.run(Database(urls.application, INITIATIVES, size=1).__aenter__())

        async def applied(batches: Sequence[Sequence[Recorded[Any]]]) -> set[tuple[Any, ...]]:
            async with database.transaction() as tx:
                await tx.execute("delete from initiatives")
                for batch in batches:
                    await initiatives(tx, batch)
                rows = await tx.fetch("select title, status, latitude, state_version, withdrawn from initiatives")
                assert len(rows) == 3
                return {tuple(row) for row in rows}

        @settings(max_examples=100, deadline=None)
        @given(deliveries())
        def the_same(delivery: tuple[list[list[Recorded[Any]]], int]) -> None:
            batches, upto = delivery
            last = (None, None, None, 4, True) if upto == 4 else (f"title {upto}", "proposed", 52.0, upto, True)
            assert runner.run(applied(batches)) == {last}

        try:
            the_same()
        finally:
            runner.run(database.__aexit__(None, None, None))


async def test_an_old_state_that_comes_late_brings_nothing_back(make_database: MakeDatabase) -> None:
    pond = uuid4()
    states, _ = history(pond)
    async with running(SERVICE, make_database("presence")) as there:
        for late in (states[2], states[1], states[3], states[0]):
            async with there.runtime.database.transaction() as tx:
                await initiatives(tx, [late])
        assert await titles(there.runtime.database) == [None]


async def send(kafka: str, prefix: str, *facts: Fact) -> None:
    columns = Outbox(source="urn:test:initiatives", schemas_url="-", topic_prefix=prefix).columns(facts)
    async with AIOKafkaProducer(bootstrap_servers=kafka, enable_idempotence=True) as producer:
        for _, topic, key, headers, body in zip(*columns, strict=True):
            pairs = [(name, value.encode()) for name, value in json.loads(headers).items()]
            await producer.send_and_wait(topic, value=body, key=key.encode(), headers=pairs)


async def eventually(look: Callable[[], Awaitable[T]], is_so: Callable[[T], bool]) -> T:
    async with asyncio.timeout(30):
        while True:
            if is_so(seen := await look()):
                return seen
            await asyncio.sleep(0.02)


async def read(kafka: str, *topics: str, count: int) -> list[tuple[type[Event], int, bool]]:
    """The first `count` events of topics: type, version, whether it erases."""
    async with AIOKafkaConsumer(*topics, bootstrap_servers=kafka, auto_offset_reset="earliest") as consumer:
        events: list[tuple[type[Event], int, bool]] = []
        while len(events) < count:
            record = await asyncio.wait_for(consumer.getone(), 20)
            event = recorded(record.headers, record.value)
            assert event is not None
            events.append((type(event.event), event.sequence, event.erased))
        return events


@pytest.mark.timeout(120)
async def test_a_talk_about_an_initiative_that_came_over_kafka_reaches_the_others(
    make_database: MakeDatabase, kafka: str, topic_prefix: str
) -> None:
    pond = uuid4()
    async with running(SERVICE, make_database("presence"), kafka=kafka, topic_prefix=topic_prefix) as there:
        talk = {"theme": "green", "consent": "anonymous", "words": "Ducks!", "initiativeId": str(pond)}
        bram = login("bram")

        async def note() -> Response:
            return await there.client.post("/encounters", json=talk, headers=bram)

        assert (await note()).json()["code"] == "initiative-unknown"
        await eventually(there.runtime.not_ready, lambda missing: not missing)
        await send(kafka, topic_prefix, Fact(state(pond, "A pond"), 1))
        noted = await eventually(note, lambda answer: answer.status_code == 201)
        withdrawal = await there.client.post(f"/encounters/{noted.json()['id']}/consent-withdrawal", headers=bram)
        assert withdrawal.status_code == 200
        await there.client.post("/places", json=CANTEEN, headers=bram)
        said = await read(kafka, f"{topic_prefix}presence.encounter.state", count=2)
        assert said == [(EncounterState, 1, False), (EncounterState, 2, True)]
        [(fact, _, _)] = await read(kafka, f"{topic_prefix}presence.encounter", count=1)
        assert fact is EncounterNoted
        places = await read(kafka, f"{topic_prefix}presence.place", f"{topic_prefix}presence.place.state", count=2)
        assert {event for event, _, _ in places} == {PlaceAdded, PlaceState}
        await send(kafka, topic_prefix, Fact(InitiativeWithdrawn(initiative_id=pond, reason="moved"), 2))
        refused = await eventually(note, lambda answer: answer.status_code != 201)
        assert refused.json()["code"] == "initiative-withdrawn"
        await send(kafka, topic_prefix, Fact(state(pond, ""), 3, erases=True))
        await eventually(lambda: titles(there.runtime.database), lambda known: known == [None])


async def titles(database: Database) -> list[str | None]:
    async with database.transaction() as tx:
        return [row["title"] for row in await tx.fetch("select title from initiatives")]
