"""Elections in the database; what they are counted on stands with the inputs of counts."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from funding.domain.elections import Election, Project
from funding.domain.inputs import snapshot_of
from funding.domain.rules.snapshots import RoundSnapshot
from funding.storage import counts

ELECTION = "select * from elections where id = $1"
LOCK = "select * from elections where id = $1 for no key update"
ELECTIONS = """
    select * from elections where $1::timestamptz is null or (loaded_at, id) < ($1, $2::uuid)
    order by loaded_at desc, id desc limit $3
"""
LATEST = "select id from elections order by loaded_at desc, id desc limit $1"
DOCUMENT = "select document from count_inputs where root = (select input_root from elections where id = $1)"
ADD = """
    with added as (
        insert into elections (
            id, digest, description, unit, instance, vote_type, currency, budget_cents, voters, candidates, input_root,
            loaded_by, loaded_at
        ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($14::smallint[], $15::text[], $16::text[], $17::text[], $18::bytea[])
"""


async def election(tx: Transaction, election_id: UUID) -> Election | None:
    """The election with this id."""
    row = await tx.fetchrow(ELECTION, election_id)
    return _election(row) if row else None


async def lock(tx: Transaction, election_id: UUID) -> Election | None:
    """The election with this id, locked until the transaction ends: one count of it begins at a time."""
    row = await tx.fetchrow(LOCK, election_id)
    return _election(row) if row else None


async def elections(tx: Transaction, before: tuple[datetime, UUID] | None, limit: int) -> list[Election]:
    """Elections, newest first."""
    return [_election(row) for row in await tx.fetch(ELECTIONS, *(before or (None, None)), limit)]


async def latest(tx: Transaction, limit: int) -> list[UUID]:
    """The ids of the elections that were loaded last, newest first."""
    return [row["id"] for row in await tx.fetch(LATEST, limit)]


async def snapshot(tx: Transaction, election_id: UUID) -> RoundSnapshot | None:
    """An election as a rule sees it; None where there is no such election."""
    document: str | None = await tx.fetchval(DOCUMENT, election_id)
    return None if document is None else snapshot_of(document)


async def add(tx: Transaction, made: Election, document: str, facts: Sequence[Fact]) -> None:
    """Keep a new election with what it is counted on, and its facts."""
    await counts.keep_input(tx, document)
    await tx.execute(
        ADD,
        made.id,
        made.digest,
        made.description,
        made.unit,
        made.instance,
        made.vote_type,
        made.currency,
        made.budget,
        made.voters,
        json.dumps([(one.id, one.name, one.cost, one.theme, one.neighbourhood) for one in made.candidates]),
        made.input_root,
        made.loaded_by,
        made.loaded_at,
        *tx.outbox(facts),
    )


def _election(row: Any) -> Election:
    return Election(
        id=row["id"],
        digest=row["digest"],
        description=row["description"],
        unit=row["unit"],
        instance=row["instance"],
        vote_type=row["vote_type"],
        currency=row["currency"],
        budget=row["budget_cents"],
        voters=row["voters"],
        candidates=tuple(Project(*one) for one in json.loads(row["candidates"])),
        input_root=row["input_root"],
        loaded_by=row["loaded_by"],
        loaded_at=row["loaded_at"],
    )
