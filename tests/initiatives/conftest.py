"""An initiatives service on a fresh database, whose clock stands where a test puts it."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from httpx import URL, AsyncClient, Response
from tests.conftest import MakeDatabase
from tests.support import login, running

from dorpsplein.envelope import Event, Fact, Recorded, binary_headers, recorded
from dorpsplein.service import Runtime
from initiatives.app import SERVICE

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
THRESHOLD = 3
GARDEN = {
    "title": "Een buurttuin",
    "summary": "Samen groen maken naast de sportkantine.",
    "theme": "groen",
    "place": {"latitude": 52.37, "longitude": 4.9},
    "meansNeededCents": 100_000,
}


@dataclass
class Initiatives:
    """The service as a test speaks to it."""

    runtime: Runtime
    client: AsyncClient
    now: datetime = NOON

    async def post(self, path: str, body: Any = None, *, by: str = "anna", key: str | None = None) -> Response:
        headers = login(by) | ({"Idempotency-Key": key} if key else {}) | {"Content-Type": "application/json"}
        return await self.client.post(path, content=json.dumps(body) if body is not None else None, headers=headers)

    async def get(self, path: str, **query: Any) -> Response:
        return await self.client.get(path, params=query)

    async def patch(self, initiative: str, version: int | None, *, by: str = "anna", **changes: Any) -> Response:
        match = {} if version is None else {"If-Match": f'"{version}"'}
        return await self.client.patch(f"/initiatives/{initiative}", json=changes, headers=login(by) | match)

    async def propose(self, *, by: str = "anna", **other: Any) -> str:
        """Propose an initiative; its id."""
        answer = await self.post("/initiatives", GARDEN | other, by=by)
        assert answer.status_code == 201, answer.text
        initiative: str = answer.json()["id"]
        return initiative

    async def support(self, initiative: str, *, by: str = "anna") -> Response:
        return await self.client.put(f"/initiatives/{initiative}/support", headers=login(by))

    async def take_back(self, initiative: str, *, by: str = "anna") -> Response:
        return await self.client.delete(f"/initiatives/{initiative}/support", headers=login(by))

    async def page(self, initiative: str) -> dict[str, Any]:
        answer = await self.get(f"/initiatives/{initiative}")
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        return page

    async def found(self, **query: Any) -> list[str]:
        """The titles of what a search finds, in order."""
        answer = await self.get("/initiatives", **query)
        assert answer.status_code == 200, answer.text
        return [item["title"] for item in answer.json()["items"]]

    async def pages(self, path: str, **query: Any) -> AsyncIterator[list[Any]]:
        """Follow the links from a page of a list to the next, up to the last; the items of each."""
        following: URL | None = self.client.base_url.join(path.lstrip("/")).copy_merge_params(query)
        while following is not None:
            answer = await self.client.get(following)
            assert answer.status_code == 200, answer.text
            yield answer.json()["items"]
            link = answer.headers.get("Link")
            following = answer.url.join(link[1 : link.index(">")]) if link else None

    async def rows(self, statement: str, *arguments: Any) -> list[Any]:
        async with self.runtime.database.transaction() as tx:
            return [tuple(row) for row in await tx.fetch(statement, *arguments)]

    async def told(self) -> list[Recorded[Event]]:
        """What stands in the outbox, in order, as readers of the log get it."""
        rows = await self.rows("select headers, body from outbox order by id")
        read = [recorded([(k, v.encode()) for k, v in json.loads(headers).items()], body) for headers, body in rows]
        return [event for event in read if event is not None]

    async def facts(self) -> list[tuple[type[Event], int]]:
        """The facts in the outbox, in order, each with its version; without public state."""
        return [
            (type(event.event), event.sequence)
            for event in await self.told()
            if not event.event.topic.endswith("state")
        ]

    async def hear(self, *events: Recorded[Any]) -> None:
        """Let the projections have events."""
        for consumer in self.runtime.consumers:
            wanted = [event for event in events if type(event.event) in SERVICE.projections[consumer.name].of]
            if wanted:
                await consumer.apply(wanted)

    async def catch_up(self) -> None:
        """Let the projections have all the service itself has told, and what it tells because of that."""
        told: Sequence[Recorded[Event]] = []
        while len(now_told := await self.told()) > len(told):
            told = now_told
            await self.hear(*told)


def heard(event: Event, version: int = 1, *, at: datetime = NOON, erases: bool = False) -> Recorded[Event]:
    """An event as it comes from the log."""
    headers = binary_headers(Fact(event, version), source="urn:test", schemas_url="http://test", now=at)
    body = None if erases else event.model_dump_json().encode()
    read = recorded([(name, value.encode()) for name, value in headers.items()], body)
    assert read is not None
    return read


def some_id(number: int) -> UUID:
    return UUID(int=number + (1 << 80))


@pytest.fixture
async def initiatives(make_database: MakeDatabase, tmp_path: Path) -> AsyncIterator[Initiatives]:
    settings = {"support_threshold": THRESHOLD, "data_dir": tmp_path}
    async with running(SERVICE, make_database("initiatives"), settings=settings) as there:
        service = Initiatives(there.runtime, there.client)
        there.runtime.outbox = replace(there.runtime.outbox, clock=lambda: service.now)
        there.runtime.database._outbox = there.runtime.outbox
        yield service
