"""Changes of knobs in the database."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from funding.domain.knobs.changes import KnobChange
from funding.domain.knobs.votes import Tally, Vote
from funding.storage.knobs.sets import bounds_from, bounds_json

CHANGES = "select * from knob_changes where id = any($1::uuid[]) order by id"
LOCK = "select * from knob_changes where id = any($1::uuid[]) order by id for update"
SHARE = "select * from knob_changes where id = any($1::uuid[]) order by id for share"
ALIVE = """
    select * from knob_changes where fund_id = $1 and status in ('open', 'adopted', 'effective') order by drafted_at, id
"""
FUNDS = "select distinct fund_id from knob_changes where id = any($1::uuid[]) order by fund_id"
LIST = """
    select * from knob_changes
    where ($1::timestamptz is null or (drafted_at, id) < ($1, $2::uuid))
        and ($3::uuid is null or fund_id = $3) and ($4::text is null or status = $4)
    order by drafted_at desc, id desc limit $5
"""
DRAFT = """
    with drafted as (
        insert into knob_changes (
            id, fund_id, knob_values, bounds, knob_class, reason, drafted_by, drafted_at, base, status, version
        ) values ($6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""
SAVE = """
    with saved as (
        update knob_changes set
            base = $7, status = $8, version = $9, simulated = $10, opened_at = $11, closes_at = $12, roster = $13,
            quorum = $14, lock_days = $15, extended = $16, yes = $17, no = $18, abstain = $19, effective_at = $20,
            consented = $21, veto_announced = $22, held_until = $23, ground = $24
        where id = $6
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""


async def change(tx: Transaction, change_id: UUID) -> KnobChange | None:
    """The change with this id."""
    rows = await tx.fetch(CHANGES, [change_id])
    return _change_from(rows[0]) if rows else None


async def changes(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, KnobChange]:
    """The changes with these ids; what is not there is left out."""
    return {row["id"]: _change_from(row) for row in await tx.fetch(CHANGES, ids)}


async def lock(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, KnobChange]:
    """The changes with these ids, locked against every ballot until the transaction ends."""
    return {row["id"]: _change_from(row) for row in await tx.fetch(LOCK, ids)}


async def share(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, KnobChange]:
    """The changes with these ids, kept as they are until the transaction ends; others may cast ballots too."""
    return {row["id"]: _change_from(row) for row in await tx.fetch(SHARE, ids)}


async def alive(tx: Transaction, fund_id: UUID) -> list[KnobChange]:
    """The changes of a fund that are open for voting, adopted or in effect, oldest first."""
    return [_change_from(row) for row in await tx.fetch(ALIVE, fund_id)]


async def funds_of(tx: Transaction, ids: Sequence[UUID]) -> list[UUID]:
    """The funds these changes are of, each once, sorted."""
    return [row["fund_id"] for row in await tx.fetch(FUNDS, ids)]


async def listed(
    tx: Transaction, before: tuple[datetime, UUID] | None, fund_id: UUID | None, status: str | None, limit: int
) -> list[KnobChange]:
    """Changes, newest first; of one fund or status only where it is given."""
    return [_change_from(row) for row in await tx.fetch(LIST, *(before or (None, None)), fund_id, status, limit)]


async def add(tx: Transaction, drafted: KnobChange, facts: Sequence[Fact]) -> None:
    """Keep a new change, and the facts. Raises UniqueViolationError where its id is taken."""
    await tx.execute(
        DRAFT,
        *tx.outbox(facts),
        drafted.id,
        drafted.fund,
        json.dumps(dict(drafted.values)),
        bounds_json(drafted.bounds),
        drafted.knob_class,
        drafted.reason,
        drafted.by,
        drafted.drafted_at,
        drafted.base,
        drafted.status,
        drafted.version,
    )


async def save(tx: Transaction, changed: KnobChange, facts: Sequence[Fact]) -> None:
    """Keep what became of a change, and the facts that made it so."""
    vote, tally = changed.vote, changed.tally
    await tx.execute(
        SAVE,
        *tx.outbox(facts),
        changed.id,
        changed.base,
        changed.status,
        changed.version,
        changed.simulated,
        *((vote.opened_at, vote.closes_at, vote.roster, vote.quorum, vote.lock_days) if vote else (None,) * 5),
        vote.extended if vote else False,
        *((tally.yes, tally.no, tally.abstain) if tally else (None,) * 3),
        changed.effective_at,
        changed.consented,
        changed.veto_announced,
        changed.held_until,
        changed.ground,
    )


def _change_from(row: Any) -> KnobChange:
    vote = tally = None
    if row["opened_at"] is not None:
        asked = (row["opened_at"], row["closes_at"], row["roster"], row["quorum"], row["lock_days"])
        vote = Vote(*asked, extended=row["extended"])
    if row["yes"] is not None:
        tally = Tally(row["yes"], row["no"], row["abstain"])
    return KnobChange(
        id=row["id"],
        fund=row["fund_id"],
        values=json.loads(row["knob_values"]),
        bounds=bounds_from(row["bounds"]),
        knob_class=row["knob_class"],
        reason=row["reason"],
        by=row["drafted_by"],
        drafted_at=row["drafted_at"],
        base=row["base"],
        status=row["status"],
        version=row["version"],
        simulated=row["simulated"],
        vote=vote,
        tally=tally,
        effective_at=row["effective_at"],
        consented=row["consented"],
        veto_announced=row["veto_announced"],
        held_until=row["held_until"],
        ground=row["ground"],
    )
