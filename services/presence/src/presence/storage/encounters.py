"""Encounters in the database."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from presence.domain.consent import Consent
from presence.domain.encounters import Becomes, Encounter, Note

ADD = """
    with saved as (
        insert into encounters
            (id, noted_by, noted_at, theme, consent, place_id, initiative_id, words, contributor_id, media_id, becomes)
        select id, noted_by, $1, theme, consent, place_id, initiative_id, words, contributor_id, media_id, becomes
        from unnest(
            $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::text[], $9::uuid[],
            $10::uuid[], $11::text[]
        ) as note(id, noted_by, theme, consent, place_id, initiative_id, words, contributor_id, media_id, becomes)
        order by id
        on conflict do nothing returning id
    ), recorded as (
        insert into outbox (shard, topic, key, headers, body)
        select fact.* from unnest($12::smallint[], $13::text[], $14::text[], $15::text[], $16::bytea[])
            as fact(shard, topic, key, headers, body)
        where fact.key in (select id::text from saved)
    )
    select id from saved
"""
BY_IDS = "select * from encounters where id = any($1::uuid[])"
LOCK = "select * from encounters where id = $1 for update"
WITHDRAW = """
    with saved as (
        update encounters
        set consent = 'none', words = null, contributor_id = null, media_id = null, withdrawn = true, version = $2
        where id = $1
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($3::smallint[], $4::text[], $5::text[], $6::text[], $7::bytea[])
"""
VIEW = """
    select encounter.*, initiative.title as initiative_title
    from encounters as encounter left join initiatives as initiative on initiative.id = initiative_id
"""
OWN = f"""{VIEW}
    where noted_by = $1
      and ($2::uuid is null or (noted_at, encounter.id) < (select noted_at, id from encounters where id = $2))
    order by noted_at desc, encounter.id desc limit $3
"""  # noqa: S608 - VIEW is a constant
ONE = f"{VIEW} where encounter.id = $1"


async def add(
    tx: Transaction, encounters: Collection[Encounter], facts: Sequence[Fact], noted_at: datetime
) -> set[UUID]:
    """Add encounters with their facts, in one order of ids so that two batches never wait for each other.

    The ids of those added come back; an id that is already there is passed by, with its facts.
    """
    notes = [encounter.note for encounter in encounters]
    rows = await tx.fetch(
        ADD,
        noted_at,
        [note.id for note in notes],
        [note.noted_by for note in notes],
        [note.theme for note in notes],
        [note.consent for note in notes],
        [note.place_id for note in notes],
        [note.initiative_id for note in notes],
        [note.words for note in notes],
        [note.contributor_id for note in notes],
        [note.media_id for note in notes],
        [note.becomes for note in notes],
        *tx.outbox(facts),
    )
    return {row["id"] for row in rows}


async def by_ids(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, Encounter]:
    """The encounters that are there, by id."""
    return {row["id"]: encounter_of(row) for row in await tx.fetch(BY_IDS, list(ids))}


async def lock(tx: Transaction, encounter_id: UUID) -> Encounter | None:
    """An encounter, locked until the transaction ends."""
    row = await tx.fetchrow(LOCK, encounter_id)
    return None if row is None else encounter_of(row)


async def withdraw(tx: Transaction, encounter: Encounter, facts: Sequence[Fact]) -> None:
    """Erase words, sound and name of a locked encounter, with the facts that say so."""
    await tx.execute(WITHDRAW, encounter.note.id, encounter.version, *tx.outbox(facts))


async def own(tx: Transaction, noted_by: UUID, *, after: UUID | None, limit: int) -> list[asyncpg.Record]:
    """An arranger's encounters, the newest first."""
    return await tx.fetch(OWN, noted_by, after, limit)


async def one(tx: Transaction, encounter_id: UUID) -> asyncpg.Record | None:
    """An encounter, if it is there."""
    return await tx.fetchrow(ONE, encounter_id)


def encounter_of(row: asyncpg.Record) -> Encounter:
    """The encounter a row holds."""
    note = Note(
        id=row["id"],
        noted_by=row["noted_by"],
        theme=row["theme"],
        consent=Consent(row["consent"]),
        place_id=row["place_id"],
        initiative_id=row["initiative_id"],
        words=row["words"],
        contributor_id=row["contributor_id"],
        media_id=row["media_id"],
        becomes=Becomes(row["becomes"]),
    )
    return Encounter(note, row["noted_at"], withdrawn=row["withdrawn"], version=row["version"])
