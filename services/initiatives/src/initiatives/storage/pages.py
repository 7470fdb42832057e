"""What readers see, made to JSON where the data is: a page is one statement and is answered as it comes."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from initiatives.domain.initiative import Spot, Status

if TYPE_CHECKING:
    from dorpsplein.database import Connection

MOST_EVENTS = 50
MOST_CONTRIBUTIONS = 20

FIELDS = """
    'id', i.id, 'version', i.version, 'status', i.status,
    'title', i.title, 'summary', i.summary, 'theme', i.theme,
    'place', case when i.latitude is not null
        then json_build_object('latitude', i.latitude, 'longitude', i.longitude) end,
    'meansNeededCents', i.means_needed_cents,
    'initiator', json_build_object('id', i.initiator_id, 'name', p.name),
    'threshold', i.threshold, 'thresholdReached', i.threshold_reached, 'supports', coalesce(c.supports, 0),
    'means', json_build_object(
        'neededCents', i.means_needed_cents,
        'pledgedCents', coalesce(m.pledged_cents, 0),
        'matchedCents', coalesce(m.matched_cents, 0),
        'missingCents', greatest(0, i.means_needed_cents - coalesce(m.pledged_cents + m.matched_cents, 0)),
        'goalReached', coalesce(m.goal_reached, false)
    ),
    'withdrawalReason', i.withdrawal_reason,
    'proposedAt', iso8601(i.proposed_at), 'changedAt', iso8601(i.changed_at)
"""
WITH_PROJECTIONS = """
    left join support_counts c on c.initiative_id = i.id
    left join means m on m.initiative_id = i.id
    left join profiles p on p.person_id = i.initiator_id
"""
CONTRIBUTION = """
    json_build_object(
        'id', k.id, 'words', k.words, 'origin', k.origin, 'at', iso8601(k.offered_at),
        'contributor', case when k.contributor_id is not null
            then json_build_object('id', k.contributor_id, 'name', q.name) end
    )
"""
SHOWN = f"select json_build_object({FIELDS})::text from initiatives i {WITH_PROJECTIONS} where i.id = $1"  # noqa: S608
PAGE = f"""
    select i.version, json_build_object({FIELDS},
        'contributions', (
            select coalesce(json_agg({CONTRIBUTION} order by k.offered_at desc, k.id desc), '[]') from (
                select * from contributions where initiative_id = $1 and words is not null
                order by offered_at desc, id desc limit {MOST_CONTRIBUTIONS}
            ) k left join profiles q on q.person_id = k.contributor_id
        ),
        'latest', (
            select coalesce(json_agg(json_build_object(
                'id', t.id, 'type', t.type, 'at', iso8601(t.at), 'count', t.count, 'detail', t.detail
            ) order by t.at desc, t.id desc), '[]') from (
                select * from timeline where initiative_id = $1 order by at desc, id desc limit {MOST_EVENTS}
            ) t
        )
    )::text as document
    from initiatives i {WITH_PROJECTIONS} where i.id = $1
"""  # noqa: S608
CONTRIBUTIONS = f"""
    select k.offered_at, k.id, {CONTRIBUTION}::text as document
    from contributions k left join profiles q on q.person_id = k.contributor_id
    where k.initiative_id = $1 and k.words is not null
        and ($2::timestamptz is null or (k.offered_at, k.id) < ($2, $3::uuid))
    order by k.offered_at desc, k.id desc limit $4
"""  # noqa: S608
EXISTS = "select exists (select from initiatives where id = $1)"


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for; `near` comes with a radius in metres. Withdrawn initiatives are found by that status only."""

    words: str | None = None
    status: Status | None = None
    theme: str | None = None
    near: Spot | None = None
    radius_m: float | None = None

    @property
    def order(self) -> str:
        """What comes first: the best match of the words, or the newest."""
        if self.words is None:
            return "i.proposed_at"
        return "ts_rank_cd(i.words, websearch_to_tsquery('dutch', $1))::float8"


def statement(search: Search, after: tuple[datetime | float, UUID] | None, limit: int) -> tuple[str, list[Any]]:
    """The statement that finds a page of initiatives, with its arguments."""
    arguments: list[Any] = []
    conditions: list[str] = []

    def where(condition: str, *values: Any) -> None:
        numbers = [f"${len(arguments) + n}" for n in range(1, len(values) + 1)]
        arguments.extend(values)
        conditions.append(condition.format(*numbers))

    if search.words is not None:
        where("i.words @@ websearch_to_tsquery('dutch', {})", search.words)
    if search.status is None:
        where("i.status <> 'withdrawn'")
    else:
        where("i.status = {}", search.status)
    if search.theme is not None:
        where("i.theme = {}", search.theme)
    if search.near is not None:
        where(
            "earth_box(ll_to_earth({0}, {1}), {2}) @> ll_to_earth(i.latitude, i.longitude)"
            " and earth_distance(ll_to_earth({0}, {1}), ll_to_earth(i.latitude, i.longitude)) <= {2}",
            search.near.latitude,
            search.near.longitude,
            search.radius_m,
        )
    if after is not None:
        where(f"({search.order}, i.id) < ({{}}, {{}})", *after)
    arguments.append(limit)
    return (
        f"""
        with found as materialized (
            select i.id, {search.order} as position from initiatives i
            where {" and ".join(conditions)} order by position desc, i.id desc limit ${len(arguments)}
        )
        select found.position, i.id, json_build_object({FIELDS})::text as document
        from found join initiatives i using (id) {WITH_PROJECTIONS}
        order by found.position desc, i.id desc
        """,  # noqa: S608
        arguments,
    )


async def found(
    connection: "Connection", search: Search, after: tuple[datetime | float, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """A page of initiatives: `document` (JSON text) with `position` and `id` for the cursor."""
    text, arguments = statement(search, after, limit)
    return await connection.fetch(text, *arguments)


async def shown(tx: Transaction, initiative_id: UUID) -> dict[str, Any]:
    """An initiative as lists show it and as commands answer with it."""
    answer: dict[str, Any] = json.loads(await tx.fetchval(SHOWN, initiative_id))
    return answer


async def page(connection: "Connection", initiative_id: UUID) -> asyncpg.Record | None:
    """An initiative's whole page: `version` and `document` (JSON text); None when there is none."""
    return await connection.fetchrow(PAGE, initiative_id)


async def contributions(
    connection: "Connection", initiative_id: UUID, after: tuple[datetime, UUID] | None, limit: int
) -> list[asyncpg.Record] | None:
    """What was brought in for an initiative, newest first; None when there is no such initiative."""
    offered_at, contribution_id = after or (None, None)
    rows = await connection.fetch(CONTRIBUTIONS, initiative_id, offered_at, contribution_id, limit)
    if not rows and not await connection.fetchval(EXISTS, initiative_id):
        return None
    return rows
