"""Emergency brakes in the database, and the rounds they pause."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from funding.domain.knobs.brake import Brake, Call
from funding.storage.rounds import LOCK_ROUNDS

BRAKE = "select * from brakes where fund_id = $1"
SAVE = """
    with saved as (
        insert into brakes (fund_id, version, first, second, until, release, ended_at)
        values ($6, $7, $8, $9, $10, $11, $12)
        on conflict (fund_id) do update set
            version = excluded.version, first = excluded.first, second = excluded.second, until = excluded.until,
            release = excluded.release, ended_at = excluded.ended_at
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""
OPEN_ROUNDS = "select id from rounds where fund_id = $1 and not closed"
PAUSE = """
    with paused as (update funds set paused_until = $2 where id = $1)
    update rounds set paused_until = $2 where id = any($3::uuid[])
"""


async def brake(tx: Transaction, fund_id: UUID) -> Brake:
    """A fund's brake; one that was never called for is as it was made."""
    row = await tx.fetchrow(BRAKE, fund_id)
    if row is None:
        return Brake(fund_id)
    first, second, release = (_call_from(row[name]) for name in ("first", "second", "release"))
    return Brake(fund_id, row["version"], first, second, row["until"], release, row["ended_at"])


async def save(tx: Transaction, changed: Brake, facts: Sequence[Fact]) -> None:
    """Keep a brake as it is now, and the facts that made it so."""
    calls = (changed.first, changed.second, changed.release)
    first, second, release = (json.dumps(asdict(call), default=str) if call else None for call in calls)
    await tx.execute(
        SAVE,
        *tx.outbox(facts),
        changed.fund,
        changed.version,
        first,
        second,
        changed.until,
        release,
        changed.ended_at,
    )


async def pause(tx: Transaction, fund_id: UUID, until: datetime | None) -> None:
    """Pause matching in a locked fund and its open rounds until a moment; with None let it go on."""
    ids = [row["id"] for row in await tx.fetch(OPEN_ROUNDS, fund_id)]
    if ids:
        await tx.fetch(LOCK_ROUNDS, ids)
    await tx.execute(PAUSE, fund_id, until, ids)


def _call_from(text: str | None) -> Call | None:
    if text is None:
        return None
    stored: dict[str, Any] = json.loads(text)
    return Call(
        by=UUID(stored["by"]),
        role=stored["role"],
        reason=stored["reason"],
        at=datetime.fromisoformat(stored["at"]),
        hours=stored["hours"],
    )
