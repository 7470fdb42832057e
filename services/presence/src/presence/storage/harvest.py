"""Lines of harvests in the database."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from presence.domain.consent import Consent
from presence.domain.harvest import HarvestLine

ADD = """
    with saved as (
        insert into harvest_lines
            (id, session_id, noted_by, noted_at, initiative_id, consent, words, contributor_id)
        select id, session_id, noted_by, $1, initiative_id, consent, words, contributor_id
        from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::uuid[])
            as line(id, session_id, noted_by, initiative_id, consent, words, contributor_id)
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($9::smallint[], $10::text[], $11::text[], $12::text[], $13::bytea[])
"""
LOCK = "select * from harvest_lines where id = $1 for update"
WITHDRAW = """
    with saved as (
        update harvest_lines
        set consent = 'none', words = null, contributor_id = null, withdrawn = true, version = $2
        where id = $1
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($3::smallint[], $4::text[], $5::text[], $6::text[], $7::bytea[])
"""
BY_IDS = "select * from harvest_lines where id = any($1::uuid[])"
OF_SESSION = """
    select * from harvest_lines
    where session_id = $1 and words is not null and ($2::uuid is null or id > $2) order by id limit $3
"""


async def add(tx: Transaction, lines: Sequence[HarvestLine], facts: Sequence[Fact], *, noted_at: datetime) -> None:
    """Add lines of a locked session, with their facts.

    Raises asyncpg.UniqueViolationError where another session has a line of one of these ids.
    """
    await tx.execute(
        ADD,
        noted_at,
        [line.id for line in lines],
        [line.session_id for line in lines],
        [line.noted_by for line in lines],
        [line.initiative_id for line in lines],
        [line.consent for line in lines],
        [line.words for line in lines],
        [line.contributor_id for line in lines],
        *tx.outbox(facts),
    )


async def by_ids(tx: Transaction, line_ids: Iterable[UUID]) -> dict[UUID, HarvestLine]:
    """Those of these lines that are there, of whatever session."""
    wanted = list(line_ids)
    return {row["id"]: _line(row) for row in await tx.fetch(BY_IDS, wanted)} if wanted else {}


async def lock(tx: Transaction, line_id: UUID) -> HarvestLine | None:
    """A line, locked until the transaction ends."""
    row = await tx.fetchrow(LOCK, line_id)
    return None if row is None else _line(row)


async def withdraw(tx: Transaction, line: HarvestLine, facts: Sequence[Fact]) -> None:
    """Erase words and name of a locked line, with the facts that say so."""
    await tx.execute(WITHDRAW, line.id, line.version, *tx.outbox(facts))


async def of_session(tx: Transaction, session_id: UUID, *, after: UUID | None, limit: int) -> list[asyncpg.Record]:
    """What a session yielded, as far as its tellers share it, in the order in which it was brought in."""
    return await tx.fetch(OF_SESSION, session_id, after, limit)


def _line(row: asyncpg.Record) -> HarvestLine:
    return HarvestLine(
        id=row["id"],
        session_id=row["session_id"],
        noted_by=row["noted_by"],
        consent=Consent(row["consent"]),
        initiative_id=row["initiative_id"],
        words=row["words"],
        contributor_id=row["contributor_id"],
        withdrawn=row["withdrawn"],
        version=row["version"],
    )
