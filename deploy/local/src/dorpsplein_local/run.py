"""The one-machine run: which parts there are, in what order they start, and what each is told."""

import asyncio
import http.client
import json
import os
import socket
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

from dorpsplein.clock import ahead
from dorpsplein_local import kafka, postgres, sockets
from dorpsplein_local.databases import DatabaseUrls, create_service_database
from dorpsplein_local.errors import CannotRun
from dorpsplein_local.files import kept_secret
from dorpsplein_local.issuer import AUDIENCE, ISSUER, Issuer
from dorpsplein_local.processes import Part
from dorpsplein_local.state import Alive, PartState, State, forget
from dorpsplein_local.supervisor import Supervisor
from dorpsplein_local.telling import Teller

SERVICES = ("initiatives", "funding", "presence", "notifications")
APART = {"initiatives": "render"}
"""Works of services that have a process of their own, by the word that starts them."""
TOPIC_PARTITIONS = 3
EXAMPLE_TOWN = {
    "DORPSPLEIN_MUNICIPALITY": "Gemeente Molendorp",
    "DORPSPLEIN_DEBTOR_NAME": "Gemeente Molendorp",
    "DORPSPLEIN_DEBTOR_IBAN": "NL91ABNA0417164300",
    "DORPSPLEIN_DEBTOR_BIC": "ABNANL2A",
}
"""The example town, and who pays out in it; the account is the one Dutch banks print as an example."""


def clock_file(data: Path) -> Path:
    """Return the file that says how far the clock of the run on a data folder is ahead."""
    return data / "clock"


def clock_ahead(data: Path) -> timedelta:
    """Return how far the clock of the run on a data folder is ahead. Raises CannotRun where its file was spoilt."""
    try:
        return ahead(clock_file(data))
    except ValueError as fault:
        raise CannotRun(f"The clock cannot be read: {fault}. Remove the file to be back at real time.") from fault


@dataclass(frozen=True)
class Wish:
    """What is asked of a run."""

    data: Path
    port: int | None = None

    @property
    def services(self) -> tuple[str, ...]:
        """Return the services to run: all, or those that DORPSPLEIN_SERVICES names."""
        return tuple(self.setting("SERVICES").split()) or SERVICES

    def setting(self, name: str, service: str = "") -> str:
        """Return what the operator's environment says, as DORPSPLEIN_<NAME>[_<SERVICE>], or an empty text."""
        return os.environ.get(f"DORPSPLEIN_{name}{f'_{service.upper()}' if service else ''}", "")


class Run:
    """One run, from its start to its end."""

    def __init__(self, wish: Wish, teller: Teller) -> None:
        """Bind the gateway's port and check the issuer; raise CannotRun when either cannot be."""
        self._wish, self._teller = wish, teller
        self._environment = wish.setting("ENVIRONMENT") or "local"
        self.issuer = Issuer(wish.data / "issuer", self._environment)
        self._began = time.monotonic()
        self._gateway = sockets.gateway_socket(wish.port, wish.data / "gateway.port")
        self._listeners = {name: (sockets.handed_over(), sockets.handed_over()) for name in wish.services}
        self.state = State(
            supervisor=Alive.of(os.getpid()),
            gateway=sockets.url_of(self._gateway),
            apis={name: sockets.url_of(api) for name, (api, _) in self._listeners.items()},
            metrics={name: sockets.url_of(metrics) + "/metrics" for name, (_, metrics) in self._listeners.items()},
        )
        self._apart = {name: sockets.handed_over() for name in wish.services if name in APART}
        self._supervisor = Supervisor(wish.data / "logs", teller.say, self._save)

    async def live(self, ready: Callable[[State], None]) -> None:
        """Bring everything up, call `ready`, and stay until this task is cancelled; then take everything down.

        Raises CannotRun when a part cannot start or keeps dying.
        """
        if moved := clock_ahead(self._wish.data):
            self._teller.say(f"The clock is {moved} ahead of real time; see `./dorpsplein clock`.")
        self._save()
        with ExitStack() as ours:
            ours.callback(forget, self._wish.data)
            serving = (one for pair in self._listeners.values() for one in pair)
            for listener in (self._gateway, *serving, *self._apart.values()):
                ours.enter_context(listener)
            async with self._supervisor:
                await self._bring_up()
                self.state.ready_seconds = round(time.monotonic() - self._began, 2)
                ready(self.state)
                self._save()
                await asyncio.Event().wait()

    async def _bring_up(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._start_kafka())
            group.create_task(self._start_databases())
        with self._teller.step(f"Services and gateway on {self.state.gateway}"):
            services = [self._service(name) for name in self._wish.services]
            apart = [self._work_apart(name) for name in self._apart]
            await self._supervisor.start(*services, *apart, self._gateway_part())

    async def _start_kafka(self) -> None:
        if elsewhere := self._wish.setting("KAFKA_BOOTSTRAP_SERVERS"):
            self.state.kafka = elsewhere
            return
        with self._teller.step(f"Kafka {kafka.VERSION}: Java, jars, storage"):
            broker = await asyncio.to_thread(kafka.prepare, self._wish.data / "kafka")
        self.state.kafka = broker.bootstrap
        with self._teller.step(f"Kafka on {broker.bootstrap}"):
            await self._supervisor.start(broker.part())

    async def _start_databases(self) -> None:
        urls = {name: self._elsewhere(name) for name in self._wish.services}
        if None in urls.values():
            with self._teller.step("PostgreSQL: storage"):
                server = await asyncio.to_thread(postgres.prepare, self._wish.data / "postgres")
            self.state.postgres = server.part().address
            with self._teller.step(f"PostgreSQL on {self.state.postgres}"):
                await self._supervisor.start(server.part())
            for name in self._wish.services:
                urls[name] = urls[name] or await asyncio.to_thread(create_service_database, server.admin_url, name)
        self.state.databases = {name: asdict(url) for name, url in urls.items() if url is not None}
        with self._teller.step("Migrations of " + ", ".join(urls)):
            async with asyncio.TaskGroup() as group:
                for name in self._wish.services:
                    group.create_task(self._supervisor.run(self._migration(name)))

    def _elsewhere(self, service: str) -> DatabaseUrls | None:
        application = self._wish.setting("DATABASE_URL", service)
        migration = self._wish.setting("MIGRATION_URL", service) or application
        return DatabaseUrls(application, migration) if application else None

    def _told(self, service: str) -> dict[str, str]:
        """Return the environment that every process of a service gets."""
        own = self._wish.data / service
        own.mkdir(exist_ok=True)
        return {
            "DORPSPLEIN_ENVIRONMENT": self._environment,
            "DORPSPLEIN_ROLE": "all",
            "DORPSPLEIN_DATABASE_URL": self.state.databases[service]["application"],
            "DORPSPLEIN_KAFKA_BOOTSTRAP_SERVERS": self.state.kafka,
            "DORPSPLEIN_ISSUER": ISSUER,
            "DORPSPLEIN_JWKS_URL": f"{self.state.gateway}/dev-issuer/jwks",
            "DORPSPLEIN_AUDIENCE": AUDIENCE,
            "DORPSPLEIN_PSEUDONYM_SECRET": kept_secret(self._wish.data / "pseudonym.secret"),
            "DORPSPLEIN_PUBLIC_URL": self.state.gateway,
            "DORPSPLEIN_TOPIC_PARTITIONS": str(TOPIC_PARTITIONS),
            "DORPSPLEIN_DATA_DIR": str(own),
            "DORPSPLEIN_CLOCK_FILE": str(clock_file(self._wish.data)),
            "DORPSPLEIN_ALLOW_PRIVATE_CALLBACKS": str(self._environment == "local"),
            **{name: os.environ.get(name, example) for name, example in EXAMPLE_TOWN.items()},
            "PYTHONUNBUFFERED": "1",
        }

    def _migration(self, service: str) -> Part:
        url = self.state.databases[service]["migration"]
        return Part(
            name=f"{service}-migrate",
            command=(sys.executable, "-m", service, "migrate"),
            environment={**self._told(service), "DORPSPLEIN_MIGRATION_URL": url},
            is_ready=lambda _: True,
            ready_within=600,
        )

    def _service(self, service: str) -> Part:
        api, metrics = self._listeners[service]
        fds = {"DORPSPLEIN_LISTEN_FD": str(api.fileno()), "DORPSPLEIN_METRICS_FD": str(metrics.fileno())}
        return Part(
            name=service,
            command=(sys.executable, "-m", service, "serve"),
            address=self.state.apis[service],
            environment={**self._told(service), **fds},
            descriptors=(api.fileno(), metrics.fileno()),
            is_ready=lambda _: _answers(api, "/v1/health/ready"),
        )

    def _work_apart(self, service: str) -> Part:
        metrics = self._apart[service]
        return Part(
            name=f"{service}-{APART[service]}",
            command=(sys.executable, "-m", service, APART[service]),
            address=sockets.url_of(metrics) + "/metrics",
            environment={**self._told(service), "DORPSPLEIN_METRICS_FD": str(metrics.fileno())},
            descriptors=(metrics.fileno(),),
            is_ready=lambda _: _answers(metrics, "/metrics"),
        )

    def _gateway_part(self) -> Part:
        told = {
            "DORPSPLEIN_ENVIRONMENT": self._environment,
            "DORPSPLEIN_DATA_DIR": str(self._wish.data / "issuer"),
            "DORPSPLEIN_UPSTREAMS": json.dumps(self.state.apis),
            "DORPSPLEIN_LISTEN_FD": str(self._gateway.fileno()),
        }
        return Part(
            name="gateway",
            command=(sys.executable, "-m", "dorpsplein_local.gateway"),
            address=self.state.gateway,
            environment=told,
            descriptors=(self._gateway.fileno(),),
            is_ready=lambda _: _answers(self._gateway, "/healthz"),
        )

    def _save(self) -> None:
        self.state.parts = {
            name: PartState(
                process=Alive.of(life.process.pid),
                address=life.part.address,
                since=life.since,
                state="ready" if life.ready else "starting",
            )
            for name, life in self._supervisor.lives.items()
        }
        self.state.save(self._wish.data)


def _answers(listener: socket.socket, path: str) -> bool:
    """Tell whether the child that holds this socket answers 200 to GET `path` within a second."""
    connection = http.client.HTTPConnection(sockets.HOST, listener.getsockname()[1], timeout=1)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
