"""Tell what a running round would give now, and gives at least; what was told once is never undercut."""

import asyncio
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.errors import Refused
from dorpsplein.web import found
from funding import storage
from funding.domain.estimates import Estimate, estimated
from funding.domain.rounds import Round


async def estimate(tx: Transaction, round_id: UUID, now: datetime) -> tuple[Round, Estimate | None, dict[str, int]]:
    """A round, its estimate and its floors. While it is open an estimate that is not fresh is made again.

    Of several that ask at once one makes it and the others get that. None: it closed before anyone asked.
    Raises NotFound, or Refused("rule-not-for-rounds") where each pledge is answered at once.
    """
    round_: Round = found(await storage.rounds.round_(tx, round_id), "round", round_id)
    terms = round_.terms
    if terms.rule.family != "batch":
        raise Refused("rule-not-for-rounds", f"Rule {terms.rule.name} answers each pledge at once: see the pledges.")
    if round_.is_open(now):
        last = await storage.estimates.lock(tx, round_id)
        if last is None or not last.is_fresh(now):
            snapshot = await storage.estimates.snapshot(tx, round_id)
            made, floors = await asyncio.to_thread(estimated, terms.rule, snapshot, terms.floor_percent, now)
            await storage.estimates.keep(tx, round_id, made, floors)
    last = await storage.estimates.estimate(tx, round_id)
    return round_, last, await storage.estimates.floors(tx, round_id)
