"""A presence service on a fresh database, whose clock stands where a test puts it."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response
from tests.conftest import MakeDatabase
from tests.support import login, running

from dorpsplein.envelope import EVENTS, Event
from dorpsplein.service import Runtime
from presence.app import SERVICE

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
CANTEEN = {
    "name": "Sportkantine De Goal",
    "address": "Sportlaan 1, Dorp",
    "kind": "sports-canteen",
    "point": {"latitude": 52.3702, "longitude": 4.8952},
}


@dataclass
class Presence:
    """The service as a test speaks to it."""

    runtime: Runtime
    client: AsyncClient
    now: datetime = NOON

    async def post(self, path: str, body: Any = None, *, by: str = "bram", key: str | None = None) -> Response:
        headers = login(by) | ({"Idempotency-Key": key} if key else {}) | {"Content-Type": "application/json"}
        return await self.client.post(path, content=json.dumps(body) if body is not None else None, headers=headers)

    async def put(self, path: str, body: Any, *, by: str = "bram", version: int | None = None) -> Response:
        headers = login(by) | ({} if version is None else {"If-Match": f'"{version}"'})
        return await self.client.put(path, json=body, headers=headers)

    async def send(self, path: str, content: bytes, kind: str, *, by: str = "bram", key: str | None = None) -> Response:
        """Send a file as it is."""
        headers = login(by) | {"Content-Type": kind} | ({"Idempotency-Key": key} if key else {})
        return await self.client.post(path, content=content, headers=headers)

    async def get(self, path: str, *, by: str | None = None, **query: Any) -> Response:
        return await self.client.get(path, params=query, headers=login(by) if by else {})

    async def pages(self, path: str, *, by: str | None = None, **query: Any) -> list[dict[str, Any]]:
        """A whole list, read page by page by following its links."""
        items: list[dict[str, Any]] = []
        answer = await self.get(path, by=by, **query)
        while True:
            assert answer.status_code == 200, answer.text
            items += answer.json()["items"]
            following = answer.links.get("next", {}).get("url")
            if following is None:
                return items
            headers = login(by) if by else {}
            answer = await self.client.get(answer.url.join(following), headers=headers)

    async def place(self, **other: Any) -> str:
        """Add a place; its id."""
        answer = await self.post("/places", CANTEEN | other)
        assert answer.status_code == 201, answer.text
        place_id: str = answer.json()["id"]
        return place_id

    async def slot(self, place: str, start_h: float = 0, end_h: float = 2, *, by: str = "bram", **other: Any) -> str:
        """Announce presence from `start_h` until `end_h` hours after noon; the slot's id."""
        answer = await self.post("/presence-slots", window(place, start_h, end_h) | other, by=by)
        assert answer.status_code == 201, answer.text
        slot_id: str = answer.json()["id"]
        return slot_id

    async def rows(self, statement: str, *arguments: Any) -> list[Any]:
        async with self.runtime.database.transaction() as tx:
            return [tuple(row) for row in await tx.fetch(statement, *arguments)]

    async def events(self) -> list[tuple[type[Event], int, bytes | None]]:
        """What stands in the outbox, in order: event, version, body."""
        rows = await self.rows(
            "select headers::json ->> 'ce_type', (headers::json ->> 'ce_sequence')::int, body from outbox order by id"
        )
        return [(EVENTS[kind], version, body) for kind, version, body in rows]


def window(place: str, start_h: float, end_h: float) -> dict[str, Any]:
    """The body that announces presence from `start_h` until `end_h` hours after noon."""
    start, end = NOON + timedelta(hours=start_h), NOON + timedelta(hours=end_h)
    return {"placeId": place, "startsAt": start.isoformat(), "endsAt": end.isoformat()}


@pytest.fixture
async def presence(make_database: MakeDatabase) -> AsyncIterator[Presence]:
    """The service, long after it told of the working forms that it began with."""
    async with running(SERVICE, make_database("presence")) as there:
        service = Presence(there.runtime, there.client)
        there.runtime.outbox = replace(there.runtime.outbox, clock=lambda: service.now)
        await service.rows("delete from timers")
        yield service
