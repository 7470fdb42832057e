"""Promises of the council in the database."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from uuid import UUID

import asyncpg
from pydantic_core import to_json

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from presence.domain.promises import LetGoReason, Promise, Status

MOST_ON_PAGE = 10
"""How many promises of one visit stand on the page of the council; the list has them all."""

COLUMNS = ", ".join(field.name for field in fields(Promise))
LOCK = f"select {COLUMNS} from council_promises where id = any($1::uuid[]) order by id for update"  # noqa: S608
SAVE = f"""
    with saved as (
        insert into council_promises ({COLUMNS}, made_at)
        select {COLUMNS}, $7 from json_populate_recordset(null::council_promises, $6::json) order by id
        on conflict (id) do update set
            version = excluded.version, status = excluded.status, reminded = excluded.reminded,
            reason = excluded.reason, why = excluded.why, outcome = excluded.outcome
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""  # noqa: S608 - COLUMNS is a constant
MADE_ON = "select count(*) from council_promises where visit_id = $1"
ONE = "select * from council_promises where id = $1"
BY_DUE = """
    select * from council_promises
    where ($1::text is null or status = $1) and ($2::uuid is null or visit_id = $2)
      and ($3::uuid is null or initiative_id = $3)
      and ($4::uuid is null or (due_at, id) > (select due_at, id from council_promises where id = $4))
    order by due_at, id limit $5
"""
TO_KEEP = """
    select * from council_promises where status in ('due', 'open') order by status, due_at, id limit $1
"""
OF_VISITS = """
    select promise.* from unnest($1::uuid[]) as visit(id) cross join lateral (
        select * from council_promises where visit_id = visit.id order by due_at, id limit $2
    ) as promise
"""
COUNTS = "select status, count(*) from council_promises group by status"


async def lock(tx: Transaction, promise_ids: Collection[UUID]) -> dict[UUID, Promise]:
    """Promises that nobody else changes until the transaction ends, locked in the order of their ids."""
    return {row["id"]: _promise(row) for row in await tx.fetch(LOCK, promise_ids)}


async def save(tx: Transaction, promises: Sequence[Promise], facts: Sequence[Fact], now: datetime) -> None:
    """Store promises, new or locked, with their facts."""
    await tx.execute(SAVE, *tx.outbox(facts), to_json([asdict(one) for one in promises]).decode(), now)


async def made_on(tx: Transaction, visit_id: UUID) -> int:
    """How many promises were made on a visit."""
    count: int = await tx.fetchval(MADE_ON, visit_id)
    return count


async def one(tx: Transaction, promise_id: UUID) -> asyncpg.Record | None:
    """A promise, if it is there."""
    return await tx.fetchrow(ONE, promise_id)


async def by_due(
    tx: Transaction,
    *,
    status: Status | None,
    visit_id: UUID | None,
    initiative_id: UUID | None,
    after: UUID | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Promises, what is due first on top."""
    return await tx.fetch(BY_DUE, status, visit_id, initiative_id, after, limit)


async def to_keep(tx: Transaction, limit: int) -> list[asyncpg.Record]:
    """What is still to be kept: what is due already, then what is open, each in order of its moment."""
    return await tx.fetch(TO_KEEP, limit)


async def of_visits(tx: Transaction, visit_ids: Collection[UUID]) -> list[asyncpg.Record]:
    """The first promises of each of these visits, in order of their moments."""
    return await tx.fetch(OF_VISITS, visit_ids, MOST_ON_PAGE)


async def counts(tx: Transaction) -> dict[str, int]:
    """How many promises there are in each status."""
    return {row["status"]: row["count"] for row in await tx.fetch(COUNTS)}


def _promise(row: asyncpg.Record) -> Promise:
    reason = LetGoReason(row["reason"]) if row["reason"] else None
    return Promise(**{**row, "status": Status(row["status"]), "reason": reason})
