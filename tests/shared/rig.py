"""What the messaging tests work with: the test service on real servers, in this process and in others."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from pydantic import SecretStr
from tests.shared import toolshed

from dorpsplein.consumer import Consumer
from dorpsplein.database import Database
from dorpsplein.dead_letters import dead_letter_topic
from dorpsplein.outbox import Outbox
from dorpsplein.relay import Relay
from dorpsplein.service import Runtime, Service
from dorpsplein.settings import Settings
from dorpsplein.topics import ensure_topics
from dorpsplein_local.databases import DatabaseUrls

REPOSITORY = Path(__file__).parents[2]


class Worker:
    """A process of the test service."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log

    async def ready(self, within_s: float = 30) -> None:
        """Wait until it says that it is ready."""

        async def is_ready() -> bool:
            return not await self.missing()

        await until(is_ready, within_s, lambda: f"the worker is not ready:\n{self.log.read_text()[-3000:]}")

    async def missing(self) -> str:
        """Ask what is not ready; nothing when all is."""
        if self.process.returncode is not None:
            raise AssertionError(f"the worker ended: {self.process.returncode}\n{self.log.read_text()[-3000:]}")
        try:
            async with httpx.AsyncClient() as client:
                answer = await client.get(f"http://127.0.0.1:{self.port}/v1/health/ready", timeout=5)
        except httpx.HTTPError as fault:
            return repr(fault)
        return "" if answer.status_code == 200 else str(answer.json()["detail"])

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal."""
        if self.process.returncode is None:
            self.process.send_signal(number)

    async def ended(self, within_s: float = 30) -> int:
        """Wait for its end; return its exit code."""
        return await asyncio.wait_for(self.process.wait(), within_s)


class Shed:
    """The test service with a database and topics of its own."""

    def __init__(self, urls: DatabaseUrls, bootstrap: str, prefix: str, folder: Path) -> None:
        self.urls = urls
        self.bootstrap = bootstrap
        self.prefix = prefix
        self.folder = folder
        self.topic = prefix + toolshed.TOPIC
        self.workers: list[Worker] = []
        self.db: Database

    def settings(self, **options: Any) -> Settings:
        """Make settings of one process."""
        return Settings(
            environment="local",
            database_url=SecretStr(self.urls.application),
            migration_url=SecretStr(self.urls.migration),
            kafka_bootstrap_servers=self.bootstrap,
            topic_prefix=self.prefix,
            topic_partitions=3,
            **options,
        )

    def runtime(self, service: Service = toolshed.SERVICE, **options: Any) -> Runtime:
        """Make the service in this process."""
        return Runtime(service, self.settings(**options))

    def database(self) -> Database:
        """Make connections of their own to the service's database."""
        outbox = Outbox("urn:nld:oin:00000001000000000000:systeem:toolshed", "http://localhost/schemas", self.prefix)
        return Database(self.urls.application, outbox)

    def relay(self, database: Database, **options: Any) -> Relay:
        """Make a relay in this process."""
        return Relay(database, self.bootstrap, **options)

    def consumer(self, **options: Any) -> Consumer:
        """Make the consumer of the loans in this process, to be handed records."""
        return Consumer("toolshed", "loans", toolshed.LOANS, self.db, topic_prefix=self.prefix, **options)

    async def lend(self, tool: UUID, days: int = 3, *, hold_s: float = 0.0) -> int:
        """Carry out the command in a transaction of its own."""
        async with self.db.transaction() as tx:
            return await toolshed.lend(tx, tool, days, hold_s=hold_s)

    async def worker(self, kind: str = "all", *, environment: dict[str, str] | None = None, **options: str) -> Worker:
        """Start a process; `options` are settings. Call `ready` on it to wait for its start."""
        listener = socket.create_server(("127.0.0.1", 0))
        settings = {
            "environment": "local",
            "database_url": self.urls.application,
            "kafka_bootstrap_servers": self.bootstrap,
            "topic_prefix": self.prefix,
            "topic_partitions": "3",
            "metrics_port": "0",
            "listen_fd": str(listener.fileno()),
            **options,
        }
        log = self.folder / f"worker-{len(self.workers)}.log"
        with listener, log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.shared.worker", kind,
                cwd=REPOSITORY,
                env=os.environ | {f"DORPSPLEIN_{k.upper()}": v for k, v in settings.items()} | (environment or {}),
                pass_fds=(listener.fileno(),),
                stdout=output,
                stderr=output,
            )  # fmt: skip
            worker = Worker(process, listener.getsockname()[1], log)
        self.workers.append(worker)
        return worker

    async def fetch(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        """Read the database."""
        async with self.db.connection() as connection:
            return await connection.fetch(statement, *arguments)

    async def applied(self) -> dict[UUID, list[int]]:
        """Return the sequences of each tool in the order in which the projection got them."""
        sequences: dict[UUID, list[int]] = defaultdict(list)
        for row in await self.fetch("select tool_id, sequence from loan_log order by place"):
            sequences[row["tool_id"]].append(row["sequence"])
        return dict(sequences)

    async def until_applied(self, expected: dict[UUID, int], within_s: float = 30) -> None:
        """Wait until the projection has each tool's events 1 … n, each once and in order; fail with what it has."""

        async def enough() -> bool:
            count = await self.fetch("select count(*) from loan_log")
            return bool(count[0][0] >= sum(expected.values()))

        await until(enough, within_s)
        assert await self.applied() == {tool: list(range(1, most + 1)) for tool, most in expected.items()}
        counts = {row["tool_id"]: row["times"] for row in await self.fetch("select * from loan_counts")}
        assert counts == expected

    async def until_sent(self, within_s: float = 30) -> None:
        """Wait until the outbox is empty."""

        async def empty() -> bool:
            return not (await self.fetch("select count(*) from outbox"))[0][0]

        await until(empty, within_s)

    async def log(self, topic: str | None = None) -> list[ConsumerRecord]:
        """Read a whole topic, the tools' by default, partition by partition."""
        reader = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, enable_auto_commit=False)
        await reader.start()
        try:
            partitions = [TopicPartition(topic or self.topic, n) for n in range(3)]
            reader.assign(partitions)
            await reader.seek_to_beginning()
            ends = await reader.end_offsets(partitions)
            found: list[ConsumerRecord] = []
            while len(found) < sum(ends.values()):
                for records in (await reader.getmany(timeout_ms=1000)).values():
                    found += records
            return found
        finally:
            await reader.stop()

    async def dead_letters(self) -> list[asyncpg.Record]:
        """Return what was parked, oldest first."""
        return await self.fetch("select * from dead_letters order by id")

    async def committed(self) -> int:
        """Return the sum of the positions that the loans' group has committed."""
        reader = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, group_id=f"{self.prefix}toolshed.loans", enable_auto_commit=False
        )
        await reader.start()
        try:
            places = [await reader.committed(TopicPartition(self.topic, n)) for n in range(3)]
            return sum(place or 0 for place in places)
        finally:
            await reader.stop()

    async def ensure_topics(self) -> None:
        """Make the topics before any process does."""
        names = [toolshed.TOPIC, dead_letter_topic("toolshed")]
        await ensure_topics(self.bootstrap, names, prefix=self.prefix, partitions=3)

    @asynccontextmanager
    async def producer(self) -> AsyncIterator[AIOKafkaProducer]:
        """Open a producer for records that no relay would send."""
        async with AIOKafkaProducer(bootstrap_servers=self.bootstrap) as producer:
            yield producer

    async def stop(self) -> None:
        """End every process."""
        for worker in self.workers:
            worker.kill()
            await worker.process.wait()


def first_seen(records: list[ConsumerRecord]) -> dict[UUID, list[int]]:
    """Return the sequences of each key in the order in which a reader first sees them."""
    seen: dict[UUID, list[int]] = defaultdict(list)
    for record in records:
        key, sequence = UUID(record.key.decode()), int(dict(record.headers)["ce_sequence"])
        if sequence not in seen[key]:
            seen[key].append(sequence)
    return dict(seen)


def ids(records: list[ConsumerRecord]) -> Counter[bytes]:
    """Count each event's id."""
    return Counter(dict(record.headers)["ce_id"] for record in records)


async def until(
    holds: Callable[[], Awaitable[bool]], within_s: float = 30, why: Callable[[], str] = lambda: "it never held"
) -> None:
    """Wait until something holds; fail with `why` when it does not in time."""
    deadline = time.monotonic() + within_s
    while not await holds():
        assert time.monotonic() < deadline, why()
        await asyncio.sleep(0.05)
