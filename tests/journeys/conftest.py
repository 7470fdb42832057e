"""The whole square, opened once for all journeys as a script would: `up --detach --json`."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from dorpsplein.identity import Role
from dorpsplein_local.issuer import PEOPLE, Issuer, Person
from dorpsplein_local.state import load

THRESHOLD = 3


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

    def token(self, subject: str) -> str:
        person = PEOPLE.get(subject) or Person(subject, subject, Role.RESIDENT)
        return Issuer(self.data / "issuer", "local").token(person)

    def client(self, subject: str | None = None) -> httpx.Client:
        """An HTTP client at the gateway's `/api`, logged in as somebody or as nobody."""
        headers = {"Authorization": f"Bearer {self.token(subject)}"} if subject else {}
        return httpx.Client(base_url=f"{self.document['gateway']}/api", headers=headers, timeout=30)

    def line(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "dorpsplein_local", *arguments, "--data", str(self.data)]

    def command(self, *arguments: str) -> str:
        done = subprocess.run(self.line(*arguments), capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def square(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSquare]:
    data = tmp_path_factory.mktemp("square")
    up = [sys.executable, "-m", "dorpsplein_local", "up", "--detach", "--json", "--data", str(data)]
    environment = {**os.environ, "DORPSPLEIN_SUPPORT_THRESHOLD": str(THRESHOLD)}
    done = subprocess.run(up, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    opened = OpenSquare(data, json.loads(done.stdout))
    yield opened
    opened.command("down")
