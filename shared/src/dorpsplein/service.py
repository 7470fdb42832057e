"""A service at work: HTTP, relay and consumers in one process, or API and worker apart, from one description."""

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import uvicorn
import uvloop
from aiokafka.errors import KafkaError
from fastapi import APIRouter, FastAPI
from faststream.kafka import KafkaBroker

from dorpsplein import failpoints, telemetry
from dorpsplein.consumer import Consumer, Projection, subscribe
from dorpsplein.database import Database
from dorpsplein.dead_letters import dead_letter_topic
from dorpsplein.envelope import Event, topics
from dorpsplein.errors import Transient
from dorpsplein.identity import Verifier
from dorpsplein.operations import operator_routes
from dorpsplein.outbox import Outbox
from dorpsplein.relay import Relay, wake_on_notify
from dorpsplein.settings import Settings
from dorpsplein.topics import ensure_topics
from dorpsplein.web import create_app

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Service:
    """What makes a service: its name, HTTP routes, events and projections.

    `workers` run beside the consumers for as long as the process lives (deliveries, timers); each is given the
    runtime and must survive the absence of anything it depends on.
    """

    package: ModuleType
    settings: type[Settings]
    routers: Sequence[APIRouter]
    publishes: Sequence[type[Event]]
    projections: Mapping[str, Projection] = field(default_factory=dict)
    workers: Sequence[Callable[["Runtime"], Awaitable[None]]] = ()

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


async def serve(service: Service, settings: Settings) -> None:
    """Run a process of a service until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    if settings.environment == "local":
        failpoints.arm(settings.failpoints)
    telemetry.start_tracing(settings.otlp_endpoint, service.name)
    metrics = await telemetry.serve_metrics(_listener(settings.metrics_fd, settings.host, settings.metrics_port))
    async with Runtime(service, settings) as runtime, metrics:
        stopping = asyncio.create_task(_either(stop, runtime.broken))
        if settings.role == "worker":
            await stopping
        else:
            await _serve_http(runtime, stopping)
    if runtime.broken.is_set():
        sys.exit("This process stopped because a part of it broke; the log says which.")


async def _either(*events: asyncio.Event) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the process has its own."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve_http(runtime: Runtime, stopping: asyncio.Task[None]) -> None:
    settings = runtime.settings
    server = _Server(
        uvicorn.Config(
            runtime.app(),
            lifespan="off",
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=3,
            server_header=False,
            proxy_headers=False,
            backlog=2048,
        )
    )

    def stop(_: object) -> None:
        server.should_exit = True

    stopping.add_done_callback(stop)
    await server.serve(sockets=[_listener(settings.listen_fd, settings.host, settings.port)])


def _listener(fd: int | None, host: str, port: int) -> socket.socket:
    """The socket a supervisor handed over, or one bound here."""
    if fd is not None:
        return socket.socket(fileno=fd)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(2048)
    return listener


def run_on_uvloop(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end on uvloop, uvicorn's own choice."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)
