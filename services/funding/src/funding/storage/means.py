"""What is read of initiatives: their means, and their support."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from funding.domain.means import Board

MEANS = """
    select i.initiative_id, i.status, i.theme, i.neighbourhood, i.needed_cents, m.*,
        coalesce(s.supports, 0) as supports,
        coalesce((
            select jsonb_object_agg(resource, jsonb_build_array(quantity, pledges))
            from promised p where p.initiative_id = $1
        ), '{}') as promised,
        coalesce((
            select jsonb_agg(jsonb_build_array(resource, minimum, wished) order by resource)
            from needs n where n.initiative_id = $1
        ), '[]') as needs,
        coalesce((
            select jsonb_object_agg(resource, credits_posted) from balances b
            where b.account = 'delivered:' || $1::uuid and credits_posted > 0
        ), '{}') as delivered
    from initiatives i
        left join means m using (initiative_id)
        left join support_counts s using (initiative_id)
    where i.initiative_id = $1
"""
SET_BOARD = """
    with set as (
        update means set all_or_nothing = $2, deadline = $3, top_up_days = $4 where initiative_id = $1
    ), gone as (
        delete from needs where initiative_id = $1 and resource <> all($5::text[])
    )
    insert into needs (initiative_id, resource, minimum, wished)
    select $1, * from unnest($5::text[], $6::bigint[], $7::bigint[])
    on conflict (initiative_id, resource) do update set minimum = excluded.minimum, wished = excluded.wished
"""
INITIATORS = "select unnest(initiators) as id from initiatives where initiative_id = $1"
SUPPORTS = """
    select id, coalesce(s.supports, 0) as supports
    from unnest($1::uuid[]) with ordinality as asked(id, place) left join support_counts s on s.initiative_id = asked.id
    order by place
"""


async def means(tx: Transaction, initiative: UUID) -> asyncpg.Record | None:
    """What an initiative needs, has and misses, its board and what was delivered, with its number of supports."""
    return await tx.fetchrow(MEANS, initiative)


async def supports(tx: Transaction, initiatives: Sequence[UUID]) -> list[asyncpg.Record]:
    """How many support each of these initiatives, in the order asked; 0 for one that is not known."""
    return await tx.fetch(SUPPORTS, initiatives)


async def set_board(tx: Transaction, initiative: UUID, board: Board) -> None:
    """Keep the needs board of an initiative whose means are locked."""
    await tx.execute(
        SET_BOARD,
        initiative,
        board.all_or_nothing,
        board.deadline,
        board.top_up_days,
        [need.resource for need in board.needs],
        [need.minimum for need in board.needs],
        [need.wished for need in board.needs],
    )


async def initiators(tx: Transaction, initiative: UUID) -> set[UUID]:
    """Who carry an initiative, as far as that is known here."""
    return {row["id"] for row in await tx.fetch(INITIATORS, initiative)}
