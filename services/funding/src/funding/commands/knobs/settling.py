"""What happens by itself: votes close, vetoes lapse, changes take effect, each at its own moment and in that order.

A timer calls this, and so does every command about a fund's knobs before it decides. Whatever is carried out late is
carried out as of its moment, so lateness shows in no outcome.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from dorpsplein.contracts.funding.knobs import KnobBoundsSet, KnobTurned
from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.timers import cancel_timers, set_timers
from dorpsplein.web import found
from funding import storage
from funding.domain.knobs import changes, decisions
from funding.domain.knobs.changes import KnobChange
from funding.domain.knobs.values import Bounds, KnobSet

CHANGE_DUE = "knob-change-due"
"""The timer of a change: at the moment of the next thing that happens to it by itself."""


async def settle(tx: Transaction, fund_id: UUID, now: datetime) -> KnobSet:
    """Lock a fund's knobs and carry out all that is due; the values in effect then. Raises NotFound."""
    found(await storage.knobs.sets.lock_fund(tx, fund_id) or None, "fund", fund_id)
    while due := await _first_due(tx, fund_id, now):
        await _carry_out(tx, due)
    current: KnobSet = found(await storage.knobs.current(tx, fund_id), "fund", fund_id)
    return current


async def settled(tx: Transaction, change_id: UUID, now: datetime) -> tuple[KnobChange, KnobSet]:
    """A change after all that is due in its fund, locked, and the values in effect. Raises NotFound."""
    change: KnobChange = found(await storage.knobs.changes.change(tx, change_id), "knob-change", change_id)
    current = await settle(tx, change.fund, now)
    return (await storage.knobs.changes.lock(tx, [change_id]))[change_id], current


async def change_due(tx: Transaction, refs: Sequence[UUID], now: datetime) -> None:
    """The handler of changes' timers."""
    for fund_id in await storage.knobs.changes.funds_of(tx, refs):
        await settle(tx, fund_id, now)


async def keep(tx: Transaction, change: KnobChange, told: Sequence[changes.Fact]) -> KnobChange:
    """Keep a change after facts, and set its timer to the next thing that happens to it by itself."""
    facts = [Fact(event, change.version + place) for place, event in enumerate(told, start=1)]
    change = changes.after_all(change, told)
    if facts:
        await storage.knobs.changes.save(tx, change, facts)
        await wake(tx, change)
    return change


async def wake(tx: Transaction, change: KnobChange) -> None:
    """Set a change's timer to its next moment; take it away where there is none."""
    if change.due_at:
        await set_timers(tx, CHANGE_DUE, {change.id: change.due_at})
    else:
        await cancel_timers(tx, CHANGE_DUE, [change.id])


async def _first_due(tx: Transaction, fund_id: UUID, now: datetime) -> KnobChange | None:
    moments = [(one.due_at, one.id, one) for one in await storage.knobs.changes.alive(tx, fund_id) if one.due_at]
    due = [moment for moment in moments if moment[0] <= now]
    return min(due, key=lambda moment: moment[:2])[2] if due else None


async def _carry_out(tx: Transaction, change: KnobChange) -> None:
    if change.status == "open":
        await _close(tx, change)
        return
    current = await storage.knobs.current(tx, change.fund)
    assert current is not None
    bounds, version = await storage.knobs.sets.bounds(tx, change.fund)
    told = decisions.come_due(change, current, bounds)
    for event in told:
        if isinstance(event, KnobTurned):
            await _take_effect(tx, change, current, event, bounds, version)
    await keep(tx, change, told)


async def _close(tx: Transaction, change: KnobChange) -> None:
    """Close a vote, or let it go on. Locked against ballots, so that none comes in between count and outcome."""
    await storage.knobs.changes.lock(tx, [change.id])
    tally, early = await storage.knobs.ballots.count(tx, change.id)
    change = await keep(tx, change, decisions.close(change, tally, early))
    if change.status != "open":
        await storage.knobs.ballots.unlink(tx, change.id)


async def _take_effect(
    tx: Transaction, change: KnobChange, current: KnobSet, event: KnobTurned, bounds: Bounds, version: int
) -> None:
    for other in await storage.knobs.changes.alive(tx, change.fund):
        await keep(tx, other, decisions.supersede(other, change))
    values = {**current.values, **change.values}
    await storage.knobs.sets.add(
        tx, KnobSet(change.fund, event.set_number, values, event.effective_at, change=change.id)
    )
    if change.bounds:
        new = {**bounds, **change.bounds}
        fact = Fact(bounds_set(change.fund, new, change.id), version + 1)
        await storage.knobs.sets.set_bounds(tx, change.fund, new, version + 1, None, event.effective_at, [fact])


def bounds_set(fund_id: UUID, bounds: Bounds, change_id: UUID | None = None) -> KnobBoundsSet:
    """The fact that a fund's knobs have these bounds."""
    return KnobBoundsSet(
        fund_id=fund_id,
        least={name: least for name, (least, _) in bounds.items()},
        most={name: most for name, (_, most) in bounds.items()},
        change_id=change_id,
    )
