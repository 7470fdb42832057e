"""A process of a service: what it needs to be ready, what it survives, and how it ends."""

import asyncio
import time
from dataclasses import replace
from uuid import uuid4

import asyncpg
import pytest
from tests.shared import toolshed
from tests.shared.rig import Shed, until
from tests.support import login, running

from dorpsplein import relay
from dorpsplein.errors import Transient
from dorpsplein.service import Runtime

NOWHERE = "127.0.0.1:1"


async def test_without_kafka_commands_are_accepted_and_readiness_says_so(shed: Shed) -> None:
    shed.bootstrap = NOWHERE
    async with shed.runtime(role="all") as runtime:
        shed.db = runtime.database
        assert await shed.lend(uuid4()) == 1
        missing = await runtime.not_ready()
        assert set(missing) == {"kafka", "consumers"}
        started = time.monotonic()
    assert time.monotonic() - started < 5, "it waited for Kafka to stop"


async def test_an_api_process_needs_only_its_database(shed: Shed) -> None:
    shed.bootstrap = NOWHERE
    async with shed.runtime(role="api") as runtime:
        assert await runtime.not_ready() == {}


async def test_without_database_the_answer_is_to_come_back_later(shed: Shed) -> None:
    async with running(toolshed.SERVICE, shed.urls) as service:
        service.runtime.database._pool = None
        for path in ("/health/ready", "/dead-letters"):
            answer = await service.client.get(path, headers=login("otto"))
            assert answer.status_code == 503
            assert answer.headers["Retry-After"]


async def test_all_is_ready_when_relay_and_consumers_are(shed: Shed) -> None:
    async with shed.runtime(role="all") as runtime:

        async def ready() -> bool:
            return not await runtime.not_ready()

        await until(ready)


async def test_a_commit_in_an_api_process_wakes_the_relay_of_another(
    shed: Shed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "SAFETY_POLL_S", 60.0)
    async with shed.runtime(toolshed.RELAY_ONLY, role="worker") as worker, shed.runtime(role="api") as api:

        async def waits() -> bool:
            listening = await shed.fetch("select from pg_stat_activity where query ilike 'listen%'")
            return worker.relay.healthy and bool(listening)

        await until(waits)
        shed.db = api.database
        await shed.lend(uuid4())
        await shed.until_sent(within_s=10)


async def test_a_part_that_breaks_ends_the_process(shed: Shed) -> None:
    async def broken(_: Runtime) -> None:
        raise ZeroDivisionError

    async with shed.runtime(replace(toolshed.RELAY_ONLY, workers=[broken]), role="worker") as runtime:
        await asyncio.wait_for(runtime.broken.wait(), 5)


async def test_a_worker_that_meets_something_away_starts_again(shed: Shed) -> None:
    met: list[int] = []

    async def worker(_: Runtime) -> None:
        met.append(1)
        if len(met) == 1:
            raise Transient("away")
        await asyncio.sleep(60)

    async with shed.runtime(replace(toolshed.RELAY_ONLY, workers=[worker]), role="worker") as runtime:

        async def again() -> bool:
            return len(met) == 2

        await until(again, 10)
        assert not runtime.broken.is_set()


async def test_a_relay_survives_a_schema_that_is_not_there_yet(shed: Shed) -> None:
    admin = await asyncpg.connect(shed.urls.migration)
    await admin.execute("alter table outbox rename to elsewhere")
    async with shed.runtime(toolshed.RELAY_ONLY, role="worker") as runtime:
        await asyncio.sleep(2)
        assert not runtime.broken.is_set()
        assert not runtime.relay.healthy
        await admin.execute("alter table elsewhere rename to outbox")
        await shed.lend(uuid4())
        await shed.until_sent()
    await admin.close()
