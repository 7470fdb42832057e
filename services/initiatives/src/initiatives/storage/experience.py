"""Where lived experience stands. A claim that was taken back leaves nothing behind here."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from initiatives.domain.lived_experience import Claim

if TYPE_CHECKING:
    from dorpsplein.database import Connection

ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtext('lived experience'), hashtext($1))"
OF_PERSON = "select claim_id, person_id, topic, words, version from lived_experience where person_id = $1"
OF_TOPIC = "select claim_id from lived_experience where person_id = $1 and topic = $2"
SAVE = """
    with saved as (
        insert into lived_experience (claim_id, person_id, topic, words, version, claimed_at)
        values ($6, $7, $8, $9, $10, $11)
        on conflict (claim_id) do update set
            words = excluded.words, version = excluded.version, claimed_at = excluded.claimed_at
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""
REMOVE = """
    with removed as (delete from lived_experience where claim_id = $6)
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""
LIST = """
    select e.topic, e.words, e.claimed_at as "claimedAt",
        (select count(*) from offered o where o.claim_id = e.claim_id) as "beside"
    from lived_experience e where e.person_id = $1 order by e.topic
"""


async def lock(tx: Transaction, person_id: UUID) -> dict[str, Claim]:
    """Somebody's claims by topic; nobody else changes any of them until the transaction ends."""
    await tx.execute(ONE_AT_A_TIME, str(person_id))
    rows = await tx.fetch(OF_PERSON, person_id)
    return {
        row["topic"]: Claim(row["claim_id"], row["person_id"], row["topic"], row["words"], row["version"])
        for row in rows
    }


async def claim_id(tx: Transaction, person_id: UUID, topic: str) -> UUID | None:
    """The id of somebody's own claim on a topic; None when they made none."""
    found: UUID | None = await tx.fetchval(OF_TOPIC, person_id, topic)
    return found


async def save(tx: Transaction, claim: Claim, facts: list[Fact], *, now: datetime) -> None:
    """Store a claim with its facts."""
    await tx.execute(SAVE, *tx.outbox(facts), claim.id, claim.person_id, claim.topic, claim.words, claim.version, now)


async def remove(tx: Transaction, claim: Claim, facts: list[Fact]) -> None:
    """Leave nothing of a claim but its facts."""
    await tx.execute(REMOVE, *tx.outbox(facts), claim.id)


async def of_person(connection: "Connection", person_id: UUID) -> list[asyncpg.Record]:
    """What somebody claims, by topic, and beside how many of their contributions it stands."""
    return await connection.fetch(LIST, person_id)
