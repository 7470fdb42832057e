"""The feed as it happens: one reader a process, however many listen.

The reader is woken by NOTIFY and keeps the newest items. A listener holds nothing but its position and takes
what comes after it: from those items, or from the database when it is further behind. So a slow listener costs
no memory, and one that comes back with the position it had misses nothing.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from dorpsplein.database import Database
from dorpsplein.errors import Transient
from notifications.domain.follows import Initiative, Radius, Theme
from notifications.storage import feed, follows
from notifications.storage.feed import Item, Reached
from notifications.wakeups import FOLLOWS, LOG, listen

PAGE = 500
RECENT = 2_000
SAFETY_POLL_S = 5.0
RETRY_MS = 2_000

T = TypeVar("T")
Wanted = Callable[[Item], Awaitable[bool]]


class Live:
    """The newest part of the feed in this process; it reads only while someone listens."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.more = asyncio.Event()
        self._head = 0
        self._recent: list[Item] = []
        self._wake = asyncio.Event()
        self._listeners = 0
        self._reader: asyncio.Task[None] | None = None
        self._ears: dict[UUID, set[Followed]] = {}

    async def head(self) -> int:
        """The newest position. Raises Transient while the database is away."""
        async with self.database.connection() as connection:
            return await feed.head(connection)

    async def after(self, position: int) -> list[Item]:
        """What is known after a position, in order, a page at most. Raises Transient."""
        if position >= self._head:
            return []
        if self._recent and self._recent[0].position <= position + 1:
            return self._recent[position + 1 - self._recent[0].position :]
        async with self.database.connection() as connection:
            return await feed.after(connection, position, PAGE)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Keep the reader going for as long as someone is in here."""
        self._listeners += 1
        if self._listeners == 1:
            self._reader = asyncio.create_task(self._read())
        try:
            yield
        finally:
            self._listeners -= 1
            if self._listeners == 0 and self._reader is not None:
                self._reader.cancel()

    @asynccontextmanager
    async def following(self, follower_id: UUID) -> AsyncIterator["Followed"]:
        """What someone follows, kept up to date while in here."""
        followed = Followed(self.database, follower_id)
        ears = self._ears.setdefault(follower_id, set())
        ears.add(followed)
        try:
            yield followed
        finally:
            ears.discard(followed)
            if not ears:
                self._ears.pop(follower_id, None)

    def _follows_changed(self, follower: str) -> None:
        """Someone follows something else now; "" when it is not known who."""
        chosen = [self._ears.get(UUID(follower), set())] if follower else self._ears.values()
        for ears in chosen:
            for followed in ears:
                followed.stale = True

    async def _read(self) -> None:
        self._recent = []
        ears = asyncio.create_task(
            listen(self.database.url, {LOG: lambda _: self._wake.set(), FOLLOWS: self._follows_changed})
        )
        try:
            self._head = await self._patiently(self.head)
            self._tell()
            while True:
                self._wake.clear()
                items = await self._patiently(self._next)
                if items:
                    self._recent = (self._recent + items)[-RECENT:]
                    self._head = items[-1].position
                    self._tell()
                else:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(SAFETY_POLL_S):
                            await self._wake.wait()
        finally:
            ears.cancel()

    async def _next(self) -> list[Item]:
        async with self.database.connection() as connection:
            return await feed.after(connection, self._head, PAGE)

    async def _patiently(self, read: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await read()
            except Transient:
                await asyncio.sleep(1)

    def _tell(self) -> None:
        told, self.more = self.more, asyncio.Event()
        told.set()


@dataclass(eq=False)
class Followed:
    """What someone follows; read again when it has changed."""

    database: Database
    follower_id: UUID
    stale: bool = True
    initiatives: set[UUID] = field(default_factory=set)
    themes: set[str] = field(default_factory=set)
    circles: list[Radius] = field(default_factory=list)

    async def holds(self, item: Item) -> bool:
        """Whether an item is about what they follow. Raises Transient."""
        if self.stale:
            await self._read()
        return any(self._holds(one) for one in item.reaches)

    def _holds(self, one: Reached) -> bool:
        if one.id in self.initiatives or one.theme in self.themes:
            return True
        return one.point is not None and any(circle.holds(*one.point) for circle in self.circles)

    async def _read(self) -> None:
        self.stale = False
        async with self.database.connection() as connection:
            subjects = [follow.subject for follow in await follows.of_follower(connection, self.follower_id)]
        self.initiatives = {subject.id for subject in subjects if isinstance(subject, Initiative)}
        self.themes = {subject.code for subject in subjects if isinstance(subject, Theme)}
        self.circles = [subject for subject in subjects if isinstance(subject, Radius)]


@asynccontextmanager
async def anything(about: UUID | None, theme: str | None) -> AsyncIterator[Wanted]:
    """All items, or those about one initiative or with one theme."""

    async def wanted(item: Item) -> bool:
        if about is None and theme is None:
            return True
        return any(about in {None, one.id} and theme in {None, one.theme} for one in item.reaches)

    yield wanted


@asynccontextmanager
async def followed_by(live: Live, follower_id: UUID) -> AsyncIterator[Wanted]:
    """The items someone follows."""
    async with live.following(follower_id) as followed:
        yield followed.holds


async def stream(
    live: Live, position: int, choice: AbstractAsyncContextManager[Wanted], heartbeat_s: float
) -> AsyncIterator[str]:
    """Server-sent events after a position, for ever; the stream ends where the database goes away.

    A heartbeat says the position too, so that one who hears only heartbeats does not start over.
    """
    yield f"retry: {RETRY_MS}\nid: {position}\n\n"
    spoken = time.monotonic()
    async with live.listening(), choice as wanted:
        while True:
            more = live.more
            try:
                items = await live.after(position)
                text = "".join([item.sent for item in items if await wanted(item)])
            except Transient:
                return
            position = items[-1].position if items else position
            if not text and time.monotonic() - spoken >= heartbeat_s:
                text = f": heartbeat\nid: {position}\n\n"
            if text:
                yield text
                spoken = time.monotonic()
            elif not items:
                with suppress(TimeoutError):
                    async with asyncio.timeout(spoken + heartbeat_s - time.monotonic()):
                        await more.wait()
