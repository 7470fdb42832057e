"""Durable timers: what must happen at a moment happens then, or as soon as a process runs again; once.

A timer is a row, set in the transaction that makes it needed and deleted in the transaction of its effect. One
process at a time fires (an advisory lock that ends with its transaction, however the process ends). Whoever sets or
cancels a timer has locked what it is about before; so here the row is deleted last, and where another moved or
cancelled it meanwhile everything is rolled back and looked at again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from uuid import UUID
from weakref import WeakKeyDictionary

from dorpsplein.database import Database, Transaction
from dorpsplein.service import Runtime

TIMERS_LOCK = 7_320_001
MOST_AT_ONCE = 200
LONGEST_SLEEP_S = 1.0
SHORTEST_SLEEP_S = 0.05
"""While another process has the turn, what is due stays due for a moment: that must not keep this one busy."""
LONGEST_PAUSE = timedelta(hours=1)

TAKE_TURN = "select pg_try_advisory_xact_lock($1)"
DUE = "select * from timers where due_at <= $1 and kind = any($2::text[]) order by due_at, kind, ref limit $3"
NEXT = "select min(due_at) from timers where kind = any($1::text[])"
SET = """
    insert into timers (kind, ref, due_at)
    select $1, * from unnest($2::uuid[], $3::timestamptz[]) as t(ref, due_at) order by ref
    on conflict (kind, ref) do update set due_at = excluded.due_at, attempts = 0
"""
CANCEL = """
    delete from timers t using (
        select kind, ref from timers where kind = $1 and ref = any($2::uuid[]) order by ref for update
    ) as gone where t.kind = gone.kind and t.ref = gone.ref
"""
FIRED = """
    delete from timers t using unnest($2::uuid[], $3::timestamptz[]) as fired(ref, due_at)
    where t.kind = $1 and t.ref = fired.ref and t.due_at = fired.due_at
    returning t.ref
"""
POSTPONE = "update timers set due_at = $4, attempts = attempts + 1 where kind = $1 and ref = $2 and due_at = $3"

Handler = Callable[[Transaction, Sequence[UUID], datetime], Awaitable[None]]
"""Carries out what was to happen to these things, given the time it is now; it may set and cancel timers."""

log = logging.getLogger(__name__)
_changed: WeakKeyDictionary[Transaction, set[tuple[str, UUID]]] = WeakKeyDictionary()
"""Timers that an open transaction set or cancelled itself."""


@dataclass(frozen=True, slots=True)
class Timer:
    """One row; `attempts` is how often its handler failed."""

    kind: str
    ref: UUID
    due_at: datetime
    attempts: int


class _Moved(Exception):
    """Another transaction moved or cancelled a timer while it was being fired."""


async def set_timers(tx: Transaction, kind: str, due: Mapping[UUID, datetime]) -> None:
    """Set a timer for each of these things, or move the one it has. Lock the things first."""
    if due:
        _note(tx, kind, due)
        await tx.execute(SET, kind, list(due), list(due.values()))


async def cancel_timers(tx: Transaction, kind: str, refs: Iterable[UUID]) -> None:
    """Take away the timers of these things; those without one are passed by. Lock the things first."""
    if wanted := list(refs):
        _note(tx, kind, wanted)
        await tx.execute(CANCEL, kind, wanted)


def watch(handlers: Mapping[str, Handler]) -> Callable[[Runtime], Awaitable[None]]:
    """A worker that fires timers of these kinds for as long as its process lives, by the service's clock.

    It sleeps until the next is due, at most a second. While the database is away it raises Transient.
    """

    async def worker(runtime: Runtime) -> None:
        while True:
            await fire_due(runtime.database, handlers, runtime.outbox.clock())
            async with runtime.database.connection() as connection:
                following: datetime | None = await connection.fetchval(NEXT, list(handlers))
            await asyncio.sleep(_until(following, runtime.outbox.clock()))

    return worker


async def fire_due(database: Database, handlers: Mapping[str, Handler], now: datetime) -> int:
    """Fire all timers of these kinds that are due at `now`, in order of their moments; how many took effect.

    Neighbours of one kind go to their handler together. Where that fails each goes alone; one that fails alone is
    logged and comes back after a pause that doubles with every failure, up to an hour, and holds up no other.
    While another process has the turn nothing is fired. Raises Transient while the database is away.
    """
    fired = 0
    while True:
        try:
            timers = await _fire_first(database, handlers, now)
        except _Moved:
            continue
        except _Failed as failed:
            timers = await _fire_each(database, handlers, failed.timers, now)
            fired += timers
            continue
        if timers == 0:
            return fired
        fired += timers


class _Failed(Exception):
    """The handler of these timers raised something."""

    def __init__(self, timers: Sequence[Timer]) -> None:
        super().__init__(timers)
        self.timers = timers


async def _fire_first(database: Database, handlers: Mapping[str, Handler], now: datetime) -> int:
    """Fire the first neighbours of one kind; how many there were."""
    batch: Sequence[Timer] = ()
    try:
        async with database.transaction() as tx:
            if not await tx.fetchval(TAKE_TURN, TIMERS_LOCK):
                return 0
            batch = _neighbours([Timer(**row) for row in await tx.fetch(DUE, now, list(handlers), MOST_AT_ONCE)])
            if batch:
                await _fire(tx, handlers, batch, now)
    except _Moved:
        raise
    except Exception as fault:
        if not batch:
            raise
        if len(batch) > 1:
            log.warning("%d timers %s are fired one by one: %r", len(batch), batch[0].kind, fault)
        else:
            await _postpone(database, batch[0], now, fault)
        raise _Failed(batch if len(batch) > 1 else ()) from fault
    return len(batch)


async def _fire_each(
    database: Database, handlers: Mapping[str, Handler], timers: Sequence[Timer], now: datetime
) -> int:
    """Fire timers one by one, each in a transaction of its own; how many took effect."""
    fired = 0
    for timer in timers:
        try:
            async with database.transaction() as tx:
                if await tx.fetchval(TAKE_TURN, TIMERS_LOCK):
                    await _fire(tx, handlers, [timer], now)
                    fired += 1
        except _Moved:
            continue
        except Exception as fault:  # noqa: BLE001 - logged, and tried again after a pause
            await _postpone(database, timer, now, fault)
    return fired


async def _fire(tx: Transaction, handlers: Mapping[str, Handler], batch: Sequence[Timer], now: datetime) -> None:
    kind = batch[0].kind
    await handlers[kind](tx, [timer.ref for timer in batch], now)
    rows = await tx.fetch(FIRED, kind, [timer.ref for timer in batch], [timer.due_at for timer in batch])
    gone = {row["ref"] for row in rows}
    changed = _changed.get(tx, set())
    if any(timer.ref not in gone and (kind, timer.ref) not in changed for timer in batch):
        raise _Moved


async def _postpone(database: Database, timer: Timer, now: datetime, fault: Exception) -> None:
    pause = min(timedelta(seconds=2 ** min(timer.attempts, 20)), LONGEST_PAUSE)
    log.error("timer %s of %s failed and comes back in %s", timer.kind, timer.ref, pause, exc_info=fault)
    async with database.transaction() as tx:
        await tx.execute(POSTPONE, timer.kind, timer.ref, timer.due_at, now + pause)


def _neighbours(due: Sequence[Timer]) -> Sequence[Timer]:
    """The first timers that may go together: of one kind, and none that failed before."""
    if not due or due[0].attempts:
        return due[:1]
    return list(takewhile(lambda timer: timer.kind == due[0].kind and not timer.attempts, due))


def _note(tx: Transaction, kind: str, refs: Iterable[UUID]) -> None:
    _changed.setdefault(tx, set()).update((kind, ref) for ref in refs)


def _until(following: datetime | None, now: datetime) -> float:
    if following is None:
        return LONGEST_SLEEP_S
    return min(LONGEST_SLEEP_S, max(SHORTEST_SLEEP_S, (following - now).total_seconds()))
