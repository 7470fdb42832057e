"""Where promises of the municipality stand."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
from pydantic_core import to_json

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from initiatives.domain.promises import CONTEST, Promise, Release, Side, Status

if TYPE_CHECKING:
    from dorpsplein.database import Connection

MOST_ON_PAGE = 20

COLUMNS = """
    id, version, status, response_id, initiative_id, promiser_id, text, due_on, due_at, reminded, said_by, kept_at,
    reason, why
"""
LOCK = f"select {COLUMNS} from promises where id = any($1::uuid[]) order by id for update"  # noqa: S608
SAVE = f"""
    with saved as (
        insert into promises ({COLUMNS}, made_at, changed_at)
        select {COLUMNS}, $7, $7 from json_populate_recordset(null::promises, $6::json) order by id
        on conflict (id) do update set
            version = excluded.version, status = excluded.status, reminded = excluded.reminded,
            said_by = excluded.said_by, kept_at = excluded.kept_at, reason = excluded.reason, why = excluded.why,
            changed_at = excluded.changed_at
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""  # noqa: S608
SHOWN = f"""
    q.id, q.version, q.status, q.response_id as "responseId", q.initiative_id as "initiativeId",
    json_build_object('id', q.promiser_id, 'name', p.name) as promiser, q.text, q.due_on as "dueOn",
    q.due_at as "dueAt", q.said_by as "saidBy", q.kept_at as "keptAt",
    case when q.said_by = 'municipality' then q.kept_at + interval '{CONTEST.days} days' end as "contestableUntil",
    q.reason, q.why, q.made_at as "madeAt"
"""
FROM = "promises q left join profiles p on p.person_id = q.promiser_id"
ONE = f"""
    select row_to_json(shown)::text from {FROM} cross join lateral (select {SHOWN}) as shown where q.id = $1
"""  # noqa: S608
LIST = f"""
    select "dueAt" as at, id, row_to_json(shown)::text as document from (
        select {SHOWN} from {FROM}
        where ($1::text is null or q.status = $1) and ($2::uuid is null or q.initiative_id = $2)
            and ($3::timestamptz is null or (q.due_at, q.id) > ($3, $4::uuid))
            and not exists (
                select from hidden h where h.subject_kind = 'initiative' and h.subject_id = q.initiative_id
            )
        order by q.due_at, q.id limit $5
    ) as shown
"""  # noqa: S608
ON_PAGE = f"""(
    select coalesce(json_agg(promise), '[]') from (
        select {SHOWN} from {FROM} where q.initiative_id = i.id
        order by q.made_at desc, q.id desc limit {MOST_ON_PAGE}
    ) as promise
)"""  # noqa: S608
"""The newest promises to the initiative `i`, as JSON."""


async def lock(tx: Transaction, promise_ids: Sequence[UUID]) -> dict[UUID, Promise]:
    """Promises that nobody else changes until the transaction ends, locked in the order of their ids."""
    return {row["id"]: _promise(row) for row in await tx.fetch(LOCK, promise_ids)}


async def save(tx: Transaction, promises: Sequence[Promise], facts: Sequence[Fact], now: datetime) -> None:
    """Store promises, new or locked, with their facts."""
    await tx.execute(SAVE, *tx.outbox(facts), to_json([asdict(one) for one in promises]).decode(), now)


async def shown(tx: "Transaction | Connection", promise_id: UUID) -> dict[str, Any] | None:
    """A promise as readers see it; None when there is none."""
    text = await tx.fetchval(ONE, promise_id)
    answer: dict[str, Any] | None = None if text is None else json.loads(text)
    return answer


async def by_due(
    connection: "Connection",
    status: Status | None,
    initiative_id: UUID | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Promises, what is due first: `document` (JSON text) with `at` and `id` for the cursor."""
    return await connection.fetch(LIST, status, initiative_id, *(after or (None, None)), limit)


def _promise(row: asyncpg.Record) -> Promise:
    return Promise(
        **{
            **row,
            "status": Status(row["status"]),
            "said_by": Side(row["said_by"]) if row["said_by"] else None,
            "reason": Release(row["reason"]) if row["reason"] else None,
        }
    )
