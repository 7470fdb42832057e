"""What came of contributions: walked along the links in the database, as far as they go.

A walk remembers where it was, and until when the link that led there stood, so it ends in every graph. From a link that
was undone it goes on to what was linked by then. Results of an initiative count from when the contribution was offered.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from initiatives.domain.lineage import ONLY_AFTER, ThingKind
from initiatives.storage.contributions import MINE

if TYPE_CHECKING:
    from dorpsplein.database import Connection

MOST_HOPS = 20_000
MOST_HOPS_EACH = 50

ONWARD = f"""
    n.from_id = w.id and n.from_kind = w.kind and (w.until is null or n.at <= w.until)
    and (n.at >= o.offered_at or n.kind not in ({", ".join(f"'{kind}'" for kind in ONLY_AFTER)}))
"""
WALK = f"""
    with recursive walk as (
        select 'contribution' as kind, o.id, null::timestamptz as until
        union
        select n.to_kind, n.to_id, n.ended_at from walk w join links n on {ONWARD}
    ), hops as (
        select * from links l where l.to_id = o.id and l.to_kind = 'contribution' and l.kind = 'from'
        union
        select n.* from (select * from walk limit {MOST_HOPS + 1}) as w join links n on {ONWARD}
    )
    select hops.*, count(*) over () as many from hops
"""  # noqa: S608
CAME_OF = """
    left join lateral (
        select max(many) as many, json_agg(json_build_object(
            'id', id, 'kind', kind, 'at', at, 'endedAt', ended_at,
            'from', json_build_object('kind', from_kind, 'id', from_id),
            'to', json_build_object('kind', to_kind, 'id', to_id)
        ) order by at {order}, id {order})::text as hops
        from ({walk} order by at {order}, id {order} limit {limit}) as hop
    ) as came on true
"""
OF_ONE = f"""
    select o.id, o.offered_at, coalesce(came.hops, '[]') as hops, came.many from offered o
    {CAME_OF.format(walk=WALK, order="asc", limit=MOST_HOPS)} where o.id = $1
"""  # noqa: S608
OF_PERSON = f"""
    select o.id, o.offered_at, coalesce(came.hops, '[]') as hops, came.many from (
        select o.id, o.offered_at from ({MINE}) as mine join offered o on o.id = mine.id
        where o.status <> 'withdrawn' and ($2::timestamptz is null or (o.offered_at, o.id) < ($2, $3::uuid))
        order by o.offered_at desc, o.id desc limit $4
    ) as o {CAME_OF.format(walk=WALK, order="desc", limit=MOST_HOPS_EACH)}
    order by o.offered_at desc, o.id desc
"""  # noqa: S608

HIDDEN = "exists (select from hidden h where h.subject_kind = '{0}' and h.subject_id = t.id)"
THINGS: Mapping[ThingKind, str] = {
    "initiative": "select id, title, case when status = 'withdrawn' then 'withdrawn' end as gone from initiatives",
    "contribution": """
        select o.id, left(k.words, 80) as title, case when o.status = 'withdrawn' then 'withdrawn' end as gone
        from offered o left join contributions_shown k on k.id = o.id
    """,
    "session": "select id, coalesce(title, question) as title, null as gone from sessions",
    "scene": "select id, heading as title, case when removed then 'withdrawn' end as gone from scenes",
    "dream": """
        select d.id, i.title, case when d.published is null then 'withdrawn' end as gone
        from dreams d join initiatives i on i.id = d.initiative_id
    """,
    "story": """
        select id, case when status = 'published' then title end as title,
            case when status <> 'published' then 'withdrawn' end as gone
        from stories
    """,
    "retelling": """
        select id, case when status = 'published' then title end as title,
            case when status <> 'published' then 'withdrawn' end as gone
        from retellings
    """,
    "milestone": "select id, title, case when status = 'dropped' then 'withdrawn' end as gone from milestones",
}
"""Where the titles of things stand, and whether they were taken back. Encounters and pledges have no title."""
TITLES = {
    kind: f"""
        select t.id, case when not is_hidden then t.title end as title,
            case when is_hidden then 'hidden' else t.gone end as gone
        from ({select}) as t cross join lateral (select {HIDDEN.format(kind)} as is_hidden) as h
        where t.id = any($1::uuid[])
    """  # noqa: S608
    for kind, select in THINGS.items()
}


@dataclass(frozen=True, slots=True)
class Lineage:
    """What came of one contribution, and whether there is `more` than these hops."""

    contribution_id: UUID
    offered_at: datetime
    hops: Sequence[Mapping[str, Any]]
    more: bool


async def of_contribution(connection: "Connection", contribution_id: UUID) -> Lineage | None:
    """All that came of a contribution, in the order it came about; None when there is no such contribution."""
    row = await connection.fetchrow(OF_ONE, contribution_id)
    return None if row is None else _lineage(row)


async def of_person(
    connection: "Connection", person_id: UUID, after: tuple[datetime, UUID] | None, limit: int
) -> list[Lineage]:
    """What came of somebody's contributions, the newest first, of each the newest hops first."""
    offered_at, last = after or (None, None)
    return [_lineage(row) for row in await connection.fetch(OF_PERSON, person_id, offered_at, last, limit)]


async def titles(
    connection: "Connection", things: Collection[tuple[ThingKind, UUID]]
) -> dict[tuple[ThingKind, UUID], asyncpg.Record]:
    """What things are called (`title`) and whether they are `gone` (`hidden`, `withdrawn`); words of these are not.

    Things that this service does not keep are left out.
    """
    found = {}
    for kind, statement in TITLES.items():
        ids = [thing_id for one, thing_id in things if one == kind]
        for row in await connection.fetch(statement, ids) if ids else []:
            found[kind, row["id"]] = row
    return found


def _lineage(row: asyncpg.Record) -> Lineage:
    hops = json.loads(row["hops"])
    return Lineage(row["id"], row["offered_at"], hops, more=(row["many"] or 0) > len(hops))
