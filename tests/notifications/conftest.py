"""A notifications service on a fresh database that is told events as its consumers would be, and a receiver."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import web
from httpx import AsyncClient, Response
from standardwebhooks import Webhook
from tests.conftest import MakeDatabase
from tests.support import login, running

from dorpsplein.consumer import Consumer
from dorpsplein.contracts.initiatives.initiatives import InitiativeProposed, InitiativeState
from dorpsplein.contracts.initiatives.supports import SupportGiven
from dorpsplein.envelope import Event, Fact, Recorded, binary_headers, recorded
from dorpsplein.service import Runtime
from notifications.app import SERVICE
from notifications.settings import Settings

DAM = (52.3731, 4.8926)
QUICK: dict[str, Any] = {
    "allow_private_callbacks": True,
    "first_retry_s": 0.05,
    "longest_retry_s": 0.2,
    "delivery_timeout_s": 2.0,
    "delivery_lease_s": 4.0,
}
"""Settings that make waiting short."""


def told(event: Event, sequence: int = 1, *, erases: bool = False, at: datetime | None = None) -> Recorded[Event]:
    """An event as it comes out of Kafka."""
    fact = Fact(event, sequence, erases=erases)
    now = at or datetime.now(UTC)
    headers = binary_headers(fact, source="urn:test", schemas_url="http://test/schemas", now=now)
    body = None if erases else event.model_dump_json().encode()
    read = recorded([(name, value.encode()) for name, value in headers.items()], body)
    assert read is not None
    return read


def proposed(initiative: UUID, theme: str = "groen") -> InitiativeProposed:
    return InitiativeProposed(initiative_id=initiative, initiator_id=uuid4(), theme=theme, threshold=3)


def state(
    initiative: UUID,
    title: str = "Buurttuin",
    theme: str = "groen",
    status: str = "proposed",
    point: tuple[float, float] | None = None,
) -> InitiativeState:
    return InitiativeState(
        initiative_id=initiative,
        initiator_id=uuid4(),
        title=title,
        summary="Samen groen maken.",
        theme=theme,
        status=status,
        latitude=point[0] if point else None,
        longitude=point[1] if point else None,
    )


def erased(initiative: UUID, sequence: int) -> Recorded[Event]:
    """The tombstone of an initiative's state."""
    bare: Any = InitiativeState.model_construct
    return told(bare(None, initiative_id=initiative), sequence, erases=True)


def support(initiative: UUID, channel: str = "web") -> SupportGiven:
    return SupportGiven(support_id=uuid4(), initiative_id=initiative, supporter_id=uuid4(), channel=channel)


@dataclass
class Square:
    """The service as a test speaks to it."""

    runtime: Runtime
    client: AsyncClient

    @property
    def journal(self) -> Consumer:
        return next(consumer for consumer in self.runtime.consumers if consumer.name == "journal")

    async def tell(self, *events: Recorded[Event] | Event) -> None:
        """Apply events as one batch of each consumer that wants them."""
        read = [event if isinstance(event, Recorded) else told(event) for event in events]
        for consumer in self.runtime.consumers:
            wanted = [event for event in read if type(event.event) in consumer._wanted]
            if wanted:
                await consumer.apply(wanted)

    async def request(self, method: str, path: str, body: Any = None, *, by: str | None = None) -> Response:
        headers = {**(login(by) if by else {}), "Content-Type": "application/json"}
        return await self.client.request(
            method, path, content=None if body is None else json.dumps(body), headers=headers
        )

    async def get(self, path: str, *, by: str | None = None) -> Any:
        answer = await self.request("GET", path, by=by)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def feed(self, query: str = "", *, by: str | None = None) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await self.get(("/me/feed" if by else "/feed") + query, by=by))["items"]
        return items

    async def follow(self, by: str = "anna", **subject: Any) -> str:
        answer = await self.request("POST", "/follows", subject, by=by)
        assert answer.status_code == 201, answer.text
        follow_id: str = answer.json()["id"]
        return follow_id

    async def subscribe(self, url: str, types: Sequence[str] = (), *, by: str = "saar") -> dict[str, Any]:
        answer = await self.request("POST", "/subscriptions", {"callbackUrl": url, "types": list(types)}, by=by)
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created

    async def deliveries(self, subscription: str, query: str = "") -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (
            await self.get(f"/subscriptions/{subscription}/deliveries?limit=100{query}", by="saar")
        )["items"]
        return items

    async def rows(self, statement: str, *arguments: Any) -> list[Any]:
        async with self.runtime.database.connection() as connection:
            return [tuple(row) for row in await connection.fetch(statement, *arguments)]

    async def facts(self) -> list[dict[str, Any]]:
        """What stands in the outbox, in order: short type, version and data."""
        rows = await self.rows("select headers, body from outbox order by id")
        return [
            {
                "type": json.loads(headers)["ce_type"].split(".")[-2],
                "sequence": int(json.loads(headers)["ce_sequence"]),
                "data": json.loads(body),
            }
            for headers, body in rows
        ]

    @asynccontextmanager
    async def at_work(
        self, worker: Callable[[Runtime], Awaitable[None]], **settings: Any
    ) -> AsyncIterator["asyncio.Task[None]"]:
        """Run a worker as the process would, on other settings where given."""
        self.runtime.settings = Settings(**{**self.runtime.settings.model_dump(), **settings})
        task = asyncio.ensure_future(worker(self.runtime))
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def square(make_database: MakeDatabase) -> AsyncIterator[Square]:
    async with running(SERVICE, make_database("notifications"), settings=QUICK) as there:
        yield Square(there.runtime, there.client)


async def eventually(question: Callable[[], Awaitable[bool] | bool], within_s: float = 15.0) -> None:
    """Wait until the answer is yes."""
    deadline = time.monotonic() + within_s
    while True:
        answer = question()
        if answer if isinstance(answer, bool) else await answer:
            return
        assert time.monotonic() < deadline, "it did not come about in time"
        await asyncio.sleep(0.02)


@dataclass
class Receiver:
    """Another system: keeps deliveries it could verify, and answers as it is told to."""

    url: str = ""
    secret: str = ""
    answer: Callable[[dict[str, Any]], int | Awaitable[int]] = lambda _: 204
    headers: dict[str, str] = field(default_factory=dict)
    taken: list[dict[str, Any]] = field(default_factory=list)
    attempts: list[dict[str, Any]] = field(default_factory=list)

    async def hook(self, request: web.Request) -> web.Response:
        body = await request.read()
        assert request.headers["Content-Type"].startswith("application/cloudevents+json")
        event: dict[str, Any] = Webhook(self.secret).verify(body, dict(request.headers))
        assert request.headers["webhook-id"] == event["id"]
        self.attempts.append(event)
        status = self.answer(event)
        status = status if isinstance(status, int) else await status
        if status < 300:
            self.taken.append(event)
        return web.Response(status=status, headers=self.headers)

    @property
    def ids(self) -> list[str]:
        return [event["id"] for event in self.taken]


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.hook)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as one:
        yield one
