"""How a consumer handles batches, handed to it directly; PostgreSQL is real."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import ConsumerRecord
from faststream.exceptions import NackMessage
from tests.shared import toolshed
from tests.shared.rig import Shed
from tests.shared.test_receiving import envelope

from dorpsplein import failpoints
from dorpsplein.consumer import Consumer, batches
from dorpsplein.database import Transaction
from dorpsplein.envelope import CAUSE, Recorded

TOOL = uuid4()


def records(*bodies: tuple[dict[str, bytes | None], bytes]) -> list[ConsumerRecord]:
    now = int(time.time() * 1000)
    return [
        ConsumerRecord(toolshed.TOPIC, 0, n, now, 0, None, value, None, 0, len(value), tuple(headers.items()))
        for n, (headers, value) in enumerate(bodies)
    ]


def good(many: int) -> list[tuple[dict[str, bytes | None], bytes]]:
    return [envelope(TOOL, n) for n in range(1, many + 1)]


async def test_one_bad_event_among_many_is_found_by_halving_and_the_rest_keep_their_order(shed: Shed) -> None:
    bodies = good(100)
    bodies[41] = envelope(TOOL, 42, days=99)
    calls: list[int] = []

    async def counted(tx: Transaction, events: Sequence[Recorded[Any]]) -> None:
        calls.append(len(events))
        await toolshed.loans(tx, events)

    consumer = Consumer("toolshed", "loans", replace(toolshed.LOANS, apply=counted), shed.db)
    await consumer.handle(records(*bodies))
    assert await shed.applied() == {TOOL: [n for n in range(1, 101) if n != 42]}
    assert [letter["offset"] for letter in await shed.dead_letters()] == [41]
    assert len(calls) <= 2 * 7 + 1


async def test_a_batch_that_takes_too_long_is_halved_until_it_fits(shed: Shed) -> None:
    async def heavy(tx: Transaction, events: Sequence[Recorded[Any]]) -> None:
        await tx.execute("select pg_sleep($1)", 0.02 * len(events))
        await toolshed.loans(tx, events)

    database = shed.database()
    database._timeout_s = 0.5
    async with database:
        consumer = Consumer("toolshed", "loans", replace(toolshed.LOANS, apply=heavy), database)
        await consumer.handle(records(*good(60)))
    assert await shed.applied() == {TOOL: list(range(1, 61))}
    assert await shed.dead_letters() == []


async def test_what_is_away_for_a_moment_is_waited_for_and_parks_nothing(shed: Shed) -> None:
    failpoints.arm("before_tx=raise@1")
    try:
        await shed.consumer().handle(records(*good(3)))
    finally:
        failpoints.arm("")
    assert await shed.applied() == {TOOL: [1, 2, 3]}
    assert await shed.dead_letters() == []


async def test_a_connection_that_is_cut_in_the_middle_parks_nothing(shed: Shed) -> None:
    cut: list[int] = []

    async def cutting(tx: Transaction, events: Sequence[Recorded[Any]]) -> None:
        await toolshed.loans(tx, events)
        if not cut:
            cut.append(1)
            await tx.execute("select pg_terminate_backend(pg_backend_pid())")

    await Consumer("toolshed", "loans", replace(toolshed.LOANS, apply=cutting), shed.db).handle(records(*good(3)))
    assert await shed.applied() == {TOOL: [1, 2, 3]}
    assert await shed.dead_letters() == []


async def test_what_stays_away_is_read_again_later(shed: Shed) -> None:
    async with shed.database() as away:
        away._pool = None
        consumer = Consumer("toolshed", "loans", toolshed.LOANS, away, patience_s=0.3)
        started = time.monotonic()
        with pytest.raises(NackMessage):
            await consumer.handle(records(*good(1)))
        assert 0.1 < time.monotonic() - started < 2


async def test_a_consumer_that_is_to_leave_does_not_wait_for_what_is_away(shed: Shed) -> None:
    async with shed.database() as away:
        away._pool = None
        consumer = Consumer("toolshed", "loans", toolshed.LOANS, away)
        running = asyncio.create_task(consumer.handle(records(*good(1))))
        await asyncio.sleep(0.5)
        consumer.leave()
        with pytest.raises(NackMessage):
            await asyncio.wait_for(running, 1)


async def test_good_records_keep_the_limit_away(shed: Shed) -> None:
    """Only records that are bad one after the other, with nothing handled between, halt a consumer."""
    consumer = shed.consumer(dead_letter_limit=3)
    for n in range(4):
        batch = records(({}, b""), ({}, b""), envelope(TOOL, n + 1))
        await consumer.handle([replace_offset(record, 10 * n + record.offset) for record in batch])
    assert consumer.halted is None
    assert len(await shed.dead_letters()) == 8


def replace_offset(record: ConsumerRecord, offset: int) -> ConsumerRecord:
    return replace(record, offset=offset)


async def test_other_types_in_the_topic_are_passed_by(shed: Shed) -> None:
    headers, value = envelope(TOOL, 1)
    consumer = Consumer("toolshed", "loans", replace(toolshed.LOANS, of=[toolshed.ToolReturned]), shed.db)
    await consumer.handle(records((headers, value), ({**headers, "ce_type": b"test.nobody.v1"}, value)))
    assert await shed.applied() == {}
    assert await shed.dead_letters() == []


async def test_reactions_carry_the_cause_of_what_they_follow_from(shed: Shed) -> None:
    seen: list[tuple[Any, Any]] = []

    async def react(_: Transaction, events: Sequence[Recorded[Any]]) -> None:
        seen.extend((event.cause, CAUSE.get()) for event in events)

    consumer = Consumer("toolshed", "loans", replace(toolshed.LOANS, apply=None, react=react), shed.db)
    (record,) = records(envelope(TOOL, 1))
    await consumer.handle([record])
    ((cause, current),) = seen
    assert cause == current
    assert cause.causation_id == dict(record.headers)["ce_id"].decode()


async def test_a_reaction_that_fails_rolls_back_what_was_applied(shed: Shed) -> None:
    async def react(_: Transaction, events: Sequence[Recorded[Any]]) -> None:
        raise ValueError("no")

    await Consumer("toolshed", "loans", replace(toolshed.LOANS, react=react), shed.db).handle(records(*good(1)))
    assert await shed.applied() == {}
    (letter,) = await shed.dead_letters()
    assert letter["reason"] == "ValueError: no"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "FIRST_PAUSE_S", 0.05)
