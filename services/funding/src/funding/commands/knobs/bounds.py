"""Set the bounds of a fund's knobs, once."""

from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Conflict
from funding import storage
from funding.commands import council
from funding.commands.knobs.settling import bounds_set, settle
from funding.domain.knobs.decisions import refuse_bounds
from funding.domain.knobs.values import Bounds


async def set_bounds(tx: Transaction, fund_id: UUID, bounds: Bounds, by: UUID, now: datetime) -> Bounds:
    """Set the bounds of a fund's knobs; the same bounds again change nothing.

    Raises Forbidden("not-in-the-core"), NotFound, Conflict("bounds-set") for others, and Refused for bounds that are
    too wide or shut out a value in effect.
    """
    await council.refuse_outsiders(tx, by, now)
    current = await settle(tx, fund_id, now)
    known, version = await storage.knobs.sets.bounds(tx, fund_id)
    if version:
        if dict(known) != dict(bounds):
            raise Conflict("bounds-set", "The council set these bounds; now only a change of the constitution does.")
        return known
    refuse_bounds(bounds, current.values)
    await storage.knobs.sets.set_bounds(tx, fund_id, bounds, 1, by, now, [Fact(bounds_set(fund_id, bounds), 1)])
    return bounds
