"""Where responses of the municipality stand, with every version of them."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
from pydantic_core import to_json

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from initiatives.domain.responses import Response, Words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dorpsplein.database import Connection

MOST_ON_PAGE = 10

INITIATORS = "select initiators from initiatives where id = $1"
LOCK = "select * from responses where id = $1 for update"
SAVE = """
    with saved as (
        insert into responses (id, version, initiative_id, responder_id, can_help, cannot, given_at, changed_at)
        values ($6, $7, $8, $9, $10::json, $11::json, $12, $12)
        on conflict (id) do update set
            version = excluded.version, responder_id = excluded.responder_id, can_help = excluded.can_help,
            cannot = excluded.cannot, changed_at = excluded.changed_at
    ), kept as (
        insert into response_versions (response_id, version, responder_id, can_help, cannot, at)
        values ($6, $7, $9, $10::json, $11::json, $12)
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""
PROMISES = """
    select coalesce(json_agg(json_build_object(
        'id', q.id, 'version', q.version, 'status', q.status, 'text', q.text, 'dueOn', q.due_on
    ) order by q.made_at, q.id), '[]') from promises q where q.response_id = r.id
"""
SHOWN = f"""
    r.id, r.version, r.initiative_id as "initiativeId",
    json_build_object('id', r.responder_id, 'name', p.name) as responder, r.can_help as "canHelp",
    (select coalesce(json_agg(json_build_object('what', c.key, 'why', c.value)), '[]') from json_each(r.cannot) c)
        as cannot,
    ({PROMISES}) as promises, r.given_at as "givenAt", r.changed_at as "changedAt"
"""  # noqa: S608
FROM = "responses r left join profiles p on p.person_id = r.responder_id"
ONE = f"""
    select row_to_json(shown)::text from {FROM} cross join lateral (select {SHOWN}) as shown where r.id = $1
"""  # noqa: S608
LIST = f"""
    select "givenAt" as at, id, row_to_json(shown)::text as document from (
        select {SHOWN} from {FROM}
        where r.initiative_id = $1 and ($2::timestamptz is null or (r.given_at, r.id) < ($2, $3::uuid))
        order by r.given_at desc, r.id desc limit $4
    ) as shown
"""  # noqa: S608
ON_PAGE = f"""(
    select coalesce(json_agg(response), '[]') from (
        select {SHOWN} from {FROM} where r.initiative_id = i.id
        order by r.given_at desc, r.id desc limit {MOST_ON_PAGE}
    ) as response
)"""  # noqa: S608
"""The newest responses to the initiative `i`, as JSON."""
VERSIONS = "select version, responder_id, can_help, cannot, at from response_versions where response_id = $1 order by 1"


async def initiators(tx: "Transaction | Connection", initiative_id: UUID) -> list[UUID] | None:
    """Who carries an initiative, read without a lock; None when there is none."""
    people: list[UUID] | None = await tx.fetchval(INITIATORS, initiative_id)
    return people


async def lock(tx: Transaction, response_id: UUID) -> Response | None:
    """A response that nobody else changes until the transaction ends; None when there is none."""
    row = await tx.fetchrow(LOCK, response_id)
    if row is None:
        return None
    return Response(row["id"], row["version"], row["initiative_id"], row["responder_id"], words_of(row))


async def save(tx: Transaction, response: Response, facts: "Sequence[Fact]", now: datetime) -> None:
    """Store a response, new or locked, and its version, with its facts."""
    await tx.execute(
        SAVE,
        *tx.outbox(facts),
        response.id,
        response.version,
        response.initiative_id,
        response.responder_id,
        to_json(response.words.can_help).decode(),
        to_json(dict(response.words.cannot)).decode(),
        now,
    )


async def shown(tx: "Transaction | Connection", response_id: UUID) -> dict[str, Any] | None:
    """A response with its promises, as readers see it; None when there is none."""
    text = await tx.fetchval(ONE, response_id)
    answer: dict[str, Any] | None = None if text is None else json.loads(text)
    return answer


async def newest(
    connection: "Connection", initiative_id: UUID, after: tuple[datetime, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """Responses to an initiative, newest first: `document` (JSON text) with `at` and `id` for the cursor."""
    return await connection.fetch(LIST, initiative_id, *(after or (None, None)), limit)


async def versions(connection: "Connection", response_id: UUID) -> list[asyncpg.Record]:
    """Every version of a response, the oldest first; `words_of` reads what it says."""
    return await connection.fetch(VERSIONS, response_id)


def words_of(row: asyncpg.Record) -> Words:
    """What a stored response or version says."""
    return Words(tuple(json.loads(row["can_help"])), json.loads(row["cannot"]))
