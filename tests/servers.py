"""Real PostgreSQL and Apache Kafka for the tests, started once a run and only when a test asks for them.

Where a Docker daemon answers and has both images they run in containers, by deploy/local otherwise.
"""

import os
import secrets
import signal
import time
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Protocol

from tests.stock import Stock

from dorpsplein_local import kafka, postgres
from dorpsplein_local.databases import DatabaseUrls, create_service_database, drop_service_database
from dorpsplein_local.processes import Running, free_port

KAFKA_IMAGE = "apache/kafka:4.3.1"
POSTGRES_IMAGE = "postgres:18"
TEMPLATE = "template_service"
SERVICES = ("initiatives", "funding", "presence", "notifications")


class Broker(Protocol):
    """A broker that a test may ill-treat. Address and data stay the same through all of it."""

    bootstrap: str

    def kill(self) -> None:
        """End it at once, as a power cut would."""

    def start(self) -> None:
        """Start it again; return when it answers."""

    def pause(self) -> None:
        """Stop it from answering, with its connections left open."""

    def resume(self) -> None:
        """Let it answer again."""

    def stop(self) -> None:
        """End it for good."""


class Servers:
    """PostgreSQL and Kafka of one test run; each starts when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stocks: dict[str, Stock] = {}

    @cached_property
    def broker(self) -> Broker:
        return ContainerBroker() if docker_has_images() else LocalBroker(self.folder)

    @cached_property
    def _postgres(self) -> "LocalPostgres | ContainerPostgres":
        started = ContainerPostgres() if docker_has_images() else LocalPostgres(self.folder)
        create_service_database(started.admin_url, TEMPLATE)
        return started

    @property
    def admin_url(self) -> str:
        return self._postgres.admin_url

    def create_database(self, service: str) -> tuple[str, DatabaseUrls]:
        """Make an empty database with the service's roles; its name is unique and comes back first."""
        name = f"{service.replace('-', '_')[:30]}_{secrets.token_hex(5)}"
        return name, create_service_database(self.admin_url, name, TEMPLATE)

    def drop_database(self, name: str) -> None:
        drop_service_database(self.admin_url, name)

    def stock(self, service: str) -> Stock:
        """The migrated databases of a service."""
        if service not in self._stocks:
            self._stocks[service] = Stock(self.admin_url, service, TEMPLATE)
        return self._stocks[service]

    def stop(self) -> None:
        for stock in self._stocks.values():
            stock.stop()
        for started in ("broker", "_postgres"):
            if started in self.__dict__:
                getattr(self, started).stop()


class LocalPostgres:
    def __init__(self, folder: Path) -> None:
        server = postgres.prepare(folder / "postgres", forgetful=True)
        self.admin_url = server.admin_url
        self.stop = Running(server.part(), folder / "postgres.log").stop


class LocalBroker:
    def __init__(self, folder: Path) -> None:
        prepared = kafka.prepare(folder / "kafka")
        self.bootstrap = prepared.bootstrap
        self._running = Running(prepared.part(), folder / "kafka.log")
        self.kill = self._running.kill
        self.start = self._running.start
        self.stop = self._running.stop

    def pause(self) -> None:
        os.kill(self._running.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self._running.pid, signal.SIGCONT)


@cache
def docker_has_images() -> bool:
    """Tell whether a Docker daemon answers and holds both images; nothing is downloaded."""
    if not (os.environ.get("DOCKER_HOST") or Path("/var/run/docker.sock").exists()):
        return False
    import docker  # type: ignore[import-untyped]
    import docker.errors  # type: ignore[import-untyped]

    try:
        client = docker.from_env(timeout=5)
        for image in (KAFKA_IMAGE, POSTGRES_IMAGE):
            client.images.get(image)
    except (docker.errors.DockerException, OSError):
        return False
    return True


class ContainerPostgres:
    def __init__(self) -> None:
        from testcontainers.community.postgres import PostgresContainer

        self._container = PostgresContainer(POSTGRES_IMAGE, username="postgres", dbname="postgres", driver=None)
        self._container.start()
        self.admin_url: str = self._container.get_connection_url()
        self.stop = self._container.stop


class ContainerBroker:
    """Apache's own image, which testcontainers' KafkaContainer refuses. Its port is chosen before it starts,

    so that it can be advertised and stays the same when a test kills and starts it.
    """

    def __init__(self) -> None:
        from testcontainers.core.container import DockerContainer

        self._port = free_port()
        self._container = DockerContainer(KAFKA_IMAGE).with_bind_ports(9092, self._port)
        host = self._container.get_docker_client().host()
        self.bootstrap = f"{host}:{self._port}"
        for name, value in self._settings().items():
            self._container.with_env(name, value)
        self._container.start()
        self._wait()

    def _settings(self) -> dict[str, str]:
        """Name everything: as soon as one KAFKA_ variable is set the image's own defaults are gone."""
        return {
            "KAFKA_NODE_ID": "1",
            "KAFKA_PROCESS_ROLES": "broker,controller",
            "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
            "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
            "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
            "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{self.bootstrap}",
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "KAFKA_LOG_DIRS": "/var/lib/kafka/data",
            "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
            "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
            "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "5",
            "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
            "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
            "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
            "KAFKA_HEAP_OPTS": "-Xmx256m",
        }

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while not kafka.answers(self.bootstrap):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{KAFKA_IMAGE} does not answer on {self.bootstrap}")
            time.sleep(0.1)

    @property
    def _wrapped(self) -> Any:
        return self._container.get_wrapped_container()

    def kill(self) -> None:
        self._wrapped.kill()

    def start(self) -> None:
        self._wrapped.start()
        self._wait()

    def pause(self) -> None:
        self._wrapped.pause()

    def resume(self) -> None:
        self._wrapped.unpause()

    def stop(self) -> None:
        self._container.stop()
