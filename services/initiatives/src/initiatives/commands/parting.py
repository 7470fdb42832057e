"""Undoing a merge: all that moved goes back, except what its giver has taken back since. Nothing is lost by a merge."""

from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.contracts.initiatives.merges import MergeUndone
from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from initiatives.commands.closing import close_doors, close_now, close_once_more
from initiatives.commands.initiatives import saved
from initiatives.commands.life import reach_thresholds
from initiatives.commands.lineage import unlink
from initiatives.commands.merges import keep, lineage, locked, no_window, shown
from initiatives.commands.supports import fact
from initiatives.domain import life
from initiatives.domain import merges as domain
from initiatives.domain.initiative import Initiative
from initiatives.domain.support import Support, move_back
from initiatives.storage import supports as storage

AT_ONCE = 2_000


async def undo(tx: Transaction, merge_id: UUID, *, person: UUID, now: datetime) -> dict[str, Any]:
    """Undo a merge, or after its window ask for it; see `domain.ask_to_undo`, and raises NotFound and what it raises.

    The initiatives part, and where support was closed already its root is published once more.
    """
    merge, joining, into = await locked(tx, merge_id)
    await close_doors(tx, [one.id for one in (joining, into) if one.support_closed])
    pairs = await storage.lock_moved(tx, merge_id)
    returned = sum(there.given for _, there in pairs)
    event = domain.ask_to_undo(merge, joining, into, person=person, returned=returned)
    if event is not None:
        await keep(tx, merge, event, now)
    if isinstance(event, MergeUndone):
        await no_window(tx, merge_id)
        await unlink(tx, [lineage(merge)], now=now)
        await _return(tx, pairs, merge_id, now)
        await _part(tx, joining, into, now)
    return await shown(tx, merge_id)


async def _return(tx: Transaction, pairs: list[tuple[Support, Support]], merge_id: UUID, now: datetime) -> None:
    for start in range(0, len(pairs), AT_ONCE):
        changes: list[tuple[Support, Support]] = []
        facts: list[Fact] = []
        for here, there in pairs[start : start + AT_ONCE]:
            both = move_back(here, there, merge_id, now)
            for before, (after, event) in zip((here, there), both, strict=True):
                if after != before:
                    changes.append((before, after))
                if event is not None:
                    facts.append(fact(after, event))
        if changes:
            await storage.save(tx, changes, facts, even_closed=True, even_joined=True)


async def _part(tx: Transaction, joining: Initiative, into: Initiative, now: datetime) -> None:
    alone = await saved(tx, joining, life.part(joining, now=now), now)
    if alone.support_closed:
        alone = await close_once_more(tx, alone, now)
    elif alone.closes_at is not None and alone.closes_at <= now:
        alone = await close_now(tx, alone, now)
    if into.support_closed:
        await close_once_more(tx, into, now)
    await reach_thresholds(tx, {alone.id: None}, now=now)
