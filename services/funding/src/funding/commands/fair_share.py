"""Report who got what and who got nothing, after a round or a count. Reads only."""

import asyncio
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.errors import NotFound
from dorpsplein.web import found
from funding import storage
from funding.domain import inputs
from funding.domain.counts import Count
from funding.domain.fair_share import FairShare, fair_share
from funding.domain.rounds import Round


async def of_count(tx: Transaction, count_id: UUID) -> FairShare:
    """The report of a published count. Raises NotFound, also while it is not published."""
    count: Count = found(await storage.counts.count(tx, count_id), "count", count_id)
    if count.status != "published":
        raise NotFound("no-fair-share-yet", f"Count {count_id} is {count.status}: there is no published outcome.")
    document = await storage.counts.input_(tx, count.input_root)
    given = {candidate: line.cents for candidate, line in count.lines or ()}
    return await asyncio.to_thread(lambda: fair_share(inputs.snapshot_of(document), given))


async def of_round(tx: Transaction, round_id: UUID, now: datetime) -> FairShare:
    """The report of a closed round, from what its pledges were matched with or from its published count.

    Raises NotFound, also while there is no outcome yet.
    """
    round_: Round = found(await storage.rounds.round_(tx, round_id), "round", round_id)
    if round_.is_open(now):
        raise NotFound("no-fair-share-yet", f"Round {round_id} is open until {round_.closes_at.isoformat()}.")
    if round_.terms.rule.family == "batch":
        published = [one for one in await storage.counts.counts_of(tx, round_id) if one.status == "published"]
        if not published:
            raise NotFound("no-fair-share-yet", f"The count of round {round_id} is not published yet.")
        return await of_count(tx, published[-1].id)
    snapshot = await storage.rounds.snapshot(tx, round_id)
    return fair_share(snapshot, await storage.fair_share.given(tx, round_id))
