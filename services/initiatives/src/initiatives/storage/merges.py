"""Where merges stand."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Conflict
from initiatives.domain.merges import Merge, MergeStatus, Side

if TYPE_CHECKING:
    from dorpsplein.database import Connection

LOCK = "select * from merges where id = any($1::uuid[]) order by id for update"
LOCK_TOGETHER = "select * from merges where id = $1 for share"
SAVE = """
    with saved as (
        insert into merges as m (
            id, version, joining_id, into_id, status, window_ends_at, undo_asked_by, moved, stayed,
            proposed_at, changed_at
        ) values ($6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15)
        on conflict (id) do update set
            version = excluded.version, status = excluded.status, window_ends_at = excluded.window_ends_at,
            undo_asked_by = excluded.undo_asked_by, moved = excluded.moved, stayed = excluded.stayed,
            changed_at = excluded.changed_at
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""
SHOWN = """
    m.id, m.version, m.joining_id as "joiningId", m.into_id as "intoId", m.status, m.window_ends_at as "windowEndsAt",
    m.undo_asked_by as "undoAskedBy", m.moved, m.stayed, m.proposed_at as "proposedAt", m.changed_at as "changedAt"
"""
ONE = f"select row_to_json(shown)::text from (select {SHOWN} from merges m where m.id = $1) as shown"  # noqa: S608
OF_INITIATIVE = f"""
    select m.proposed_at as at, m.id, (select row_to_json(shown)::text from (select {SHOWN}) as shown) as document
    from (
        (select * from merges where joining_id = $1 and ($2::timestamptz is null or (proposed_at, id) < ($2, $3::uuid))
            order by proposed_at desc, id desc limit $4)
        union all
        (select * from merges where into_id = $1 and ($2::timestamptz is null or (proposed_at, id) < ($2, $3::uuid))
            order by proposed_at desc, id desc limit $4)
    ) as m
    order by m.proposed_at desc, m.id desc limit $4
"""  # noqa: S608
ON_PAGE = f"""(
    select coalesce(json_agg(merge), '[]') from (
        select {SHOWN} from (
            (select * from merges where joining_id = i.id order by proposed_at desc, id desc limit 5)
            union all
            (select * from merges where into_id = i.id order by proposed_at desc, id desc limit 5)
        ) as m order by m.proposed_at desc, m.id desc limit 5
    ) as merge
)"""  # noqa: S608
"""The newest merges of the initiative `i`, as JSON, for its page."""


async def lock(tx: Transaction, merge_ids: Sequence[UUID]) -> list[Merge]:
    """Merges that nobody else changes until the transaction ends, locked in the order of their ids."""
    return [_merge(row) for row in await tx.fetch(LOCK, merge_ids)]


async def lock_together(tx: Transaction, merge_id: UUID) -> Merge | None:
    """A merge that nobody changes until the transaction ends; many may hold it so at a time."""
    row = await tx.fetchrow(LOCK_TOGETHER, merge_id)
    return None if row is None else _merge(row)


async def save(tx: Transaction, merge: Merge, facts: Sequence[Fact], *, now: datetime) -> None:
    """Store a merge with the facts that changed it.

    Raises Conflict("merge-open") where the joining initiative has another one that is proposed or agreed to.
    """
    try:
        await tx.execute(
            SAVE,
            *tx.outbox(facts),
            merge.id,
            merge.version,
            merge.joining_id,
            merge.into_id,
            merge.status,
            merge.window_ends_at,
            merge.undo_asked_by,
            merge.moved,
            merge.stayed,
            now,
        )
    except asyncpg.UniqueViolationError as fault:
        raise Conflict(
            "merge-open", "This initiative has asked to join another already; withdraw that first."
        ) from fault


async def shown(tx: "Transaction | Connection", merge_id: UUID) -> dict[str, Any] | None:
    """A merge as it is read, or None."""
    document = await tx.fetchval(ONE, merge_id)
    return None if document is None else json.loads(document)


async def of_initiative(
    connection: "Connection", initiative_id: UUID, after: tuple[datetime, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """The merges of an initiative, joining or joined, newest first: `document` with `at` and `id` for the cursor."""
    proposed_at, merge_id = after or (None, None)
    return await connection.fetch(OF_INITIATIVE, initiative_id, proposed_at, merge_id, limit)


def _merge(row: asyncpg.Record) -> Merge:
    return Merge(
        id=row["id"],
        joining_id=row["joining_id"],
        into_id=row["into_id"],
        status=MergeStatus(row["status"]),
        version=row["version"],
        window_ends_at=row["window_ends_at"],
        undo_asked_by=row["undo_asked_by"] and Side(row["undo_asked_by"]),
        moved=row["moved"],
        stayed=row["stayed"],
    )
