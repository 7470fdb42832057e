"""Counts, what they are made on, and overrides, in the database."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from funding.domain.counts import Count, Lines, Witness
from funding.domain.draws import Draw
from funding.domain.inputs import root_of
from funding.domain.overrides import Override
from funding.storage.allocations import allocation_from, parts_of

KEEP_INPUT = "insert into count_inputs (root, document) values ($1, $2) on conflict do nothing"
INPUT = "select document from count_inputs where root = $1"
COUNT = "select * from counts where id = $1"
LOCK = "select * from counts where id = $1 for no key update"
OF_SUBJECT = "select * from counts where coalesce(election_id, round_id) = $1 order by started_at, id"
COUNTS = """
    select * from counts
    where ($1::timestamptz is null or (started_at, id) < ($1, $2::uuid))
        and ($3::uuid is null or coalesce(election_id, round_id) = $3)
    order by started_at desc, id desc limit $4
"""
ADD = """
    with added as (
        insert into counts (
            id, election_id, round_id, rule, knobs, rule_version, input_root, input_digest, started_by, started_at,
            seed_commitment, status, version, seed, draw
        ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($16::smallint[], $17::text[], $18::text[], $19::text[], $20::bytea[])
"""
CHANGE = """
    with changed as (
        update counts set
            status = $2, version = $3, ties = $4, seed = $5, draw = $6, outcome = $7, outcome_digest = $8,
            counted_at = $9, witness_id = $10, witness_digest = $11, witnessed_at = $12, abandoned_because = $13
        where id = $1
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($14::smallint[], $15::text[], $16::text[], $17::text[], $18::bytea[])
"""
OVERRIDE = "select * from count_overrides where id = $1"
OVERRIDES = "select * from count_overrides where count_id = any($1::uuid[]) order by at, id"
ADD_OVERRIDE = """
    with added as (
        insert into count_overrides (id, count_id, reason, changes, made_by, at) values ($1, $2, $3, $4, $5, $6)
    ), counted as (
        update counts set version = $7 where id = $2
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($8::smallint[], $9::text[], $10::text[], $11::text[], $12::bytea[])
"""


async def keep_input(tx: Transaction, document: str) -> str:
    """Keep what counts are made on, once; its root."""
    root = root_of(document)
    await tx.execute(KEEP_INPUT, root, document)
    return root


async def input_(tx: Transaction, root: str) -> str:
    """The canonical JSON with this root."""
    document: str = await tx.fetchval(INPUT, root)
    return document


async def count(tx: Transaction, count_id: UUID) -> Count | None:
    """The count with this id."""
    row = await tx.fetchrow(COUNT, count_id)
    return _count(row) if row else None


async def lock(tx: Transaction, count_id: UUID) -> Count | None:
    """The count with this id, locked until the transaction ends."""
    row = await tx.fetchrow(LOCK, count_id)
    return _count(row) if row else None


async def counts_of(tx: Transaction, subject: UUID) -> list[Count]:
    """All counts of an election or round, oldest first."""
    return [_count(row) for row in await tx.fetch(OF_SUBJECT, subject)]


async def counts(
    tx: Transaction, before: tuple[datetime, UUID] | None, subject: UUID | None, limit: int
) -> list[Count]:
    """Counts, newest first; of one election or round only where it is given."""
    return [_count(row) for row in await tx.fetch(COUNTS, *(before or (None, None)), subject, limit)]


async def add(tx: Transaction, made: Count, facts: Sequence[Fact]) -> None:
    """Keep a new count and its facts."""
    await tx.execute(
        ADD,
        made.id,
        made.election,
        made.round,
        made.rule,
        json.dumps(dict(made.knobs)),
        made.rule_version,
        made.input_root,
        made.input_digest,
        made.started_by,
        made.started_at,
        made.seed_commitment,
        made.status,
        made.version,
        *_draw_columns(made.draw),
        *tx.outbox(facts),
    )


async def change(tx: Transaction, changed: Count, facts: Sequence[Fact]) -> None:
    """Keep where a locked count stands now, and its facts."""
    witness = changed.witness
    await tx.execute(
        CHANGE,
        changed.id,
        changed.status,
        changed.version,
        json.dumps(changed.ties),
        *_draw_columns(changed.draw),
        None if changed.lines is None else json.dumps(_lines_json(changed.lines)),
        changed.outcome_digest,
        changed.counted_at,
        *((witness.id, witness.digest, witness.at) if witness else (None, None, None)),
        changed.abandoned_because,
        *tx.outbox(facts),
    )


async def override(tx: Transaction, override_id: UUID) -> Override | None:
    """The override with this id."""
    row = await tx.fetchrow(OVERRIDE, override_id)
    return _override(row) if row else None


async def overrides(tx: Transaction, counts: Sequence[UUID]) -> dict[UUID, list[Override]]:
    """What stands beside each of these counts, oldest first."""
    beside: dict[UUID, list[Override]] = {count_id: [] for count_id in counts}
    for row in await tx.fetch(OVERRIDES, counts):
        beside[row["count_id"]].append(_override(row))
    return beside


async def add_override(tx: Transaction, made: Override, version: int, facts: Sequence[Fact]) -> None:
    """Keep an override beside a locked count, which comes to this version, and its facts."""
    changes = json.dumps(made.changes)
    row = (made.id, made.count, made.reason, changes, made.made_by, made.at)
    await tx.execute(ADD_OVERRIDE, *row, version, *tx.outbox(facts))


def _override(row: Any) -> Override:
    changes = tuple((candidate, cents) for candidate, cents in json.loads(row["changes"]))
    return Override(row["id"], row["count_id"], row["reason"], changes, row["made_by"], row["at"])


def _draw_columns(draw: Draw | None) -> tuple[str | None, str | None]:
    return (draw.seed, json.dumps(draw.order)) if draw else (None, None)


def _count(row: Any) -> Count:
    return Count(
        id=row["id"],
        election=row["election_id"],
        round=row["round_id"],
        rule=row["rule"],
        knobs=json.loads(row["knobs"]),
        rule_version=row["rule_version"],
        input_root=row["input_root"],
        input_digest=row["input_digest"],
        seed_commitment=row["seed_commitment"],
        started_by=row["started_by"],
        started_at=row["started_at"],
        status=row["status"],
        version=row["version"],
        ties=tuple(tuple(tie) for tie in json.loads(row["ties"])),
        draw=Draw(row["seed"], tuple(json.loads(row["draw"]))) if row["seed"] is not None else None,
        lines=_lines_from(json.loads(row["outcome"])) if row["outcome"] else None,
        outcome_digest=row["outcome_digest"],
        counted_at=row["counted_at"],
        witness=Witness(row["witness_id"], row["witness_digest"], row["witnessed_at"]) if row["witness_id"] else None,
        abandoned_because=row["abandoned_because"],
    )


def _lines_json(lines: Lines) -> list[Any]:
    return [(candidate, *parts_of(line)) for candidate, line in lines]


def _lines_from(stored: Sequence[Any]) -> Lines:
    return tuple((candidate, allocation_from(*parts)) for candidate, *parts in stored)
