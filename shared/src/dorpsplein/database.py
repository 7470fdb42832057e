"""One service's PostgreSQL database: transactions that record events, and grouped commands."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar

import asyncpg

from dorpsplein.envelope import CAUSE, Cause, Fact
from dorpsplein.errors import Transient
from dorpsplein.failpoints import failpoint
from dorpsplein.grouping import Group
from dorpsplein.outbox import OUTBOX_INSERT, Columns, Outbox

OUTBOX_CHANNEL = "outbox"
LONGEST_IDLE_TRANSACTION_S = 60
"""So that a frozen process does not hold its locks, a relay's turn among them, for ever."""
SERVER_SPEAKS_FIRST_S = 5.0
"""A slow statement is ended by PostgreSQL, which says so; our own time limit is for one that is gone."""

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

Command = TypeVar("Command")
Answer = TypeVar("Answer")

UNAVAILABLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.PostgresIOError,
    asyncpg.ReadOnlySQLTransactionError,
    OSError,
    TimeoutError,
)
"""What asyncpg raises while the database is away or unusable, not because of what was asked of it."""

CONTENDED = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.LockNotAvailableError)
"""What asyncpg raises when transactions got in each other's way; the same one may succeed next time."""


class Transaction:
    """One open transaction, with what a command needs to record events in it.

    Of grouped commands `causes` has the cause of each, in their order: `Fact(event, sequence, tx.causes[n])`.
    """

    def __init__(self, connection: "Connection", outbox: Outbox) -> None:
        self.connection = connection
        self.recorded = False
        self.causes: Sequence[Cause | None] = ()
        self._outbox = outbox

    def outbox(self, facts: Iterable[Fact]) -> Columns:
        """Outbox columns for facts; the caller's next statement inserts them."""
        self.recorded = True
        return self._outbox.columns(facts)

    async def record(self, facts: Sequence[Fact]) -> None:
        """Insert facts into the outbox on their own (where no state goes with them)."""
        if facts:
            await self.execute(OUTBOX_INSERT, *self.outbox(facts))

    async def fetch(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        """All rows."""
        return await self.connection.fetch(statement, *arguments)

    async def fetchrow(self, statement: str, *arguments: Any) -> asyncpg.Record | None:
        """The first row, if there is one."""
        return await self.connection.fetchrow(statement, *arguments)

    async def fetchval(self, statement: str, *arguments: Any) -> Any:
        """The first column of the first row, if there is one."""
        return await self.connection.fetchval(statement, *arguments)

    async def execute(self, statement: str, *arguments: Any) -> str:
        """Run a statement; its command tag comes back."""
        return await self.connection.execute(statement, *arguments)


class Database:
    """A pool of connections to one service's database. Opening it needs no server; using it does.

    Whoever asked for `on_commit()` is told after every commit that recorded events, so that a relay in this
    process wakes at once; with `notify` a relay in another process is woken by one NOTIFY a transaction.
    """

    def __init__(
        self, url: str, outbox: Outbox, *, size: int = 8, timeout_s: float = 10.0, search_path: str = "public"
    ) -> None:
        self.url = url
        self.notify = False
        self._told: list[asyncio.Event] = []
        self._outbox = outbox
        self._size = size
        self._timeout_s = timeout_s
        self._search_path = search_path
        self._groups: dict[Callable[..., Any], Group[Any, Any]] = {}
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def __aenter__(self) -> Self:
        self._pool = await asyncpg.create_pool(
            self.url,
            min_size=0,
            max_size=self._size,
            command_timeout=self._timeout_s + SERVER_SPEAKS_FIRST_S,
            timeout=5,
            max_inactive_connection_lifetime=60,
            reset=_as_it_is,
            server_settings={
                "application_name": self._outbox.source.rsplit(":", 1)[-1],
                "statement_timeout": str(int(self._timeout_s * 1000)),
                "idle_in_transaction_session_timeout": str(LONGEST_IDLE_TRANSACTION_S * 1000),
                "search_path": self._search_path,
                "timezone": "UTC",
                "jit": "off",
                # Workers read ahead of a list of twenty; statements here are short, and many at once.
                "max_parallel_workers_per_gather": "0",
            },
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._pool is not None:
            try:
                await asyncio.wait_for(self._pool.close(), 5)
            except TimeoutError:
                self._pool.terminate()

    def on_commit(self) -> asyncio.Event:
        """An event that is set after every commit that recorded events."""
        event = asyncio.Event()
        self._told.append(event)
        return event

    def tell(self) -> None:
        """Say that events were committed, here or by another process."""
        for event in self._told:
            event.set()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator["Connection"]:
        """A connection for reading. Raises Transient while the database is away."""
        if self._pool is None:
            raise Transient("the database is not open")
        try:
            acquired = await self._pool.acquire(timeout=5)
        except (*UNAVAILABLE, asyncpg.InterfaceError) as fault:
            raise Transient(f"the database cannot be reached: {fault}") from fault
        try:
            yield acquired  # type: ignore[misc]
        except UNAVAILABLE as fault:
            raise Transient(f"the database went away: {fault}") from fault
        except asyncpg.InternalClientError as fault:
            # A connection that was cut in the middle of an operation; nobody may get it again.
            acquired.terminate()
            raise Transient(f"the database went away: {fault}") from fault
        except asyncpg.InterfaceError as fault:
            if _is_gone(acquired):
                raise Transient(f"the database went away: {fault}") from fault
            raise
        finally:
            await self._pool.release(acquired)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A transaction that commits at the end of the block and rolls back on any error.

        Raises Transient where the database is away or transactions got in each other's way. After a Transient
        at commit the outcome is unknown to us: repeating under the same key is safe, guessing is not.
        """
        async with self.connection() as connection:
            try:
                async with connection.transaction():
                    tx = Transaction(connection, self._outbox)
                    yield tx
                    if tx.recorded and self.notify:
                        await tx.execute(f"notify {OUTBOX_CHANNEL}")
                    await failpoint("before_commit")
            except CONTENDED as fault:
                raise Transient(f"transactions got in each other's way: {fault}") from fault
        if tx.recorded:
            self.tell()
        await failpoint("committed_not_answered")

    async def grouped(
        self,
        handle: Callable[[Transaction, Sequence[Command]], Awaitable[Sequence[Answer | Exception]]],
        command: Command,
    ) -> Answer:
        """Run a command together with those waiting for the same handler: one transaction, own answers.

        The handler returns one answer, or the exception to raise, per command. Any exception it raises rolls
        all of them back: a Transient reaches every caller; on any other each command is tried on its own, so
        that it reaches only whose it is.
        """
        group = self._groups.get(handle)
        if group is None:

            async def run(submitted: Sequence[tuple[Any, Cause | None]]) -> Sequence[Any]:
                async with self.transaction() as tx:
                    tx.causes = [cause for _, cause in submitted]
                    answers = await handle(tx, [command for command, _ in submitted])
                    if len(answers) != len(submitted):
                        raise TypeError(f"{len(answers)} answers to {len(submitted)} commands")
                    return answers

            group = self._groups[handle] = Group(run)
        answer: Answer = await group.submit((command, CAUSE.get()))
        return answer

    async def ready(self) -> None:
        """Raises Transient unless the database answers."""
        async with self.connection() as connection:
            await connection.fetchval("select 1")


def _is_gone(connection: Any) -> bool:
    """Tell whether a connection has ended; its pool takes it back at once when it does."""
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True


async def _as_it_is(_: object) -> None:
    """A connection goes back as it is: we keep nothing in a session, and asyncpg's own reset costs a round trip.

    An open transaction is rolled back by asyncpg all the same.
    """
