"""Commands from the field in the database: which had their effect, and what it was."""

import json
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.errors import Transient
from presence.domain.field import Act, Arrive, FieldCommand, Leave, WithdrawConsent
from presence.domain.harvest import HarvestLine

CLAIM = """
    insert into field_commands (officer_id, batch_id, skew_ms, received_at, id, kind, digest, claimed_at)
    select $1, $2, $3, $4, * from unnest($5::uuid[], $6::text[], $7::bytea[], $8::timestamptz[]) as command(id)
    order by id
    on conflict do nothing returning id
"""
KNOWN = "select id, digest, result from field_commands where officer_id = $1 and id = any($2::uuid[])"
KEEP = """
    with refused as (
        delete from field_commands where officer_id = $1 and id = any($4::uuid[])
    )
    update field_commands as command set result = done.result::json
    from unnest($2::uuid[], $3::text[]) as done(id, result)
    where command.officer_id = $1 and command.id = done.id
"""
FORGET = "delete from field_commands where batch_id = any($1::uuid[])"
LOCK = {
    "presence_slots": "select id from presence_slots where id = any($1::uuid[]) order by id for update",
    "sessions": "select id from sessions where id = any($1::uuid[]) order by id for update",
    "encounters": "select id from encounters where id = any($1::uuid[]) order by id for update",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """Whose commands came, in which batch and when, and how many milliseconds their clock was ahead."""

    officer_id: UUID
    batch_id: UUID
    skew_ms: int
    received_at: datetime


async def claim(tx: Transaction, by: Claim, commands: Sequence[FieldCommand]) -> set[UUID]:
    """Write commands down, in one order of ids so that two batches never wait for each other; returns the new ones.

    Whoever sends the same at the same moment waits here until this transaction ends.
    """
    rows = await tx.fetch(
        CLAIM,
        by.officer_id,
        by.batch_id,
        by.skew_ms,
        by.received_at,
        [command.id for command in commands],
        [command.kind for command in commands],
        [command.digest for command in commands],
        [command.claimed_at for command in commands],
    )
    return {row["id"] for row in rows}


async def known(tx: Transaction, officer_id: UUID, ids: AbstractSet[UUID]) -> dict[UUID, tuple[bytes, dict[str, Any]]]:
    """Digest and effect of commands that had theirs before. Raises Transient where one is just being forgotten."""
    if not ids:
        return {}
    rows = await tx.fetch(KNOWN, officer_id, list(ids))
    if len(rows) < len(ids):
        raise Transient("an old command was being forgotten")
    return {row["id"]: (row["digest"], json.loads(row["result"])) for row in rows}


async def keep(
    tx: Transaction, officer_id: UUID, effects: Mapping[UUID, Mapping[str, Any]], *, refused: Collection[UUID]
) -> None:
    """Keep the effects of commands that were claimed; of those `refused` nothing is kept."""
    await tx.execute(KEEP, officer_id, list(effects), list(map(json.dumps, effects.values())), list(refused))


async def forget(tx: Transaction, batch_ids: Sequence[UUID]) -> None:
    """Forget the commands of these batches."""
    await tx.execute(FORGET, batch_ids)


async def lock(tx: Transaction, acts: Sequence[Act]) -> None:
    """Lock what commands change one by one, in one order, so that two batches never wait for each other."""
    wanted: dict[str, set[UUID]] = {table: set() for table in LOCK}
    for act in acts:
        match act:
            case Arrive(slot_id) | Leave(slot_id):
                wanted["presence_slots"].add(slot_id)
            case HarvestLine():
                wanted["sessions"].add(act.session_id)
            case WithdrawConsent(encounter_id):
                wanted["encounters"].add(encounter_id)
    for table, ids in wanted.items():
        if ids:
            await tx.execute(LOCK[table], list(ids))
