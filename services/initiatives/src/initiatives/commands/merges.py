"""Merging two initiatives by consent, from the proposal to the end of the window; undoing it is in `parting.py`.

Locks are taken in one order: the merge, the initiatives by their ids, the supports.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.timers import cancel_timers, set_timers
from dorpsplein.web import found
from initiatives.commands import closing
from initiatives.commands.initiatives import saved
from initiatives.commands.lineage import Link, link
from initiatives.domain import life
from initiatives.domain import merges as domain
from initiatives.domain.initiative import Initiative
from initiatives.domain.merges import Merge, MergeEvent
from initiatives.storage import initiatives as initiatives_storage
from initiatives.storage import merges as storage
from initiatives.storage import supports

MERGE_WINDOW = "merge-window"


async def propose(
    tx: Transaction, joining_id: UUID, into_id: UUID, *, merge_id: UUID, person: UUID, now: datetime
) -> dict[str, Any]:
    """Ask to join another initiative. Raises NotFound, Conflict("merge-open") and what `domain.propose` raises."""
    known = await initiatives_storage.lock_many(tx, [joining_id, into_id])
    joining, into = (found(known.get(one), "initiative", one) for one in (joining_id, into_id))
    event = domain.propose(joining, into, merge_id=merge_id, person=person)
    await keep(tx, None, event, now)
    return {**await shown(tx, merge_id), "location": f"/v1/merges/{merge_id}"}


async def agree(tx: Transaction, merge_id: UUID, *, person: UUID, window_days: int, now: datetime) -> dict[str, Any]:
    """Agree to being joined: the one joins the other, and its supporters have the window to say whether they go along.

    Raises NotFound and what `domain.agree` and `life.join` raise.
    """
    merge, joining, into = await locked(tx, merge_id)
    event = domain.agree(merge, into, person=person, now=now, window_days=window_days)
    joined = life.join(joining, merge_id=merge_id, into_id=into.id, now=now)
    await keep(tx, merge, event, now)
    await saved(tx, joining, joined, now)
    await set_timers(tx, MERGE_WINDOW, {merge_id: event.window_ends_at})
    await link(tx, [lineage(merge)], now=now)
    return await shown(tx, merge_id)


async def decline(tx: Transaction, merge_id: UUID, *, person: UUID, now: datetime) -> dict[str, Any]:
    """Say no to being joined. Raises NotFound and what `domain.decline` raises."""
    merge, _, into = await locked(tx, merge_id)
    await keep(tx, merge, domain.decline(merge, into, person=person), now)
    return await shown(tx, merge_id)


async def withdraw(tx: Transaction, merge_id: UUID, *, person: UUID, now: datetime) -> dict[str, Any]:
    """Take a proposal back. Raises NotFound and what `domain.withdraw` raises."""
    merge, joining, _ = await locked(tx, merge_id)
    await keep(tx, merge, domain.withdraw(merge, joining, person=person), now)
    return await shown(tx, merge_id)


async def close_windows(tx: Transaction, merge_ids: Sequence[UUID], now: datetime) -> None:
    """End windows whose time is over: who did not say yes stays where they are, and the support there closes."""
    merges = await storage.lock(tx, merge_ids)
    known = await initiatives_storage.lock_many(tx, [merge.joining_id for merge in merges])
    await closing.close_doors(tx, known)
    for merge in merges:
        moved, stayed = await supports.count_moved(tx, merge.id), await supports.counts(tx, [merge.joining_id])
        if event := domain.close(merge, moved=moved, stayed=stayed[merge.joining_id]):
            await keep(tx, merge, event, now)
            await closing.close_now(tx, known[merge.joining_id], now)


async def locked(tx: Transaction, merge_id: UUID) -> tuple[Merge, Initiative, Initiative]:
    """A merge with the initiative that joins and the one it joins, all locked. Raises NotFound("merge-unknown")."""
    rows = await storage.lock(tx, [merge_id])
    merge: Merge = found(rows[0] if rows else None, "merge", merge_id)
    known = await initiatives_storage.lock_many(tx, [merge.joining_id, merge.into_id])
    return merge, known[merge.joining_id], known[merge.into_id]


async def keep(tx: Transaction, merge: Merge | None, event: MergeEvent, now: datetime) -> Merge:
    """Store a merge after a fact, and tell the fact."""
    after = domain.evolve(merge, event)
    await storage.save(tx, after, [Fact(event, after.version)], now=now)
    return after


async def shown(tx: Transaction, merge_id: UUID) -> dict[str, Any]:
    """A merge as it is read. Raises NotFound("merge-unknown")."""
    answer: dict[str, Any] = found(await storage.shown(tx, merge_id), "merge", merge_id)
    return answer


def lineage(merge: Merge) -> Link:
    """The thread from an initiative to the one it joined."""
    return Link("initiative", merge.joining_id, "initiative", merge.into_id, "joined", merge.joining_id)


async def no_window(tx: Transaction, merge_id: UUID) -> None:
    """Let no window end by itself any more."""
    await cancel_timers(tx, MERGE_WINDOW, [merge_id])
