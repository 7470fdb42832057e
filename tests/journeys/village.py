"""The people of a journey, who speak to the square over HTTP; and what the event log told of them."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from tests.journeys.conftest import OpenSquare

from dorpsplein import contracts
from dorpsplein.identity import Role

COFINANCIERS = {"gemeente", "provincie", "rabobank", "dorpshuis"}
SERVICES = (contracts.funding, contracts.initiatives, contracts.notifications, contracts.presence)
TOPICS = {event.type: event.topic for service in SERVICES for event in service.EVENTS}
HEARD = [kind for kind, topic in TOPICS.items() if topic.startswith(("initiatives.", "funding."))]
"""What the receiver asks for by name."""


@dataclass
class Village:
    """The people of the story, and what they have made so far."""

    square: OpenSquare
    ids: dict[str, str] = field(default_factory=dict)
    _clients: dict[str, httpx.Client] = field(default_factory=dict)

    def client(self, who: str) -> httpx.Client:
        if who not in self._clients:
            role = Role.COFINANCIER if who in COFINANCIERS else Role.RESIDENT
            self._clients[who] = self.square.client(None if who == "anyone" else who, role)
        return self._clients[who]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def post(self, who: str, path: str, body: Any = None, *, status: int = 201, service: str = "funding") -> Any:
        """What a service answers to a command, with this status."""
        answer = self.client(who).post(f"/{service}/v1/{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def put(self, who: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        answer = self.client(who).put(f"/funding/v1/{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def get(self, path: str, who: str = "anyone", *, service: str = "funding", status: int = 200) -> Any:
        answer = self.client(who).get(f"/{service}/v1/{path}")
        assert answer.status_code == status, answer.text
        return answer.json()

    def now(self) -> datetime:
        """What time it is on the square."""
        return datetime.fromisoformat(f"{self.square.command('clock')[:19]}+00:00")

    def pledge(self, who: str, **means: Any) -> Any:
        return self.post(who, "pledges", {"initiativeId": self.ids["initiative"], **means})


def printed(tail: Path) -> list[Any]:
    """The whole lines so far."""
    return [json.loads(line) for line in tail.read_text().splitlines(keepends=True) if line.endswith("\n")]


def by_aggregate(events: list[Any]) -> dict[tuple[str, str], list[Any]]:
    """Facts by what they are about; states only repeat what is newest."""
    told: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)
    for event in events:
        if not event["type"].endswith("-state.v1"):
            told[TOPICS[event["type"]], event["subject"]].append(event)
    return told
