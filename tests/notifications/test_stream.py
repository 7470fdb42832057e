"""The feed as server-sent events, over real HTTP: nothing is lost, nobody polls."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
import uvicorn
from tests.notifications.conftest import DAM, Square, eventually, state, support, told
from tests.support import login

from notifications.settings import Settings


@pytest.fixture
async def address(square: Square) -> AsyncIterator[str]:
    """The service on a port of its own."""
    config = uvicorn.Config(square.runtime.app(), port=0, lifespan="off", log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    with suppress(AttributeError):
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server._serve())
    await eventually(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1"
    server.should_exit = True
    await task


class Stream:
    """A listener: the items it heard and the last id it would send when it comes back."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self.last = ""
        self.heartbeats = 0

    async def take(self, response: aiohttp.ClientResponse) -> None:
        async for raw in response.content:
            name, _, value = raw.decode().rstrip("\n").partition(": ")
            match name:
                case "id":
                    self.last = value
                case "data":
                    self.items.append(json.loads(value))
                case "" if value == "heartbeat":
                    self.heartbeats += 1

    @property
    def positions(self) -> list[int]:
        return [item["position"] for item in self.items]


@asynccontextmanager
async def listening(
    url: str, *, stream: Stream | None = None, by: str | None = None, headers: dict[str, str] | None = None
) -> AsyncIterator[Stream]:
    stream = stream or Stream()
    chosen = {**(login(by) if by else {}), **(headers or {}), **({"Last-Event-ID": stream.last} if stream.last else {})}
    async with aiohttp.ClientSession() as session, session.get(url, headers=chosen) as response:
        assert response.status == 200, await response.text()
        assert response.headers["Content-Type"].startswith("text/event-stream")
        task = asyncio.create_task(stream.take(response))
        try:
            await eventually(lambda: stream.last != "")
            yield stream
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_a_listener_hears_what_happens_from_now_on(square: Square, address: str) -> None:
    garden = uuid4()
    await square.tell(state(garden), support(garden))
    async with listening(f"{address}/feed/events") as stream:
        await square.tell(support(garden))
        await eventually(lambda: len(stream.items) == 1)
    assert stream.items == [(await square.feed())[0]]
    assert stream.last == "2"


async def test_a_listener_that_comes_back_with_the_last_id_it_had_loses_nothing_under_concurrent_writers(
    square: Square, address: str
) -> None:
    garden = uuid4()
    await square.tell(state(garden))
    consumer, stop = square.journal, asyncio.Event()
    written = 0

    async def write() -> None:
        nonlocal written
        for _ in range(40):
            events = [told(support(garden)) for _ in range(random.randint(1, 4))]
            written += len(events)
            await consumer.apply(events)
            await asyncio.sleep(random.random() / 50)

    async def listen_with_interruptions() -> Stream:
        stream = Stream()
        stream.last = "0"
        while not (stop.is_set() and len(stream.items) >= written):
            async with listening(f"{address}/feed/events", stream=stream):
                await asyncio.sleep(random.random() / 5)
        return stream

    listeners = [asyncio.create_task(listen_with_interruptions()) for _ in range(3)]
    await asyncio.gather(*(write() for _ in range(4)))
    stop.set()
    for stream in await asyncio.wait_for(asyncio.gather(*listeners), 30):
        assert stream.positions == list(range(1, written + 1))


async def test_a_listener_far_behind_is_brought_up_to_date_from_the_database(square: Square, address: str) -> None:
    garden = uuid4()
    await square.tell(state(garden))
    for _ in range(3):
        await square.tell(*(support(garden) for _ in range(500)))
    async with listening(f"{address}/feed/events", headers={"Last-Event-ID": "3"}) as stream:
        await eventually(lambda: len(stream.items) == 1497)
        await square.tell(support(garden))
        await eventually(lambda: len(stream.items) == 1498)
    assert stream.positions == list(range(4, 1502))


async def test_one_reader_serves_all_who_listen_and_stops_with_the_last(square: Square, address: str) -> None:
    garden = uuid4()
    await square.tell(state(garden))
    async with listening(f"{address}/feed/events") as first, listening(f"{address}/feed/events") as second:
        listening_now = (
            "select count(*) from pg_stat_activity where query like 'LISTEN%' and datname = current_database()"
        )
        await eventually(lambda: is_(square, listening_now, 1))
        await square.tell(support(garden))
        await eventually(lambda: len(first.items) == len(second.items) == 1)
    await eventually(lambda: is_(square, listening_now, 0))


async def is_(square: Square, statement: str, expected: int) -> bool:
    return await square.rows(statement) == [(expected,)]


async def test_a_stream_can_be_of_one_initiative_or_theme(square: Square, address: str) -> None:
    garden, playground = uuid4(), uuid4()
    await square.tell(state(garden, theme="groen"), state(playground, theme="spel"))
    async with (
        listening(f"{address}/feed/events?initiative={garden}") as of_garden,
        listening(f"{address}/feed/events?theme=spel") as of_play,
    ):
        await square.tell(support(garden), support(playground))
        await eventually(lambda: bool(of_garden.items and of_play.items))
    assert [item["initiativeId"] for item in of_garden.items] == [str(garden)]
    assert [item["initiativeId"] for item in of_play.items] == [str(playground)]


async def test_my_stream_has_what_i_follow_and_hears_of_it_when_that_changes(square: Square, address: str) -> None:
    near, themed, other = uuid4(), uuid4(), uuid4()
    await square.tell(state(near, point=DAM, theme="spel"), state(themed, theme="groen"), state(other, theme="spel"))
    await square.follow(kind="radius", latitude=DAM[0], longitude=DAM[1], radiusMetres=500)
    async with listening(f"{address}/me/feed/events", by="anna") as stream:
        await square.tell(support(near), support(themed), support(other))
        await eventually(lambda: len(stream.items) == 1)
        follow = await square.follow(kind="theme", theme="groen")
        await asyncio.sleep(0.2)
        await square.tell(support(themed))
        await eventually(lambda: len(stream.items) == 2)
        await square.request("DELETE", f"/follows/{follow}", by="anna")
        await asyncio.sleep(0.2)
        await square.tell(support(themed), support(near))
        await eventually(lambda: len(stream.items) == 3)
    assert [item["initiativeId"] for item in stream.items] == [str(near), str(themed), str(near)]


async def test_a_quiet_stream_has_heartbeats_that_say_the_position(square: Square, address: str) -> None:
    app_settings = Settings(**{**square.runtime.settings.model_dump(), "heartbeat_s": 0.1})
    square.runtime.settings = app_settings
    garden = uuid4()
    await square.tell(state(garden))
    async with listening(f"{address}/feed/events?theme=spel") as stream:
        await eventually(lambda: stream.heartbeats >= 2)
        await square.tell(support(garden))
        await eventually(lambda: stream.last == "1")
    assert stream.items == []


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "9" * 30, "\u0661"])
async def test_an_id_that_is_none_of_ours_is_refused(square: Square, last: str) -> None:
    answer = await square.client.get("/feed/events", headers=[(b"Last-Event-ID", last.encode())])
    assert (answer.status_code, answer.json()["code"]) == (400, "last-event-id-not-valid")


async def test_my_stream_needs_to_know_who_i_am(square: Square) -> None:
    assert (await square.client.get("/me/feed/events")).status_code == 401
