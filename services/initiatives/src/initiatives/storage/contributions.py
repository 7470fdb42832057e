"""Which contributions were announced."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction

ANNOUNCE = """
    with new as (
        insert into contributions_announced (contribution_id)
        select c.id from contributions c join initiatives i on i.id = c.initiative_id
        where c.id = any($1::uuid[]) and c.words is not null
        on conflict do nothing returning contribution_id
    )
    select c.* from new join contributions c on c.id = new.contribution_id order by c.id
"""


async def announce(tx: Transaction, contribution_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Mark contributions to known initiatives as announced; returns those that were not so before."""
    return await tx.fetch(ANNOUNCE, contribution_ids)
