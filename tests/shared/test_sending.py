"""What the outbox and the relay promise. Real PostgreSQL, real Kafka, processes really killed."""

import asyncio
import random
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from tests.servers import Broker
from tests.shared import toolshed
from tests.shared.rig import Shed, first_seen, ids

from dorpsplein.envelope import Fact, coarse
from dorpsplein.errors import Refused
from dorpsplein.relay import RELAY_LOCK, TAKE_TURN


async def test_no_event_is_lost_when_commits_overtake_each_other(shed: Shed) -> None:
    expected = {uuid4(): 20 for _ in range(12)}
    dice = random.Random(7)
    async with relays(shed, 1), shed.database() as other:

        async def write(tool: UUID, times: int) -> None:
            for _ in range(times):
                async with dice.choice([shed.db, other]).transaction() as tx:
                    await toolshed.lend(tx, tool, hold_s=dice.choice([0, 0, 0.03]))

        await asyncio.gather(*(write(*one) for one in expected.items()))
        await shed.until_sent()
    log = await shed.log()
    assert len(ids(log)) == sum(expected.values())
    assert first_seen(log) == complete(expected)


async def test_events_of_one_aggregate_stay_in_order_with_three_relays(shed: Shed) -> None:
    expected = {uuid4(): 60 for _ in range(8)}

    async def write(tool: UUID, times: int) -> None:
        for _ in range(times):
            await shed.lend(tool)

    await asyncio.gather(*(write(tool, 30) for tool in expected))
    async with relays(shed, 3, batch=20):
        await asyncio.gather(*(write(tool, 30) for tool in expected))
        await shed.until_sent()
    assert first_seen(await shed.log()) == complete(expected)


async def test_a_relay_killed_between_publish_and_delete_repeats_but_never_loses(shed: Shed) -> None:
    expected = {uuid4(): 10 for _ in range(4)}
    for tool, times in expected.items():
        for _ in range(times):
            await shed.lend(tool)
    killed = await shed.worker("relay", failpoints="sent_not_deleted=kill@2", relay_batch="15")
    assert await killed.ended() == -signal.SIGKILL
    await shed.worker("relay")
    await shed.until_sent()
    log = await shed.log()
    assert len(ids(log)) == 40
    assert max(ids(log).values()) == 2
    assert first_seen(log) == complete(expected)
    async with shed.runtime(role="worker"):
        await shed.until_applied(expected)


async def test_a_record_says_no_more_of_the_time_than_its_event(shed: Shed) -> None:
    exact, vague, ahead = uuid4(), uuid4(), uuid4()
    hour = coarse(datetime.now(UTC))
    before = time.time()
    async with shed.db.transaction() as tx:
        for tool, at in ((exact, None), (vague, hour), (ahead, hour + timedelta(days=3))):
            await tx.record([Fact(toolshed.ToolLent(tool_id=tool, borrower_id=uuid4(), days=1), 1, at=at)])
    async with relays(shed, 1):
        await shed.until_sent()
    times = {UUID((record.key or b"").decode()): record.timestamp / 1000 for record in await shed.log()}
    assert times[vague] == hour.timestamp()
    assert before - 1 < times[exact] < time.time() + 1
    assert times[ahead] < time.time() + 1, "Kafka takes no record from the future"


async def test_a_rolled_back_command_publishes_nothing(shed: Shed) -> None:
    refused, told = uuid4(), uuid4()
    async with relays(shed, 1):
        with pytest.raises(Refused):
            await lend_and_refuse(shed, refused)
        await shed.lend(told)
        await shed.until_sent()
    assert first_seen(await shed.log()) == {told: [1]}
    assert not await shed.fetch("select from tools where id = $1", refused)


async def lend_and_refuse(shed: Shed, tool: UUID) -> None:
    async with shed.db.transaction() as tx:
        await toolshed.lend(tx, tool)
        raise Refused("tool-is-away")


async def test_a_broker_restart_recovers(shed: Shed, broker: Broker) -> None:
    """Killed for real. Commands are accepted meanwhile, and stay in the outbox until Kafka has acknowledged them."""
    tool = uuid4()
    async with shed.runtime(role="worker"):
        await shed.lend(tool)
        await shed.until_applied({tool: 1})
        broker.kill()
        started = time.monotonic()
        try:
            for _ in range(10):
                await shed.lend(tool)
            assert time.monotonic() - started < 2, "a command waited for Kafka"
            await asyncio.sleep(1)
            assert (await shed.fetch("select count(*) from outbox"))[0][0] == 10
        finally:
            broker.start()
        await shed.until_applied({tool: 11}, within_s=45)
        await shed.lend(tool)
        await shed.until_applied({tool: 12})


async def test_a_relay_stops_at_once_while_kafka_is_away_and_keeps_what_is_not_sent(shed: Shed, broker: Broker) -> None:
    tool = uuid4()
    async with relays(shed, 1):
        await shed.lend(tool)
        await shed.until_sent()
        broker.kill()
        await shed.lend(tool)
        await asyncio.sleep(0.5)
        started = time.monotonic()
    try:
        assert time.monotonic() - started < 10
        assert (await shed.fetch("select count(*) from outbox"))[0][0] == 1
    finally:
        broker.start()


async def test_a_frozen_broker_is_noticed_and_nothing_is_lost(
    shed: Shed, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frozen as by SIGSTOP, it keeps its connections; the relay gives up its turn and begins anew."""
    monkeypatch.setattr("dorpsplein.relay.ACKNOWLEDGED_WITHIN_S", 1.0)
    tool = uuid4()
    async with shed.runtime(toolshed.RELAY_ONLY, role="worker") as runtime:
        await shed.lend(tool)
        await shed.until_sent()
        broker.pause()
        try:
            await shed.lend(tool)
            await asyncio.sleep(2)
            assert not runtime.relay.healthy
        finally:
            broker.resume()
        await shed.until_sent()
    assert first_seen(await shed.log()) == {tool: [1, 2]}


async def test_a_frozen_process_does_not_keep_the_relays_turn(shed: Shed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frozen as by SIGSTOP, it keeps its connection and its lock; PostgreSQL ends the idle transaction."""
    monkeypatch.setattr("dorpsplein.database.LONGEST_IDLE_TRANSACTION_S", 1)
    async with shed.database() as frozen, frozen.connection() as connection:
        await connection.execute("begin")
        assert await connection.fetchval(TAKE_TURN, RELAY_LOCK, 0)
        await shed.lend(uuid4())
        async with relays(shed, 1):
            await shed.until_sent(within_s=10)


def complete(expected: dict[UUID, int]) -> dict[UUID, list[int]]:
    return {tool: list(range(1, times + 1)) for tool, times in expected.items()}


@asynccontextmanager
async def relays(shed: Shed, number: int, **options: int) -> AsyncIterator[None]:
    """Run relays, each with connections and a producer of its own."""
    databases = [shed.database() for _ in range(number)]
    running = []
    for database in databases:
        await database.__aenter__()
        running.append(asyncio.create_task(shed.relay(database, **options).run()))
    try:
        yield
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for database in databases:
            await database.__aexit__()
