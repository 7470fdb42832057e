"""Where halts stand, in words."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from pydantic_core import to_json

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from initiatives.domain.halts import Halt, Status
from initiatives.domain.moves import Ground, LiftReason

COLUMNS = """
    id, version, initiative_id, status, ground, reason, halted_by, halted_at, appeal_until, appeal, answer, lift_reason
"""
STANDING = f"""
    select {COLUMNS} from halts where initiative_id = $1 and status <> 'lifted' for update
"""  # noqa: S608
SAVE = f"""
    with saved as (
        insert into halts ({COLUMNS}, changed_at)
        select {COLUMNS}, $7 from json_populate_record(null::halts, $6::json)
        on conflict (id) do update set
            version = excluded.version, status = excluded.status, appeal = excluded.appeal, answer = excluded.answer,
            lift_reason = excluded.lift_reason, changed_at = excluded.changed_at
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""  # noqa: S608
SHOWN = """
    t.id, t.version, t.initiative_id as "initiativeId", t.status, t.ground, t.reason, t.halted_at as "haltedAt",
    t.appeal_until as "appealUntil", t.appeal, t.answer, t.lift_reason as "liftReason"
"""
ONE = f"select row_to_json(s)::text from (select {SHOWN} from halts t where t.id = $1) as s"  # noqa: S608
ON_PAGE = f"""(
    select coalesce(json_agg(halt), '[]') from (
        select {SHOWN} from halts t where t.initiative_id = i.id order by t.halted_at desc, t.id desc limit 5
    ) as halt
)"""  # noqa: S608
"""The newest halts of the initiative `i`, those that were lifted too, as JSON."""


async def standing(tx: Transaction, initiative_id: UUID) -> Halt | None:
    """The halt under which an initiative is, locked; None where it is not halted."""
    row = await tx.fetchrow(STANDING, initiative_id)
    return None if row is None else _halt(row)


async def save(tx: Transaction, halt: Halt, facts: Sequence[Fact], now: datetime) -> None:
    """Store a halt, new or locked, with its public state."""
    await tx.execute(SAVE, *tx.outbox(facts), to_json(asdict(halt)).decode(), now)


async def shown(tx: Transaction, halt_id: UUID) -> dict[str, Any]:
    """A halt as readers see it."""
    answer: dict[str, Any] = json.loads(await tx.fetchval(ONE, halt_id))
    return answer


def _halt(row: asyncpg.Record) -> Halt:
    return Halt(
        **{
            **row,
            "status": Status(row["status"]),
            "ground": Ground(row["ground"]),
            "lift_reason": LiftReason(row["lift_reason"]) if row["lift_reason"] else None,
        }
    )
