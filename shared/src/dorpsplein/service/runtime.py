"""What a service is, and one running process of it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import asyncpg
from aiokafka.errors import KafkaError
from fastapi import APIRouter, FastAPI
from faststream.kafka import KafkaBroker

from dorpsplein.clock import FileClock
from dorpsplein.consumer import Consumer, Projection, subscribe
from dorpsplein.database import Database
from dorpsplein.dead_letters import dead_letter_topic
from dorpsplein.envelope import Event, topics
from dorpsplein.errors import Transient
from dorpsplein.idempotency import forget_old
from dorpsplein.identity import Verifier
from dorpsplein.operations import operator_routes
from dorpsplein.outbox import Outbox, system_clock
from dorpsplein.relay import Relay, wake_on_notify
from dorpsplein.settings import Settings
from dorpsplein.topics import ensure_topics
from dorpsplein.web import create_app

FORGET_EVERY_S = 3600.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Service:
    """What makes a service: its name, HTTP routes, events and projections.

    `workers` run beside the consumers for as long as the process lives (deliveries, timers); each is given the
    runtime and must survive the absence of anything it depends on. `large_bodies` are paths, as their routes have
    them, that take bodies larger than others do, with how many bytes at most.
    """

    package: ModuleType
    settings: type[Settings]
    routers: Sequence[APIRouter]
    publishes: Sequence[type[Event]]
    projections: Mapping[str, Projection] = field(default_factory=dict)
    workers: Sequence[Callable[["Runtime"], Awaitable[None]]] = ()
    large_bodies: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The service's name, as in its topics and addresses."""
        return self.package.__name__


class Runtime:
    """One running process of a service. `broken` is set when a part of it ended that never should."""

    def __init__(self, service: Service, settings: Settings) -> None:
        self.service = service
        self.settings = settings
        self.outbox = Outbox(
            source=settings.source(service.name),
            schemas_url=f"{settings.public_url}/schemas",
            topic_prefix=settings.topic_prefix,
            clock=FileClock(settings.clock_file) if settings.clock_file else system_clock,
        )
        self.database = Database(
            settings.database_url.get_secret_value(),
            self.outbox,
            size=settings.database_pool,
            timeout_s=settings.statement_timeout_s,
        )
        self.database.notify = settings.role == "api"
        self.verifier = Verifier(
            settings.issuer,
            settings.jwks_url,
            settings.audience,
            settings.pseudonym_secret.get_secret_value(),
        )
        self.relay = Relay(self.database, settings.kafka_bootstrap_servers, batch=settings.relay_batch)
        self.consumers = [self._consumer(name, projection) for name, projection in service.projections.items()]
        self.started = False
        self.broken = asyncio.Event()
        self._broker: KafkaBroker | None = None
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []

    def _consumer(self, name: str, projection: Projection) -> Consumer:
        return Consumer(
            self.service.name,
            name,
            projection,
            self.database,
            topic_prefix=self.settings.topic_prefix,
            dead_letter_limit=self.settings.dead_letter_limit,
            patience_s=self.settings.poll_interval_s * 2 / 3,
        )

    def app(self) -> FastAPI:
        """The HTTP application of this process."""
        app = create_app(
            self.service.name,
            [*self.service.routers, operator_routes(self.service.name, self.consumers)],
            database=self.database,
            verifier=self.verifier,
            ready=self.not_ready,
            public_url=self.settings.public_url,
            large_bodies=self.service.large_bodies,
        )
        app.state.runtime = self
        return app

    async def not_ready(self) -> dict[str, str]:
        """What is not ready, by part; nothing when all is."""
        missing = {}
        try:
            await self.database.ready()
        except Transient as fault:
            missing["database"] = str(fault)
        if self.settings.role != "api":
            if not self.relay.healthy:
                missing["kafka"] = "the relay has no connection"
            if not self.started or not all(consumer.assigned for consumer in self.consumers):
                missing["consumers"] = "not all have joined their groups"
            for consumer in self.consumers:
                if consumer.halted:
                    missing[consumer.name] = consumer.halted
        return missing

    async def __aenter__(self) -> "Runtime":
        await self._stack.enter_async_context(self.database)
        if self.settings.role != "api":
            self._run(self._work())
            for worker in self.service.workers:
                self._run(_forever(worker, self))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop: running batches are finished and committed, then everything is closed."""
        if self._broker is not None:
            await self._broker.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()

    def _run(self, part: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(part)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (fault := task.exception()):
            log.critical("a part of this process broke", exc_info=fault)
            self.broken.set()

    async def _work(self) -> None:
        if self.settings.create_topics:
            await _until_kafka_answers(self._ensure_topics)
        async with asyncio.TaskGroup() as group:
            group.create_task(self.relay.run())
            group.create_task(wake_on_notify(self.database))
            group.create_task(_until_kafka_answers(self._consume))
            group.create_task(_forget_old_answers(self.database))

    async def _consume(self) -> None:
        broker = subscribe(
            self.consumers,
            self.settings.kafka_bootstrap_servers,
            batch_records=self.settings.batch_records,
            poll_interval_s=self.settings.poll_interval_s,
        )
        try:
            await broker.start()
        except BaseException:
            await broker.stop()
            raise
        self._broker, self.started = broker, True

    async def _ensure_topics(self) -> None:
        touched = [*self.service.publishes, *(e for p in self.service.projections.values() for e in p.of)]
        await ensure_topics(
            self.settings.kafka_bootstrap_servers,
            [*topics(touched), dead_letter_topic(self.service.name)],
            prefix=self.settings.topic_prefix,
            partitions=self.settings.topic_partitions,
            replication=self.settings.topic_replication,
        )


async def _until_kafka_answers(attempt: Callable[[], Awaitable[None]]) -> None:
    pause = 0.2
    while True:
        try:
            return await attempt()
        except (KafkaError, OSError) as fault:
            log.warning("Kafka does not answer yet (%s); trying again in %.1f s", fault, pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, 5.0)


async def _forever(worker: Callable[[Runtime], Awaitable[None]], runtime: Runtime) -> None:
    """Run a worker; one that fails on something transient starts again after a moment."""
    while True:
        try:
            await worker(runtime)
        except (Transient, KafkaError, OSError) as fault:
            log.warning("a worker starts again: %s", fault)
        await asyncio.sleep(1)


async def _forget_old_answers(database: Database) -> None:
    while True:
        try:
            await forget_old(database)
        except (Transient, asyncpg.PostgresError) as fault:
            log.warning("old answers to idempotency keys are forgotten later: %s", fault)
        await asyncio.sleep(FORGET_EVERY_S)
