"""`events tail` and the log it reads, on a real broker."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from typer.testing import CliRunner
from uuid_utils.compat import uuid7

from dorpsplein.contracts.funding.pledges import (
    PledgeMade,
)
from dorpsplein.contracts.funding.rounds import (
    FundState,
)
from dorpsplein.contracts.initiatives.supports import SupportGiven
from dorpsplein.envelope import Event, Fact, binary_headers, recorded
from dorpsplein.topics import ensure_topics
from dorpsplein_local.commands.events import app, line_of
from dorpsplein_local.errors import CannotRun
from dorpsplein_local.event_log import arriving, open_log, so_far
from dorpsplein_local.state import Alive, State

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ANNA = UUID(int=1)


def headers_of(event: Event, sequence: int = 1) -> list[tuple[str, bytes]]:
    made = binary_headers(Fact(event, sequence), source="urn:test", schemas_url="http://schemas.test", now=NOON)
    return [(name, value.encode()) for name, value in made.items()]


def support() -> SupportGiven:
    return SupportGiven(support_id=uuid7(), initiative_id=uuid7(), supporter_id=ANNA)


@asynccontextmanager
async def producing(kafka: str) -> AsyncIterator[AIOKafkaProducer]:
    async with AIOKafkaProducer(bootstrap_servers=kafka, enable_idempotence=True) as producer:
        yield producer


async def send(producer: AIOKafkaProducer, topic: str, event: Event, *, erase: bool = False) -> None:
    value = None if erase else event.model_dump_json().encode()
    await producer.send_and_wait(topic, value, key=event.key.encode(), headers=headers_of(event))


async def test_what_happened_so_far_is_merged_over_all_partitions_by_time(kafka: str, topic_prefix: str) -> None:
    names = [f"{topic_prefix}supports", f"{topic_prefix}pledges"]
    await ensure_topics(kafka, names, partitions=3)
    async with producing(kafka) as producer:
        for number in range(900):
            topic, partition = names[number % 2], number * 7 % 3
            await producer.send(topic, str(number).encode(), partition=partition, timestamp_ms=1_000 + number)
        await producer.flush()
    async with open_log(kafka, [*names, f"{topic_prefix}not-there"]) as reader:
        read = [int(record.value) async for record in so_far(reader)]
        assert read == list(range(900))
        async with producing(kafka) as producer:
            await producer.send_and_wait(names[0], b"900")
        async for record in arriving(reader):
            assert record.value == b"900"
            break


async def test_what_arrives_while_the_past_is_read_comes_once_after_it(
    kafka: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"{topic_prefix}supports"
    await ensure_topics(kafka, [name], partitions=1)
    async with producing(kafka) as producer:
        for number in range(10):
            await producer.send_and_wait(name, str(number).encode())
    async with open_log(kafka, [name]) as reader:
        ends = await reader.end_offsets(reader.assignment())

        async def a_little_earlier(_: object) -> dict[TopicPartition, int]:
            return {partition: end - 2 for partition, end in ends.items()}

        monkeypatch.setattr(reader, "end_offsets", a_little_earlier)
        assert [int(record.value) async for record in so_far(reader)] == list(range(8))
        following = arriving(reader)
        async with asyncio.timeout(20):
            assert [int((await anext(following)).value) for _ in range(2)] == [8, 9]


async def test_an_empty_log_has_nothing_so_far(kafka: str, topic_prefix: str) -> None:
    await ensure_topics(kafka, [f"{topic_prefix}empty"], partitions=2)
    async with open_log(kafka, [f"{topic_prefix}empty"]) as reader:
        assert [record async for record in so_far(reader)] == []


async def test_a_compacted_log_is_read_to_its_end(kafka: str, topic_prefix: str) -> None:
    """The last offsets of a partition may be gone, as those of transaction markers and compacted records are."""
    name = f"{topic_prefix}texts"
    await ensure_topics(kafka, [name], partitions=1)
    async with AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=name) as producer, producer.transaction():
        await producer.send_and_wait(name, b"one")
    async with open_log(kafka, [name]) as reader:
        assert [record.value async for record in so_far(reader)] == [b"one"]


@pytest.fixture
async def data(kafka: str, tmp_path: Path) -> Path:
    topics = ["initiatives.support", "funding.pledge", "funding.fund.state"]
    await ensure_topics(kafka, topics, partitions=2)
    State(supervisor=Alive.of(os.getpid()), gateway="http://gateway.test", kafka=kafka, ready_seconds=1.0).save(
        tmp_path
    )
    return tmp_path


async def lines_of_tail(data: Path, *options: str, until: int) -> list[str]:
    """What `events tail` prints, up to so many lines."""
    command = ("-m", "dorpsplein_local", "events", "tail", "--data", str(data), *options)
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            return [(await process.stdout.readline()).decode() for _ in range(until)]
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def test_tail_prints_one_cloudevents_document_a_line(kafka: str, data: Path) -> None:
    given, state = support(), FundState(fund_id=uuid7(), name="Buurtfonds “Noord”")
    async with producing(kafka) as producer:
        await send(producer, "initiatives.support", given)
        await producer.send_and_wait("initiatives.support", b"{}", headers=[("ce_type", b"nl.unknown.v1")])
        await producer.send_and_wait("initiatives.support", b"{}", headers=[("ce_type", b"\xff")])
        await send(producer, "funding.fund.state", state)
        await send(producer, "funding.fund.state", state, erase=True)
    types = ("--type", "SupportGiven", "--type", FundState.type)
    documents = [json.loads(line) for line in await lines_of_tail(data, "--json", "--from-start", *types, until=3)]
    assert [document["type"] for document in documents] == [SupportGiven.type, FundState.type, FundState.type]
    assert documents[0]["data"]["supporterId"] == str(ANNA)
    assert {"specversion", "id", "source", "subject", "time", "dataschema", "sequence"} <= set(documents[0])
    assert documents[1]["data"]["name"] == "Buurtfonds “Noord”"
    assert documents[2]["data"] is None


async def test_tail_shows_what_happens_from_now_on(kafka: str, data: Path) -> None:
    pledge = PledgeMade(pledge_id=uuid7(), initiative_id=uuid7(), pledger_id=ANNA, amount_cents=50_00)

    async def keep_pledging() -> None:
        async with producing(kafka) as producer:
            while True:
                await send(producer, "funding.pledge", pledge)
                await asyncio.sleep(0.2)

    pledging = asyncio.create_task(keep_pledging())
    (line,) = await lines_of_tail(data, "--type", "PledgeMade", until=1)
    pledging.cancel()
    await asyncio.gather(pledging, return_exceptions=True)
    assert "PledgeMade" in line
    assert f"{pledge.pledge_id} #1" in line
    assert "amountCents=5000" in line
    assert "\x1b" not in line


def seen(events: Sequence[tuple[Event, bool]]) -> list[str]:
    lines = []
    for event, erased in events:
        read = recorded(headers_of(event), None if erased else event.model_dump_json().encode())
        assert read is not None
        lines.append(line_of(read).plain)
    return lines


def test_a_line_says_what_happened_and_an_erasure_says_that() -> None:
    fund = FundState(fund_id=ANNA, name="n" * 100)
    shown, erased = seen([(fund, False), (fund, True)])
    assert "FundState" in shown
    assert f"name={'n' * 59}…" in shown
    assert erased.endswith(" erased")


def test_an_unknown_type_is_refused_with_those_there_are(tmp_path: Path) -> None:
    refused = CliRunner().invoke(app, ["tail", "--type", "VoteCast", "--data", str(tmp_path)])
    assert isinstance(refused.exception, CannotRun)
    assert "There is no event 'VoteCast'; there are ArrangerArrived, " in str(refused.exception)


def test_without_a_run_it_says_how_to_start_one(tmp_path: Path) -> None:
    refused = CliRunner().invoke(app, ["tail", "--data", str(tmp_path)])
    assert isinstance(refused.exception, CannotRun)
    assert "./dorpsplein up" in str(refused.exception)
