"""The close of support: who counts is fixed, and published as the root of a tree that every receipt can be held to.

Whoever is changing a support of the initiative at that moment is waited for and counted; whoever comes after is
refused. Nobody is in between.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from initiatives.commands.initiatives import saved
from initiatives.domain import life
from initiatives.domain.initiative import Initiative
from initiatives.domain.support_tree import close_again, tree_of
from initiatives.storage import initiatives, support_trees
from initiatives.storage import supports as storage


async def close_due(tx: Transaction, initiative_ids: Sequence[UUID], now: datetime) -> None:
    """Close the support of initiatives whose time is over; what did not reach its threshold in time expires.

    A threshold that nobody has noticed yet counts. What rests keeps its time, so it is passed by.
    """
    due = [one for one in (await initiatives.lock_many(tx, initiative_ids)).values() if not one.rests]
    await close_doors(tx, (one.id for one in due if not one.support_closed))
    for initiative in due:
        supports, closed = await _closed(tx, initiative, now)
        await saved(tx, closed, life.reach_threshold(closed, supports) or life.expire(closed, supports), now)


async def close_now(tx: Transaction, initiative: Initiative, now: datetime) -> Initiative:
    """Close the support of one initiative that is locked, as it ends; returns it as it is then."""
    if initiative.support_closed:
        return initiative
    await close_doors(tx, [initiative.id])
    return (await _closed(tx, initiative, now))[1]


async def close_once_more(tx: Transaction, initiative: Initiative, now: datetime) -> Initiative:
    """Publish another root for a locked initiative whose support was closed before a merge with it was undone."""
    tree = await _kept_tree(tx, initiative.id, now)
    return await saved(tx, initiative, close_again(initiative, supports=tree[0], root=tree[1]), now)


async def close_doors(tx: Transaction, initiative_ids: Iterable[UUID]) -> None:
    """Wait for all who are changing supports of these initiatives, and let nobody begin until the transaction ends.

    In the order in which those who change supports of several take their locks.
    """
    for one in sorted(initiative_ids, key=storage.lock_key):
        await storage.close_the_door(tx, one)


async def _closed(tx: Transaction, initiative: Initiative, now: datetime) -> tuple[int, Initiative]:
    """How many support an initiative whose door is closed, and the initiative after that was published."""
    if initiative.support_closed:
        return (await storage.counts(tx, [initiative.id]))[initiative.id], initiative
    supports, root = await _kept_tree(tx, initiative.id, now)
    return supports, await saved(tx, initiative, life.close_support(initiative, supports=supports, root=root), now)


async def _kept_tree(tx: Transaction, initiative_id: UUID, now: datetime) -> tuple[int, str]:
    """Make and keep the tree over the supports as they stand: how many there are, and its root in hexadecimal.

    Hashing goes on beside the other work of the process.
    """
    given = await storage.given(tx, initiative_id)
    tree = await asyncio.to_thread(tree_of, given)
    await support_trees.save(tx, initiative_id, tree, now=now)
    return len(given), tree.root.hex()
