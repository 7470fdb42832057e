"""The servers of a bench: PostgreSQL and Kafka as `up` starts them, and the processes of either side.

A side's processes run for its own rounds only, so that one side's idling is not counted with the other's work.
"""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from tests.bench import ideal, ideal_projection
from tests.bench.cpu import cpu_seconds

from dorpsplein.identity import Role
from dorpsplein_local import kafka, postgres
from dorpsplein_local.databases import DatabaseUrls, create_service_database, run_sql
from dorpsplein_local.issuer import AUDIENCE, ISSUER, Issuer, Person
from dorpsplein_local.processes import Part, Running, free_port
from dorpsplein_local.run import TOPIC_PARTITIONS

REPOSITORY = Path(__file__).parents[2]
IDEAL_TOPIC = "ideal.act"
IDEAL_SCHEMAS = {"ideal": ideal.SCHEMA, "ideal_projection": ideal_projection.SCHEMA}


@dataclass(frozen=True)
class Side:
    """One side at work: the port of each process by name, and the roots of all that takes part."""

    ports: Mapping[str, int]
    roots: Sequence[int]

    def cpu(self) -> float:
        """CPU seconds spent so far by this side's processes, PostgreSQL and Kafka together."""
        return cpu_seconds(self.roots)


class Square:
    """Real servers with data of their own, for the length of a `with`."""

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="dorpsplein-bench-")))
        self.folder.chmod(0o755)
        self.issuer = Issuer(self.folder / "issuer", "local")
        self.urls: dict[str, DatabaseUrls] = {}
        server, broker = postgres.prepare(self.folder / "postgres"), kafka.prepare(self.folder / "kafka")
        self.admin_url, self.bootstrap = server.admin_url, broker.bootstrap
        self.servers = [self._stack.enter_context(self._running(part)).pid for part in (server.part(), broker.part())]
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @contextmanager
    def _running(self, part: Part) -> Iterator[Running]:
        log = self.folder / "logs" / f"{part.name}.log"
        log.unlink(missing_ok=True)
        running = Running(part, log)
        try:
            yield running
        finally:
            running.stop()

    def token(self, subject: str, role: Role) -> str:
        """Return a valid bearer token of the local issuer."""
        return self.issuer.token(Person(subject, subject, role))

    @contextmanager
    def ours(self, *services: str) -> Iterator[Side]:
        """Run services, each as one process with HTTP, relay and consumers."""
        for service in services:
            if service not in self.urls:
                self._migrate(service)
        yield from self._side({service: self._service(service, free_port()) for service in services})

    @contextmanager
    def bare(self) -> Iterator[Side]:
        """Run the bare loop: one process that takes commands and relays, one that projects."""
        for name, schema in IDEAL_SCHEMAS.items():
            if name not in self.urls:
                self.urls[name] = create_service_database(self.admin_url, name)
                run_sql(self.urls[name].migration, schema)
        port = free_port()
        yield from self._side(
            {
                "ideal": (port, self._module("ideal", str(port))),
                "ideal_projection": (0, self._module("ideal_projection")),
            }
        )

    def _side(self, parts: Mapping[str, tuple[int, Part]]) -> Iterator[Side]:
        with ExitStack() as stack:
            running = [stack.enter_context(self._running(part)).pid for _, part in parts.values()]
            yield Side({name: port for name, (port, _) in parts.items()}, [*self.servers, *running])

    def _module(self, name: str, *arguments: str) -> Part:
        log = self.folder / "logs" / f"{name}.log"
        arguments = (*arguments, self.urls[name].application, self.bootstrap, IDEAL_TOPIC)
        return Part(
            name=name,
            command=(sys.executable, "-m", f"tests.bench.{name}", *arguments),
            environment={"PYTHONPATH": str(REPOSITORY)},
            is_ready=lambda _: b"ready" in log.read_bytes(),
        )

    def _service(self, service: str, port: int) -> tuple[int, Part]:
        ports = {"DORPSPLEIN_PORT": str(port), "DORPSPLEIN_METRICS_PORT": str(free_port())}
        return port, Part(
            name=service,
            command=(sys.executable, "-m", service, "serve"),
            environment={**self.environment(service), **ports},
            is_ready=lambda _: _is_ready(port),
        )

    def _migrate(self, service: str) -> None:
        self.urls[service] = create_service_database(self.admin_url, service)
        environment = {**os.environ, **self.environment(service)}
        subprocess.run([sys.executable, "-m", service, "migrate"], env=environment, check=True, capture_output=True)

    def environment(self, service: str) -> dict[str, str]:
        """Return the settings of a service's process, as `up` makes them."""
        own = self.folder / service
        own.mkdir(exist_ok=True)
        return {
            "DORPSPLEIN_ENVIRONMENT": "local",
            "DORPSPLEIN_ROLE": "all",
            "DORPSPLEIN_DATABASE_URL": self.urls[service].application,
            "DORPSPLEIN_MIGRATION_URL": self.urls[service].migration,
            "DORPSPLEIN_KAFKA_BOOTSTRAP_SERVERS": self.bootstrap,
            "DORPSPLEIN_ISSUER": ISSUER,
            "DORPSPLEIN_JWKS_URL": self._jwks_url,
            "DORPSPLEIN_AUDIENCE": AUDIENCE,
            "DORPSPLEIN_PSEUDONYM_SECRET": "bench",
            "DORPSPLEIN_TOPIC_PARTITIONS": str(TOPIC_PARTITIONS),
            "DORPSPLEIN_DATA_DIR": str(own),
        }

    @cached_property
    def _jwks_url(self) -> str:
        """The issuer's public keys, served by a thread of the bench itself."""
        keys = json.dumps(self.issuer.keys()).encode()

        class Keys(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(keys)))
                self.end_headers()
                self.wfile.write(keys)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self._stack.callback(server.shutdown)
        return f"http://127.0.0.1:{server.server_address[1]}/jwks"


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/v1/health/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
