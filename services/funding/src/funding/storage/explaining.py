"""What is read to explain a pledge."""

from uuid import UUID

from dorpsplein.database import Transaction
from funding.domain.explaining import Movement

MOVED = """
    select t.kind, t.credit, t.amount, t.at, r.outcome, r.at as resolved_at
    from transfers t left join resolutions r on r.transfer_id = t.id
    where t.group_id = $1 order by t.at, t.kind, t.id
"""
LINES = "select id::text, cofinancier from pot_lines where round_id = $1"


async def moved(tx: Transaction, pledge: UUID) -> list[Movement]:
    """What the ledger says of a pledge, oldest first."""
    return [Movement(*row) for row in await tx.fetch(MOVED, pledge)]


async def cofinanciers(tx: Transaction, round_id: UUID | None) -> dict[str, str]:
    """Which co-financier each pot line of a round is of."""
    return {row["id"]: row["cofinancier"] for row in await tx.fetch(LINES, round_id)} if round_id else {}
