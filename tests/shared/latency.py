"""Measure the messaging: from a command's commit to the handler of its event, ours beside a bare aiokafka loop.

`python -m tests.shared.latency [--rate 100] [--seconds 10] [--rounds 3]` prints percentiles in milliseconds and the
CPU that this process spent a second. Both ways share PostgreSQL, Kafka, outbox and relay; only the consumer differs.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import uvloop
from aiokafka import AIOKafkaConsumer
from tests.servers import Servers
from tests.shared import toolshed
from tests.shared.rig import Shed, until

from dorpsplein.consumer import Projection
from dorpsplein.database import Transaction
from dorpsplein.envelope import Recorded
from dorpsplein.migrating import migrate, migrations_of
from dorpsplein.topics import ensure_topics

PARTITIONS = 24
Seen = Callable[[UUID, int], None]


class Clock:
    """When each event was committed, and how long after that its handler saw it."""

    def __init__(self) -> None:
        self.committed: dict[tuple[UUID, int], float] = {}
        self.seen: dict[tuple[UUID, int], float] = {}

    def see(self, tool: UUID, sequence: int) -> None:
        self.seen.setdefault((tool, sequence), time.perf_counter())

    def milliseconds(self) -> list[float]:
        return sorted((self.seen[event] - at) * 1000 for event, at in self.committed.items())


@asynccontextmanager
async def ours(shed: Shed, see: Seen) -> AsyncIterator[None]:
    """The service as it is, with a projection that only looks."""

    async def look(_: Transaction, events: Sequence[Recorded[Any]]) -> None:
        for event in events:
            see(event.event.tool_id, event.sequence)

    service = replace(toolshed.SERVICE, projections={"looks": Projection(of=toolshed.LOANS.of, apply=look)})
    async with shed.runtime(service, role="worker") as runtime:
        shed.db = runtime.database
        await until(lambda: _is(runtime.started and runtime.relay.healthy))
        yield


@asynccontextmanager
async def bare(shed: Shed, see: Seen) -> AsyncIterator[None]:
    """The relay as it is, and the shortest consumer there is: no group, no inbox, no commit."""

    async def read(consumer: AIOKafkaConsumer) -> None:
        while True:
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                for record in records:
                    see(UUID(record.key.decode()), int(dict(record.headers)["ce_sequence"]))

    async with (
        shed.runtime(toolshed.RELAY_ONLY, role="worker") as runtime,
        AIOKafkaConsumer(shed.topic, bootstrap_servers=shed.bootstrap, auto_offset_reset="latest") as consumer,
    ):
        shed.db = runtime.database
        reading = asyncio.create_task(read(consumer))
        await until(lambda: _is(runtime.relay.healthy))
        yield
        reading.cancel()


async def _is(fact: bool) -> bool:
    return fact


async def measure(way: Any, shed: Shed, rate: int, seconds: float) -> tuple[list[float], float]:
    """Commands at random moments (a Poisson process); returns sorted milliseconds and this process's CPU share."""
    clock, dice = Clock(), random.Random(1)
    tools = [uuid4() for _ in range(rate * 5)]

    async def command() -> None:
        tool = dice.choice(tools)
        sequence = await shed.lend(tool)
        clock.committed[tool, sequence] = time.perf_counter()

    async with way(shed, clock.see):
        await asyncio.sleep(1)
        running, started, cpu = set(), time.perf_counter(), time.process_time()
        while time.perf_counter() - started < seconds:
            task = asyncio.create_task(command())
            running.add(task)
            task.add_done_callback(running.discard)
            await asyncio.sleep(dice.expovariate(rate))
        await asyncio.gather(*running)
        share = (time.process_time() - cpu) / (time.perf_counter() - started)
        await until(lambda: _is(clock.committed.keys() <= clock.seen.keys()))
    return clock.milliseconds(), share


async def main(rate: int, seconds: float, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        servers = Servers(Path(folder))
        try:
            _, urls = servers.create_database("toolshed")
            await migrate(urls.migration, migrations_of(toolshed.PACKAGE))
            shed = Shed(urls, servers.broker.bootstrap, "latency.", Path(folder))
            await ensure_topics(shed.bootstrap, [toolshed.TOPIC], prefix=shed.prefix, partitions=PARTITIONS)
            results: dict[str, list[tuple[float, float, float]]] = {"ours": [], "bare": []}
            for _ in range(rounds):
                for name, way in (("ours", ours), ("bare", bare)):
                    taken, share = await measure(way, shed, rate, seconds)
                    results[name].append((taken[len(taken) // 2], taken[int(len(taken) * 0.99)], share))
            for name, found in results.items():
                p50, p99, share = (statistics.median(column) for column in zip(*found, strict=True))
                print(f"{name}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, {share * 100:.0f} % of one core in this process")
        finally:
            servers.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(options.rate, options.seconds, options.rounds))
