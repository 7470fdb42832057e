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
from collections.abc import Iterator, Mapping
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
    """One side at work: the port of each of its processes, and the process id of every part that counts."""

    ports: Mapping[str, int]
    parts: Mapping[str, int]

    def cpu(self) -> dict[str, float]:
        """CPU seconds spent so far, by part: this side's processes, PostgreSQL and Kafka."""
        return {name: cpu_seconds(pid) for name, pid in self.parts.items()}

    def without(self, part: str) -> "Side":
        """Return this side with a part left out that takes no part in what is measured."""
        return Side(self.ports, {name: pid for name, pid in self.parts.items() if name != part})


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
        self.servers = {
            part.name: self._stack.enter_context(self._running(part)).pid for part in (server.part(), broker.part())
        }
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

    def make(self, *names: str) -> None:
        """Make the databases of services, or of parts of the bare loop, that are not there yet."""
        for name in names:
            if name in self.urls:
                continue
            self.urls[name] = create_service_database(self.admin_url, name)
            if name in IDEAL_SCHEMAS:
                run_sql(self.urls[name].migration, IDEAL_SCHEMAS[name])
            else:
                migrate = [sys.executable, "-m", name, "migrate"]
                subprocess.run(migrate, env=self.environment(name), check=True, capture_output=True)

    @contextmanager
    def ours(self, *services: str) -> Iterator[Side]:
        """Run services, each as one process with HTTP, relay and consumers."""
        self.make(*services)
        yield from self._side({service: self._service(service, free_port()) for service in services})

    @contextmanager
    def bare(self) -> Iterator[Side]:
        """Run the bare loop: one process that takes commands and relays, one that projects."""
        self.make("ideal", "ideal_projection")
        port = free_port()
        taking = self._module("ideal", str(port), self.urls["ideal"].application, self.bootstrap, IDEAL_TOPIC)
        projection_url = self.urls["ideal_projection"].application
        projecting = self._module("ideal_projection", projection_url, self.bootstrap, IDEAL_TOPIC)
        yield from self._side({"ideal": (port, taking), "ideal_projection": (0, projecting)})

    @contextmanager
    def bare_reading(self, module: str = "ideal_read", service: str = "initiatives") -> Iterator[Side]:
        """Run the bare reader of a service's database."""
        port = free_port()
        reading = self._module(module, str(port), self.urls[service].application)
        yield from self._side({module: (port, reading)})

    def _side(self, parts: Mapping[str, tuple[int, Part]]) -> Iterator[Side]:
        with ExitStack() as stack:
            running = {name: stack.enter_context(self._running(part)).pid for name, (_, part) in parts.items()}
            yield self.side_of(running, {name: port for name, (port, _) in parts.items()})

    def side_of(self, pids: Mapping[str, int], ports: Mapping[str, int] | None = None) -> Side:
        """Return the side that these processes are, together with the servers."""
        return Side(ports or {}, {**self.servers, **pids})

    def _module(self, name: str, *arguments: str) -> Part:
        log = self.folder / "logs" / f"{name}.log"
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
            environment={**self.settings(service), **ports},
            is_ready=lambda _: _is_ready(port),
        )

    def environment(self, service: str) -> dict[str, str]:
        """Return the whole environment of a service's process."""
        return {**os.environ, **self.settings(service)}

    def settings(self, service: str) -> dict[str, str]:
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
