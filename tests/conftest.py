"""What every test may ask for: real servers, a fresh database, a topic prefix of its own, the real data."""

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.servers import SERVICES, Broker, Servers, docker_has_images

from dorpsplein_local.databases import DatabaseUrls

REPOSITORY = Path(__file__).parents[1]

MakeDatabase = Callable[[str], DatabaseUrls]


def pytest_report_header() -> str:
    """Say on what the integration tests run."""
    where = "containers" if docker_has_images() else "deploy/local, as no Docker daemon has both images"
    return f"servers: Apache Kafka 4.3.1 and PostgreSQL 18 by {where}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it at the end too, where a quiet run shows it."""
    terminalreporter.write_line(pytest_report_header())


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """PostgreSQL and Kafka of this run; nothing starts before it is used."""
    started = Servers(tmp_path_factory.mktemp("servers"))
    yield started
    started.stop()


@pytest.fixture(scope="session")
def kafka(servers: Servers) -> str:
    """The bootstrap address of a running Kafka."""
    return servers.broker.bootstrap


@pytest.fixture
def broker(servers: Servers) -> Broker:
    """The running Kafka, to be killed, started, paused and resumed; a test leaves it running."""
    return servers.broker


@pytest.fixture
def make_database(servers: Servers, make_empty_database: MakeDatabase) -> Iterator[MakeDatabase]:
    """Return what gives a database of a service that is migrated, or an empty one of any other name.

    All are dropped after the test.
    """
    taken = []

    def make(service: str) -> DatabaseUrls:
        if service not in SERVICES:
            return make_empty_database(service)
        name, urls = servers.stock(service).take()
        taken.append((service, name))
        return urls

    yield make
    for service, name in taken:
        servers.stock(service).give_back(name)


@pytest.fixture
def make_empty_database(servers: Servers) -> Iterator[MakeDatabase]:
    """Return what makes an empty database with roles of its own; all are dropped after the test."""
    made = []

    def make(service: str) -> DatabaseUrls:
        name, urls = servers.create_database(service)
        made.append(name)
        return urls

    yield make
    for name in made:
        servers.drop_database(name)


@pytest.fixture
def topic_prefix() -> str:
    """Return what keeps this test's topics and consumer groups apart from all others'."""
    return f"t{secrets.token_hex(5)}."


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data beside the repository; without it skip, but never in CI."""
    folder = REPOSITORY.parent / "shared" / "data"
    if folder.is_dir():
        return folder
    missing = f"the real data is not there: {folder}"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)
