"""Write the transparency log: one sequencer gives every leaf its place and signs the tree.

Which leaf comes first is decided here and nowhere else. A transaction that commits late may put a leaf into the queue
with a lower number than leaves that have their place already: it comes after them, as all that waits does.
"""

import asyncio
import logging
from datetime import datetime

import asyncpg

from dorpsplein import merkle
from dorpsplein.database import Database, Transaction
from dorpsplein.errors import Transient
from dorpsplein.merkle import Growth
from dorpsplein.service import Runtime
from funding import storage
from funding.domain import checkpoints
from funding.domain.checkpoints import Signer
from funding.settings import FundingSettings

MOST_LEAVES = 1_000
MOST_BATCHES = 20
"""So that one transaction ends within seconds; what is left waits for the next head."""
SAFETY_POLL_S = 1.0

log = logging.getLogger(__name__)


def signer_of(settings: FundingSettings) -> Signer:
    """Who signs the log of this deployment; its origin is the service's source in events."""
    return Signer(settings.source("funding"), settings.log_seed)


async def sign_what_waits(database: Database, signer: Signer, now: datetime, *, interval_s: float = 0.0) -> int:
    """Put the leaves that wait into the tree and sign it, all in one transaction; returns how many there were.

    Nothing is done where nothing waits, where another process is at it, or where the last head is younger than
    `interval_s`. Raises Transient where the database is away.
    """
    async with database.transaction() as tx:
        if not await storage.transparency.take_turn(tx):
            return 0
        last = await storage.transparency.last_head(tx)
        if last and 0 <= (now - last.at).total_seconds() < interval_s:
            return 0
        before = last.head.size if last else 0
        size, grown = await _append(tx, before)
        if size > before:
            await storage.transparency.keep_head(tx, checkpoints.sign(signer, size, grown.root, now, last))
    return size - before


async def _append(tx: Transaction, size: int) -> tuple[int, Growth]:
    right_edge = merkle.subtrees((0, size))
    hashes = await storage.transparency.hashes(tx, right_edge)
    grown = Growth((), tuple(hashes[node] for node in right_edge))
    for _ in range(MOST_BATCHES):
        leaves = await storage.transparency.waiting(tx, MOST_LEAVES)
        if leaves:
            grown = merkle.grow(size, grown.edge, [merkle.leaf_hash(row["leaf"]) for row in leaves])
            await storage.transparency.append(tx, size, leaves, grown.nodes)
            size += len(leaves)
        if len(leaves) < MOST_LEAVES:
            break
    return size, grown


async def sequence(runtime: Runtime) -> None:
    """Write the log for ever: after commits and at least every second, with one head an interval at most."""
    settings = runtime.settings
    assert isinstance(settings, FundingSettings)
    signer, committed = signer_of(settings), runtime.database.on_commit()
    while True:
        committed.clear()
        try:
            now = runtime.outbox.clock()
            await sign_what_waits(runtime.database, signer, now, interval_s=settings.head_interval_s)
        except (Transient, asyncpg.PostgresError) as fault:
            log.warning("the transparency log waits: %s", fault)
        await asyncio.sleep(settings.head_interval_s)
        await _until(committed)


async def _until(committed: asyncio.Event) -> None:
    try:
        # Not wait_for: before Python 3.12 it swallows a cancellation that comes together with the event.
        async with asyncio.timeout(SAFETY_POLL_S):
            await committed.wait()
    except TimeoutError:
        return
