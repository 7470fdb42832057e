"""What is read of initiatives: their means, and their support."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction

MEANS = """
    select i.initiative_id, i.status, i.needed_cents,
        coalesce(m.pledged_cents, 0) as pledged_cents, coalesce(m.matched_cents, 0) as matched_cents,
        greatest(0, i.needed_cents - coalesce(m.pledged_cents + m.matched_cents, 0)) as missing_cents,
        coalesce(m.pledges, 0) as pledges, coalesce(s.supports, 0) as supports, m.reached_at
    from initiatives i
        left join means m using (initiative_id)
        left join support_counts s using (initiative_id)
    where i.initiative_id = $1
"""
SUPPORTS = """
    select id, coalesce(s.supports, 0) as supports
    from unnest($1::uuid[]) with ordinality as asked(id, place) left join support_counts s on s.initiative_id = asked.id
    order by place
"""


async def means(tx: Transaction, initiative: UUID) -> asyncpg.Record | None:
    """What an initiative needs, has and misses, in cents, with its number of pledges and supports."""
    return await tx.fetchrow(MEANS, initiative)


async def supports(tx: Transaction, initiatives: Sequence[UUID]) -> list[asyncpg.Record]:
    """How many support each of these initiatives, in the order asked; 0 for one that is not known."""
    return await tx.fetch(SUPPORTS, initiatives)
