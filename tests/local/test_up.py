"""The command line, with a made-up service in the place of the real ones."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from tests.conftest import MakeDatabase

from dorpsplein_local.state import Alive, load

FAKES = Path(__file__).parent / "fakes"
WITH_TOOLS = {"PYTHONPATH": str(FAKES), "DORPSPLEIN_SERVICES": "tools"}


class Square:
    """`up` on a data folder of its own, as a person or a script runs it."""

    def __init__(self, data: Path, environment: dict[str, str]) -> None:
        self.data = data
        self.environment = environment
        self._ups: list[subprocess.Popen[str]] = []

    def run(self, command: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._line(command, *arguments), env=self._told(environment), capture_output=True, text=True, timeout=120
        )

    def up(self, *arguments: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
        process = subprocess.Popen(
            self._line("up", "--json", *arguments),
            env=self._told({}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._ups.append(process)
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        assert line, process.stderr.read()
        return process, json.loads(line)

    def processes(self) -> list[Alive]:
        state = load(self.data)
        assert state is not None
        return [part.process for part in state.parts.values()]

    def end(self) -> None:
        self.run("down")
        for process in self._ups:
            process.communicate(timeout=60)

    def _line(self, command: str, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "dorpsplein_local", command, "--data", str(self.data), *arguments]

    def _told(self, more: dict[str, str]) -> dict[str, str]:
        return {**os.environ, **WITH_TOOLS, **self.environment, **more}


@pytest.fixture
def square(tmp_path: Path, kafka: str, make_database: MakeDatabase) -> Iterator[Square]:
    """A square that uses the Kafka and PostgreSQL of the test run, as an operator's settings may say."""
    urls = make_database("tools")
    square = Square(
        tmp_path / "data",
        {
            "DORPSPLEIN_KAFKA_BOOTSTRAP_SERVERS": kafka,
            "DORPSPLEIN_DATABASE_URL_TOOLS": urls.application,
            "DORPSPLEIN_MIGRATION_URL_TOOLS": urls.migration,
        },
    )
    yield square
    square.end()


@pytest.fixture
def whole_square(tmp_path: Path) -> Iterator[Square]:
    """A square with its own Kafka and PostgreSQL."""
    square = Square(tmp_path / "data", {})
    yield square
    square.end()


def until(true: Callable[[], object], within_s: float = 20) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def serving_pid(gateway: str) -> int:
    return int(httpx.get(f"{gateway}/api/tools/v1/saws", timeout=20).json()["pid"])


async def test_the_whole_square_opens_keeps_its_state_and_leaves_nothing(whole_square: Square) -> None:
    process, document = whole_square.up()
    assert sorted(document) == ["gateway", "kafka", "people", "postgres", "ready_seconds", "services"]
    assert [person["name"] for person in document["people"]] == ["Anna de Vries", "Bram Jansen", "Chris Bakker"]
    assert document["services"]["tools"]["pids"] == [serving_pid(document["gateway"])]
    await in_database(whole_square, "create table kept as select 7 as seven", "migration")
    children = whole_square.processes()
    assert len(children) == 4
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert not any(child.is_there() for child in children)
    whole_square.up()
    assert await in_database(whole_square, "select seven from kept", "application") == 7


async def in_database(square: Square, statement: str, way: str) -> object:
    state = load(square.data)
    assert state is not None
    connection = await asyncpg.connect(state.databases["tools"][way])
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def test_a_second_up_on_the_same_data_says_where_the_first_is(square: Square) -> None:
    _, document = square.up()
    second = square.run("up")
    assert second.returncode == 1
    assert f"It already runs on {square.data}: {document['gateway']}" in second.stderr


def test_a_killed_service_serves_again_at_the_same_address(square: Square) -> None:
    _, document = square.up()
    first = document["services"]["tools"]["pids"][0]
    os.kill(first, signal.SIGKILL)
    assert serving_pid(document["gateway"]) != first


def test_nothing_is_left_when_up_is_killed_and_the_next_up_opens(square: Square) -> None:
    process, _ = square.up()
    children = square.processes()
    process.kill()
    until(lambda: not any(child.is_there() for child in children), within_s=5)
    assert "was killed and left its record" in square.run("doctor").stdout
    assert "Nothing runs" in square.run("status").stdout
    square.up()


def test_detached_it_returns_when_ready_and_down_stops_it(square: Square) -> None:
    started = square.run("up", "--detach", "--json")
    document = json.loads(started.stdout)
    children = square.processes()
    assert serving_pid(document["gateway"]) in [child.pid for child in children]
    assert "tools" in square.run("status").stdout
    assert "Everything has stopped" in square.run("down").stdout
    assert not any(child.is_there() for child in children)


def test_a_clock_that_was_moved_stays_so_and_up_says_it(square: Square) -> None:
    square.up()
    assert square.run("clock", "--forward", "3d").stdout.endswith("UTC, 3 days ahead\n")
    square.run("down")
    again = square.run("up", "--detach", "--json")
    assert "The clock is 3 days, 0:00:00 ahead of real time" in again.stderr
    (square.data / "clock").write_text("soon")
    assert "The clock cannot be read" in square.run("clock").stderr


def test_fresh_erases_the_data_first(square: Square) -> None:
    square.up()
    square.run("down")
    kept = square.data / "pseudonym.secret"
    before = kept.read_text()
    square.up()
    assert kept.read_text() == before
    square.run("down")
    square.up("--fresh")
    assert kept.read_text() != before


def test_a_service_that_cannot_start_is_named_with_its_last_words(square: Square) -> None:
    failed = square.run("up", TOOLS_FAIL="yes")
    assert failed.returncode == 1
    assert "tools ended with exit code 1 before it was ready" in failed.stderr
    assert "tools | the saw is blunt" in failed.stderr


def test_a_taken_port_is_refused_in_one_sentence(square: Square) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = square.run("up", "--port", str(port))
    assert refused.returncode == 1
    assert refused.stderr.strip() == (
        f"✗ Port {port} is taken by another program; stop that one, or choose another with --port."
    )


def test_outside_the_local_run_it_does_not_open(square: Square) -> None:
    refused = square.run("up", DORPSPLEIN_ENVIRONMENT="production")
    assert refused.returncode == 1
    assert "development issuer starts only with DORPSPLEIN_ENVIRONMENT=local" in refused.stderr


def test_version_and_token_are_printed(square: Square) -> None:
    token = square.run("token", "--as", "anna")
    assert token.stdout.count(".") == 2
    assert square.run("token", "--as", "zeno").returncode == 1
    version = subprocess.run([sys.executable, "-m", "dorpsplein_local", "version"], capture_output=True, text=True)
    assert "Apache Kafka 4.3.1, PostgreSQL 18" in version.stdout
