"""What readers see of initiatives, made to JSON where the data is and answered as it comes.

That costs a third of making it from rows; a whole page is one statement.
"""

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

MOST_LINES = 50
MOST_CONTRIBUTIONS = 20

SHOWN = """
    i.id, i.version, i.status, i.title, i.summary, i.theme, i.neighbourhood,
    case when i.latitude is not null
        then json_build_object('latitude', i.latitude, 'longitude', i.longitude) end as place,
    i.means_needed_cents as "meansNeededCents",
    json_build_object('id', i.initiator_id, 'name', p.name) as initiator,
    i.threshold, i.threshold_reached as "thresholdReached", coalesce(c.supports, 0) as supports,
    json_build_object(
        'neededCents', coalesce(m.board_cents, i.means_needed_cents),
        'pledgedCents', coalesce(m.pledged_cents, 0),
        'matchedCents', coalesce(m.matched_cents, 0),
        'missingCents', greatest(
            0, coalesce(m.board_cents, i.means_needed_cents) - coalesce(m.pledged_cents + m.matched_cents, 0)
        ),
        'goalReached', coalesce(m.goal_reached, false),
        'goalMissed', coalesce(m.goal_missed, false),
        'taken', coalesce(m.taken, false),
        'topUpUntil', m.top_up_until,
        'promised', coalesce((
            select json_agg(
                json_build_object('resource', r.resource, 'quantity', r.quantity, 'delivered', r.delivered)
                order by r.resource
            )
            from promised r where r.initiative_id = i.id and (r.quantity > 0 or r.delivered > 0)
        ), '[]')
    ) as means,
    i.withdrawal_reason as "withdrawalReason", i.proposed_at as "proposedAt", i.changed_at as "changedAt"
"""
WITH_PROJECTIONS = """
    left join support_counts c on c.initiative_id = i.id
    left join means m on m.initiative_id = i.id
    left join profiles p on p.person_id = i.initiator_id
"""
CONTRIBUTION = """
    k.id, k.words, k.origin, k.offered_at as at,
    case when k.contributor_id is not null
        then json_build_object('id', k.contributor_id, 'name', p.name) end as contributor
"""
ONE = f"""
    select row_to_json(shown)::text
    from initiatives i {WITH_PROJECTIONS} cross join lateral (select {SHOWN}) as shown where i.id = $1
"""  # noqa: S608
PAGE = f"""
    select shown.version, row_to_json(shown)::text as document from (
        select {SHOWN}, (
            select coalesce(json_agg(contribution), '[]') from (
                select {CONTRIBUTION} from contributions k left join profiles p on p.person_id = k.contributor_id
                where k.initiative_id = $1 and k.words is not null
                order by k.offered_at desc, k.id desc limit {MOST_CONTRIBUTIONS}
            ) as contribution
        ) as contributions, (
            select coalesce(json_agg(line), '[]') from (
                select id, type, at, count, detail from timeline
                where initiative_id = $1 order by at desc, id desc limit {MOST_LINES}
            ) as line
        ) as latest
        from initiatives i {WITH_PROJECTIONS} where i.id = $1
    ) as shown
"""  # noqa: S608
CONTRIBUTIONS = f"""
    select at, id, row_to_json(contribution)::text as document from (
        select {CONTRIBUTION} from contributions k left join profiles p on p.person_id = k.contributor_id
        where k.initiative_id = $1 and k.words is not null
            and ($2::timestamptz is null or (k.offered_at, k.id) < ($2, $3::uuid))
        order by k.offered_at desc, k.id desc limit $4
    ) as contribution
"""  # noqa: S608
WITHIN = """
    earth_box(ll_to_earth({0}, {1}), {2}) @> ll_to_earth(i.latitude, i.longitude)
    and earth_distance(ll_to_earth({0}, {1}), ll_to_earth(i.latitude, i.longitude)) <= {2}
"""
EXISTS = "select exists (select from initiatives where id = $1)"


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for; `near` comes with a radius in metres. Withdrawn initiatives are found by that status only."""

    words: str | None = None
    status: Status | None = None
    theme: str | None = None
    neighbourhood: str | None = None
    near: Spot | None = None
    radius_m: float | None = None

    @property
    def order(self) -> str:
        """What comes first: the best match of the words, or the newest."""
        if self.words is None:
            return "i.proposed_at"
        return "ts_rank_cd(i.words, websearch_to_tsquery('dutch', $1))::float8"


def statement(search: Search, after: tuple[datetime | float, UUID] | None, limit: int) -> tuple[str, list[Any]]:
    """The statement that finds a page of initiatives, with its arguments.

    The limit stands in the text: as an argument it would make PostgreSQL plan the statement every time.
    """
    conditions, arguments = _conditions(search, after)
    return (
        f"""
        select i.position, i.id, row_to_json(shown)::text as document
        from (
            select i.*, {search.order} as position from initiatives i
            where {" and ".join(conditions)} order by position desc, i.id desc limit {limit:d}
        ) as i {WITH_PROJECTIONS} cross join lateral (select {SHOWN}) as shown
        order by i.position desc, i.id desc
        """,  # noqa: S608
        arguments,
    )


def _conditions(search: Search, after: tuple[datetime | float, UUID] | None) -> tuple[list[str], list[Any]]:
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
    if search.neighbourhood is not None:
        where("i.neighbourhood = {}", search.neighbourhood)
    if search.near is not None:
        where(WITHIN, search.near.latitude, search.near.longitude, search.radius_m)
    if after is not None:
        where(f"({search.order}, i.id) < ({{}}, {{}})", *after)
    return conditions, arguments


async def shown(tx: Transaction, initiative_id: UUID) -> dict[str, Any]:
    """An initiative as lists show it and as commands answer with it."""
    answer: dict[str, Any] = json.loads(await tx.fetchval(ONE, initiative_id))
    return answer


async def page(connection: "Connection", initiative_id: UUID) -> asyncpg.Record | None:
    """An initiative's whole page: `version` and `document` (JSON text); None when there is none."""
    return await connection.fetchrow(PAGE, initiative_id)


async def found(
    connection: "Connection", search: Search, after: tuple[datetime | float, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """A page of initiatives: `document` (JSON text) with `position` and `id` for the cursor."""
    text, arguments = statement(search, after, limit)
    return await connection.fetch(text, *arguments)


async def contributions(
    connection: "Connection", initiative_id: UUID, after: tuple[datetime, UUID] | None, limit: int
) -> list[asyncpg.Record] | None:
    """What was brought in for an initiative, newest first: `document` (JSON text) with `at` and `id` for the cursor.

    None when there is no such initiative.
    """
    offered_at, contribution_id = after or (None, None)
    rows = await connection.fetch(CONTRIBUTIONS, initiative_id, offered_at, contribution_id, limit)
    if not rows and not await connection.fetchval(EXISTS, initiative_id):
        return None
    return rows
