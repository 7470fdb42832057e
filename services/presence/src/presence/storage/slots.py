"""Presence slots in the database, which itself holds that an officer is at one place at a time."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from presence.domain.slots import LINGERS, How, Slot, SlotStatus

ADD = """
    with saved as (
        insert into presence_slots
            (id, officer_id, place_id, themes, series_id, status, changed_at, starts_at, ends_at, recurs_at)
        select slot.id, $1, place.id, $3, $4, 'planned', $5, slot.starts_at, slot.ends_at, slot.recurs_at
        from unnest($6::uuid[], $7::timestamptz[], $8::timestamptz[], $9::timestamptz[])
                 as slot(id, starts_at, ends_at, recurs_at)
             join places as place on place.id = $2 and place.closed_reason is null
        order by slot.starts_at
        on conflict do nothing returning id
    ), recorded as (
        insert into outbox (shard, topic, key, headers, body)
        select fact.* from unnest($10::smallint[], $11::text[], $12::text[], $13::text[], $14::bytea[])
            as fact(shard, topic, key, headers, body)
        where fact.key in (select id::text from saved)
    )
    select id from saved
"""
OVERLAPPING = """
    select distinct on (there.starts_at, there.id) there.*
    from unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[]) as slot(id, starts_at, ends_at)
         join presence_slots as there
             on there.officer_id = $1 and there.status in ('planned', 'arrived') and there.id <> all($2)
             and tstzrange(there.starts_at, there.ends_at) && tstzrange(slot.starts_at, slot.ends_at)
    order by there.starts_at, there.id limit $5
"""
ONE = "select * from presence_slots where id = $1"
LOCK = "select * from presence_slots where id = any($1::uuid[]) order by id for update"
LOCK_LATER = """
    select * from presence_slots where series_id = $1 and status = 'planned' and starts_at >= $2 order by id for update
"""
SAVE = """
    with saved as (
        update presence_slots as slot
        set place_id = after.place_id, starts_at = after.starts_at, ends_at = after.ends_at, status = after.status,
            arrived_how = after.arrived_how, version = after.version, changed_at = $1
        from unnest($2::uuid[], $3::uuid[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::text[], $8::integer[])
            as after(id, place_id, starts_at, ends_at, status, arrived_how, version)
        where slot.id = after.id
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($9::smallint[], $10::text[], $11::text[], $12::text[], $13::bytea[])
"""
OF_OFFICER = """
    select * from presence_slots
    where officer_id = $1
      and ($2::uuid is null or (starts_at, id) < (select starts_at, id from presence_slots where id = $2))
    order by starts_at desc, id desc limit $3
"""
AT_PLACE = """
    select * from presence_slots
    where place_id = $1 and status in ('planned', 'arrived')
      and ends_at > case status when 'arrived' then $2::timestamptz - $3::interval else $2 end
      and ($4::uuid is null or (starts_at, id) > (select starts_at, id from presence_slots where id = $4))
    order by starts_at, id limit $5
"""


async def add(tx: Transaction, slots: Sequence[Slot], facts: Sequence[Fact], now: datetime) -> set[UUID]:
    """Add slots of one officer at one place, for the same themes, with their facts; the ids of those added.

    Where the officer is not free, or the place is unknown or closed, a slot is passed by with its facts.
    """
    first = slots[0]
    rows = await tx.fetch(
        ADD,
        first.officer_id,
        first.place_id,
        list(first.themes),
        first.series_id,
        now,
        [slot.id for slot in slots],
        [slot.starts_at for slot in slots],
        [slot.ends_at for slot in slots],
        [slot.recurs_at for slot in slots],
        *tx.outbox(facts),
    )
    return {row["id"] for row in rows}


async def overlapping(tx: Transaction, slots: Sequence[Slot], limit: int) -> list[Slot]:
    """The first of the other slots of these slots' officer in (part of) the same time, in order."""
    ids, starts, ends = ([getattr(slot, name) for slot in slots] for name in ("id", "starts_at", "ends_at"))
    return [slot_of(row) for row in await tx.fetch(OVERLAPPING, slots[0].officer_id, ids, starts, ends, limit)]


async def one(tx: Transaction, slot_id: UUID) -> asyncpg.Record | None:
    """A slot, if it is there."""
    return await tx.fetchrow(ONE, slot_id)


async def lock(tx: Transaction, slot_ids: Sequence[UUID]) -> list[Slot]:
    """Those of these slots that are there, locked until the transaction ends."""
    return [slot_of(row) for row in await tx.fetch(LOCK, slot_ids)]


async def lock_later(tx: Transaction, series_id: UUID, moment: datetime) -> list[Slot]:
    """The planned slots of a series from a moment on, locked until the transaction ends."""
    return [slot_of(row) for row in await tx.fetch(LOCK_LATER, series_id, moment)]


async def save(tx: Transaction, slots: Sequence[Slot], facts: Sequence[Fact], now: datetime) -> None:
    """Save locked slots as they are after their facts, with these.

    Raises asyncpg.UniqueViolationError where one arrives while the officer is still elsewhere, and
    asyncpg.ExclusionViolationError where one takes time in which the officer is not free.
    """
    names = ("id", "place_id", "starts_at", "ends_at", "status", "arrived_how", "version")
    columns = [[getattr(slot, name) for slot in slots] for name in names]
    await tx.execute(SAVE, now, *columns, *tx.outbox(facts))


async def of_officer(tx: Transaction, officer_id: UUID, *, after: UUID | None, limit: int) -> list[asyncpg.Record]:
    """An officer's slots, the latest first."""
    return await tx.fetch(OF_OFFICER, officer_id, after, limit)


async def at_place(
    tx: Transaction, place_id: UUID, now: datetime, *, after: UUID | None, limit: int
) -> list[asyncpg.Record]:
    """Who is at a place or will be, in order of time; what is over is not shown."""
    return await tx.fetch(AT_PLACE, place_id, now, LINGERS, after, limit)


def slot_of(row: asyncpg.Record) -> Slot:
    """The slot a row holds."""
    return Slot(
        id=row["id"],
        officer_id=row["officer_id"],
        place_id=row["place_id"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        themes=tuple(row["themes"]),
        status=SlotStatus(row["status"]),
        version=row["version"],
        series_id=row["series_id"],
        recurs_at=row["recurs_at"],
        arrived_how=How(row["arrived_how"]) if row["arrived_how"] else None,
    )
