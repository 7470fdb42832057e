"""What concerns one person, in one list: what came of what they brought in, and what they alone were told."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg

from notifications.storage.notices import ABOUT, KEPT_DAYS, NAMES, NOTICE

if TYPE_CHECKING:
    from dorpsplein.database import Connection

IDS = [name for name in ABOUT if name != "initiative_id"]
OWN = f"""
    with hops as (
        select p.at, p.link_id as id, p.contribution_id from personal_lines p
        where p.person_id = $1 and ($2::timestamptz is null or (p.at, p.link_id) < ($2, $3::uuid))
        order by p.at desc, p.link_id desc limit $4
    ), told as (
        select * from personal_notices p
        where p.person_id = $1 and ($2::timestamptz is null or (p.at, p.id) < ($2, $3::uuid))
            and p.at >= now() - interval '{KEPT_DAYS} days'
        order by p.at desc, p.id desc limit $4
    ), own as (
        select at, id from hops union all select at, id from told order by at desc, id desc limit $4
    )
    select own.at, own.id, h.contribution_id, l.kind as hop, l.to_kind, l.to_id,
        coalesce(l.initiative_id, n.initiative_id) as initiative_id, s.title, {", ".join(f"n.{name}" for name in IDS)},
        {NOTICE}
    from own left join hops h using (id) left join links l on l.id = h.id left join subjects s on s.id = l.initiative_id
    left join told n on n.id = own.id {NAMES}
    order by own.at desc, own.id desc
"""  # noqa: S608


async def own(
    connection: "Connection", person_id: UUID, after: tuple[datetime, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """What somebody was told, newest first. A row has a `hop`, or `what` a notice was about."""
    return await connection.fetch(OWN, person_id, *(after or (None, None)), limit)
