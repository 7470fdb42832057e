"""Simulate a change on the past, off the event loop, and attach the report to it."""

import asyncio
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Database
from dorpsplein.errors import Refused
from funding import storage
from funding.commands.knobs.changes import refuse_outsiders
from funding.commands.knobs.settling import keep, settled
from funding.domain.knobs import decisions
from funding.domain.knobs.changes import KnobChange
from funding.domain.knobs.simulation import Report, simulate


async def simulate_change(database: Database, change_id: UUID, by: UUID, now: datetime) -> KnobChange:
    """Run the last rounds of the fund and the elections loaded under both values, and keep the report.

    Reads in one transaction and keeps in another, so that no lock is held while it counts. Raises NotFound,
    Forbidden("not-in-the-electorate"), Refused("already-opened"), ("simulation-stale") where the knobs were turned
    meanwhile, and what no longer fits.
    """
    async with database.transaction() as tx:
        await refuse_outsiders(tx, by)
        change, current = await settled(tx, change_id, now)
        bounds, _ = await storage.knobs.sets.bounds(tx, change.fund)
        decisions.refuse_opened(change)
        after = decisions.fit(change.values, change.bounds, current, bounds)
        past = await storage.knobs.simulations.past(tx, change.fund)
    report: Report = await asyncio.to_thread(simulate, current.values, after, current.number, past)
    rounds = sum(1 for one in past if one.kind == "round")
    async with database.transaction() as tx:
        change, standing = await settled(tx, change_id, now)
        if standing.number != current.number:
            raise Refused("simulation-stale", "The knobs were turned while this was simulated; simulate again.")
        told = decisions.simulate(change, current.number, report.digest, rounds, len(past) - rounds)
        await storage.knobs.simulations.keep(tx, change_id, report, now)
        return await keep(tx, change, told)
