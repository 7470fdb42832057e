"""Where links stand."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from initiatives.domain.lineage import Link, LinkKind, ThingKind

LINK = """
    insert into links (id, version, from_kind, from_id, to_kind, to_id, kind, initiative_id, at)
    select id, 1, from_kind, from_id, to_kind, to_id, kind, initiative_id, $8
    from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::uuid[])
        as l(id, from_kind, from_id, to_kind, to_id, kind, initiative_id)
    order by id
    on conflict (id) do update set version = links.version + 1, at = excluded.at, ended_at = null
    where links.ended_at is not null
    returning id, version
"""
UNLINK = """
    with standing as (
        select id from links where {which} and ended_at is null order by id for update
    )
    update links l set version = l.version + 1, ended_at = $1 from standing where l.id = standing.id
    returning l.id, l.version
"""
UNLINK_THESE = UNLINK.format(which="id = any($2::uuid[])")
UNLINK_FROM = UNLINK.format(which="from_kind = $2 and from_id = $3 and ($4::text is null or kind = $4)")


async def link(tx: Transaction, links: Sequence[Link], now: datetime) -> dict[UUID, int]:
    """Store links, each once; returns the versions of those that were not standing before."""
    rows = await tx.fetch(
        LINK,
        [link.id for link in links],
        [link.from_kind for link in links],
        [link.from_id for link in links],
        [link.to_kind for link in links],
        [link.to_id for link in links],
        [link.kind for link in links],
        [link.initiative_id for link in links],
        now,
    )
    return {row["id"]: row["version"] for row in rows}


async def unlink(tx: Transaction, link_ids: Sequence[UUID], now: datetime) -> dict[UUID, int]:
    """End links; returns the versions of those that were standing before."""
    return {row["id"]: row["version"] for row in await tx.fetch(UNLINK_THESE, now, link_ids)}


async def unlink_from(
    tx: Transaction, from_kind: ThingKind, from_id: UUID, only: LinkKind | None, now: datetime
) -> dict[UUID, int]:
    """End the links from a thing, or those of one kind; returns the versions of those that were standing before."""
    rows = await tx.fetch(UNLINK_FROM, now, from_kind, from_id, only)
    return {row["id"]: row["version"] for row in rows}
