"""The whole square, opened as a script would: `up --detach --json`; once for all journeys that can share it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from dorpsplein.identity import Role
from dorpsplein_local.issuer import PEOPLE, Issuer, Person
from dorpsplein_local.state import load

THRESHOLD = 3
SMALL_FILM = json.dumps({"width": 320, "height": 180})


@dataclass(frozen=True)
class OpenSquare:
    """A running square: where it is, and how to be somebody in it."""

    data: Path
    document: dict[str, Any]

    def pid(self, service: str) -> int:
        """The process of a service as it is now; a service that was killed has another one later."""
        state = load(self.data)
        assert state is not None
        return state.parts[service].process.pid

    def token(self, subject: str, role: Role = Role.RESIDENT) -> str:
        """A token of one of the example people, in their own role, or of anyone else in `role`."""
        person = PEOPLE.get(subject) or Person(subject, subject, role)
        return Issuer(self.data / "issuer", "local").token(person)

    def client(self, subject: str | None = None, role: Role = Role.RESIDENT) -> httpx.Client:
        """An HTTP client at the gateway's `/api`, logged in as somebody or as nobody."""
        headers = {"Authorization": f"Bearer {self.token(subject, role)}"} if subject else {}
        return httpx.Client(base_url=f"{self.document['gateway']}/api", headers=headers, timeout=30)

    def line(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "dorpsplein_local", *arguments, "--data", str(self.data)]

    def command(self, *arguments: str) -> str:
        done = subprocess.run(self.line(*arguments), capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextmanager
def open_square(data: Path, **settings: str) -> Iterator[OpenSquare]:
    """A square on a data folder, for the length of a `with`; a test may close it earlier by `down`."""
    up = [sys.executable, "-m", "dorpsplein_local", "up", "--detach", "--json", "--data", str(data)]
    defaults = {"DORPSPLEIN_SUPPORT_THRESHOLD": str(THRESHOLD), "DORPSPLEIN_FILM_SIZE": SMALL_FILM}
    environment = {**os.environ, **defaults, **settings}
    done = subprocess.run(up, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    opened = OpenSquare(data, json.loads(done.stdout))
    try:
        yield opened
    finally:
        opened.command("down")


@pytest.fixture(scope="session")
def square(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSquare]:
    with open_square(tmp_path_factory.mktemp("square")) as opened:
        yield opened
