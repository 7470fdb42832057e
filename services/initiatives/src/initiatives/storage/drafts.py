"""Where drafts stand."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from pydantic_core import to_json

from dorpsplein.database import Transaction
from initiatives.domain.drafts import Draft

ONE_WRITER = "select pg_advisory_xact_lock(hashtextextended('drafts' || $1::uuid::text, 0))"
COUNT = "select count(*) from drafts where owner_id = $1 and encounter_id is null"
LOCK = "select id, owner_id, version, content, encounter_id from drafts where id = $1 for update"
GET = "select id, owner_id, version, content, encounter_id from drafts where id = $1"
SAVE = """
    insert into drafts (id, owner_id, version, content, changed_at) values ($1, $2, $3, $4, $5)
    on conflict (id) do update set
        version = excluded.version, content = excluded.content, changed_at = excluded.changed_at
"""
DROP = "delete from drafts where id = $1"
LIST = """
    select id, changed_at as at, json_build_object(
        'id', id, 'version', version, 'content', content, 'changedAt', changed_at, 'encounterId', encounter_id
    )::text as document
    from drafts where owner_id = $1 and ($2::timestamptz is null or (changed_at, id) < ($2, $3::uuid))
    order by changed_at desc, id desc limit $4
"""


async def count(tx: Transaction, owner_id: UUID) -> int:
    """How many somebody began themselves; until the transaction ends they begin no other."""
    await tx.execute(ONE_WRITER, owner_id)
    number: int = await tx.fetchval(COUNT, owner_id)
    return number


async def lock(tx: Transaction, draft_id: UUID) -> Draft | None:
    """A draft that nobody else changes until the transaction ends."""
    return _draft(await tx.fetchrow(LOCK, draft_id))


async def get(tx: Transaction, draft_id: UUID) -> Draft | None:
    """A draft as it is."""
    return _draft(await tx.fetchrow(GET, draft_id))


async def save(tx: Transaction, draft: Draft, *, now: datetime) -> None:
    """Keep a draft."""
    await tx.execute(SAVE, draft.id, draft.owner_id, draft.version, to_json(draft.content).decode(), now)


async def drop(tx: Transaction, draft_id: UUID) -> None:
    """Throw a draft away."""
    await tx.execute(DROP, draft_id)


async def of(
    tx: Transaction, owner_id: UUID, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[asyncpg.Record]:
    """Somebody's drafts, the latest first: `document` (JSON text) with `at` and `id` for the cursor."""
    at, draft_id = after or (None, None)
    return await tx.fetch(LIST, owner_id, at, draft_id, limit)


def _draft(row: Any) -> Draft | None:
    return row and Draft(row["id"], row["owner_id"], row["version"], json.loads(row["content"]), row["encounter_id"])
