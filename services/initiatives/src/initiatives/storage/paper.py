"""Where batches of paper stand, and which supports their lines are."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from initiatives.domain.paper import Batch, BatchStatus

TAKE = """
    insert into paper_batches (id, version, initiative_id, officer_id, status, supports, counted_at, changed_at)
    values ($1, 1, $2, $3, 'counted', 0, $4, $4) on conflict (id) do nothing returning true
"""
LOCK = "select * from paper_batches where id = $1 for update"
LINES = "select support_id, stored_id from paper_lines where batch_id = $1"
SAVE = """
    with saved as (
        update paper_batches set version = $7, status = $8, supports = $9, changed_at = $10 where id = $6
    ), gone as (
        delete from paper_lines where batch_id = $6 and support_id = any($11::uuid[])
    ), come as (
        insert into paper_lines (batch_id, support_id, stored_id)
        select $6, * from unnest($12::uuid[], $13::uuid[])
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""


async def take(tx: Transaction, batch_id: UUID, initiative_id: UUID, officer: UUID, *, now: datetime) -> bool:
    """Take the id of a new batch; False where there is one already. Who takes it at the same moment waits."""
    return bool(await tx.fetchval(TAKE, batch_id, initiative_id, officer, now))


async def lock(tx: Transaction, batch_id: UUID) -> Batch | None:
    """A batch that nobody else changes until the transaction ends; None when there is none."""
    row = await tx.fetchrow(LOCK, batch_id)
    return None if row is None else _batch(row)


async def lines(tx: Transaction, batch_id: UUID) -> dict[UUID, UUID]:
    """The supports that the lines of a batch are: by the id each would have now, the one it is stored under."""
    return {row["support_id"]: row["stored_id"] for row in await tx.fetch(LINES, batch_id)}


async def save(
    tx: Transaction,
    batch: Batch,
    facts: Sequence[Fact],
    gone: Iterable[UUID],
    come: Mapping[UUID, UUID],
    *,
    now: datetime,
) -> None:
    """Store a batch with the fact that changed it, without the lines that are gone and with those that have come."""
    await tx.execute(
        SAVE,
        *tx.outbox(facts),
        batch.id,
        batch.version,
        batch.status,
        batch.supports,
        now,
        list(gone),
        list(come),
        list(come.values()),
    )


def _batch(row: asyncpg.Record) -> Batch:
    return Batch(
        id=row["id"],
        initiative_id=row["initiative_id"],
        officer_id=row["officer_id"],
        supports=row["supports"],
        counted_at=row["counted_at"],
        status=BatchStatus(row["status"]),
        version=row["version"],
    )
