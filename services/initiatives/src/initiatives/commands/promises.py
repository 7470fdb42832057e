"""What becomes of promises of the municipality: they are recalled, ring, and are kept, contested or released."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.identity import Caller
from dorpsplein.timers import cancel_timers, set_timers
from dorpsplein.web import found
from initiatives.domain import promises as domain
from initiatives.domain.promises import Promise, Release, Side, Status, Told
from initiatives.storage import promises as storage
from initiatives.storage import responses

PROMISE_REMINDER = "promise-reminder"
PROMISE_DUE = "promise-due"


async def keep_promise(tx: Transaction, promise_id: UUID, caller: Caller, now: datetime) -> dict[str, Any]:
    """Say that it was kept. Raises NotFound, Forbidden("not-yours") and what `domain.keep` raises."""
    return await _done(tx, promise_id, caller, lambda promise, side: domain.keep(promise, side, now), now)


async def contest(tx: Transaction, promise_id: UUID, why: str, caller: Caller, now: datetime) -> dict[str, Any]:
    """Say that it was not kept. Raises NotFound, Forbidden("not-yours") and what `domain.contest` raises."""
    return await _done(tx, promise_id, caller, lambda promise, side: domain.contest(promise, why, side, now), now)


async def release(
    tx: Transaction, promise_id: UUID, reason: Release, why: str | None, caller: Caller, now: datetime
) -> dict[str, Any]:
    """Let it go. Raises NotFound, Forbidden("not-yours") and what `domain.release` raises."""
    return await _done(tx, promise_id, caller, lambda promise, side: domain.release(promise, reason, why, side), now)


async def remind_due(tx: Transaction, refs: Sequence[UUID], now: datetime) -> None:
    """The handler of the timers that recall promises."""
    there = (await storage.lock(tx, refs)).values()
    await keep(tx, [(promise.version, domain.remind(promise, now)) for promise in there], now)


async def come_due(tx: Transaction, refs: Sequence[UUID], now: datetime) -> None:
    """The handler of the timers by which promises ring."""
    there = (await storage.lock(tx, refs)).values()
    await keep(tx, [(promise.version, domain.come_due(promise, now)) for promise in there], now)


async def keep(tx: Transaction, happened: Sequence[tuple[int, Told]], now: datetime) -> None:
    """Store promises after what was told of them, each with the version it had before, and let their clocks follow."""
    changed = [(before, after, told) for before, (after, told) in happened if told]
    if not changed:
        return
    facts = [Fact(event, before + 1 + place // 2) for before, _, told in changed for place, event in enumerate(told)]
    await storage.save(tx, [after for _, after, _ in changed], facts, now)
    waiting = [after for _, after, _ in changed if after.status == Status.OPEN]
    over = [after.id for _, after, _ in changed if after.status != Status.OPEN]
    await set_timers(tx, PROMISE_DUE, {one.id: one.due_at for one in waiting})
    await set_timers(
        tx, PROMISE_REMINDER, {one.id: one.remind_at for one in waiting if not one.reminded and now < one.remind_at}
    )
    for kind in (PROMISE_REMINDER, PROMISE_DUE):
        await cancel_timers(tx, kind, over)


async def _done(
    tx: Transaction, promise_id: UUID, caller: Caller, decide: Callable[[Promise, Side], Told], now: datetime
) -> dict[str, Any]:
    promise: Promise = found((await storage.lock(tx, [promise_id])).get(promise_id), "promise", promise_id)
    initiators = await responses.initiators(tx, promise.initiative_id) or []
    side = domain.side_of(promise, initiators, caller.id, caller.roles)
    await keep(tx, [(promise.version, decide(promise, side))], now)
    shown: dict[str, Any] = found(await storage.shown(tx, promise_id), "promise", promise_id)
    return shown
