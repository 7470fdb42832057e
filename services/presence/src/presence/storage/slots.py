"""Presence slots in the database, which itself holds that an officer is at one place at a time."""

from datetime import datetime
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from presence.domain.slots import EARLIEST_ARRIVAL, LINGERS, Slot, SlotStatus

ADD = """
    with saved as (
        insert into presence_slots (id, officer_id, place_id, starts_at, ends_at, themes, status)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict do nothing returning id
    ), recorded as (
        insert into outbox (shard, topic, key, headers, body)
        select fact.* from unnest($8::smallint[], $9::text[], $10::text[], $11::text[], $12::bytea[]) as fact, saved
    )
    select id from saved
"""
OVERLAPPING = """
    select * from presence_slots
    where officer_id = $1 and tstzrange(starts_at, ends_at) && tstzrange($2, $3) and status in ('planned', 'arrived')
    order by starts_at limit 1
"""
ONE = "select * from presence_slots where id = $1"
LOCK = "select * from presence_slots where id = $1 for update"
SAVE = """
    with saved as (
        update presence_slots set status = $2, version = $3 where id = $1
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($4::smallint[], $5::text[], $6::text[], $7::text[], $8::bytea[])
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
HERE_NOW = """
    with around as (
        select slot.id, slot.officer_id, slot.starts_at, slot.ends_at, slot.themes, slot.status,
               place.id as place_id, place.name, place.address, place.kind, place.latitude, place.longitude,
               earth_distance(ll_to_earth(latitude, longitude), ll_to_earth($6, $7)) as distance
        from presence_slots as slot join places as place on place.id = slot.place_id
        where slot.status in ('planned', 'arrived')
          and tstzrange(starts_at, ends_at) && tstzrange($1::timestamptz - $2::interval, $1 + $3::interval, '[]')
          and case slot.status when 'arrived' then ends_at > $1 - $2 else starts_at <= $1 and ends_at > $1 end
          and ($6::float8 is null or earth_box(ll_to_earth($6, $7), $8) @> ll_to_earth(latitude, longitude))
    )
    select * from around
    where ($6::float8 is null or distance <= $8)
      and ($4::uuid is null or (coalesce(distance, 0), starts_at, id)
           > (select coalesce(distance, 0), starts_at, id from around where id = $4))
    order by coalesce(distance, 0), starts_at, id limit $5
"""


async def add(tx: Transaction, slot: Slot, facts: list[Fact]) -> bool:
    """Add a slot with its facts; False, and nothing done, where the officer is not free then."""
    themes = list(slot.themes)
    columns = tx.outbox(facts)
    return bool(
        await tx.fetchval(
            ADD, slot.id, slot.officer_id, slot.place_id, slot.starts_at, slot.ends_at, themes, slot.status, *columns
        )
    )


async def overlapping(tx: Transaction, slot: Slot) -> Slot | None:
    """The first slot of the same officer in (part of) the same time."""
    row = await tx.fetchrow(OVERLAPPING, slot.officer_id, slot.starts_at, slot.ends_at)
    return None if row is None else _slot(row)


async def one(tx: Transaction, slot_id: UUID) -> asyncpg.Record | None:
    """A slot, if it is there."""
    return await tx.fetchrow(ONE, slot_id)


async def lock(tx: Transaction, slot_id: UUID) -> Slot | None:
    """A slot, locked until the transaction ends."""
    row = await tx.fetchrow(LOCK, slot_id)
    return None if row is None else _slot(row)


async def save(tx: Transaction, slot: Slot, facts: list[Fact]) -> None:
    """Save a locked slot's new status with its facts.

    Raises asyncpg.UniqueViolationError where it arrives while the officer is still elsewhere.
    """
    await tx.execute(SAVE, slot.id, slot.status, slot.version, *tx.outbox(facts))


async def of_officer(tx: Transaction, officer_id: UUID, *, after: UUID | None, limit: int) -> list[asyncpg.Record]:
    """An officer's slots, the latest first."""
    return await tx.fetch(OF_OFFICER, officer_id, after, limit)


async def at_place(
    tx: Transaction, place_id: UUID, now: datetime, *, after: UUID | None, limit: int
) -> list[asyncpg.Record]:
    """Who is at a place or will be, in order of time; what is over is not shown."""
    return await tx.fetch(AT_PLACE, place_id, now, LINGERS, after, limit)


async def here_now(
    tx: Transaction,
    now: datetime,
    point: tuple[float, float] | None,
    radius_m: float,
    *,
    after: UUID | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Who has arrived and not left, and who is planned now, each with the place; near a point, the nearest first."""
    latitude, longitude = point or (None, None)
    return await tx.fetch(HERE_NOW, now, LINGERS, EARLIEST_ARRIVAL, after, limit, latitude, longitude, float(radius_m))


def _slot(row: asyncpg.Record) -> Slot:
    return Slot(
        id=row["id"],
        officer_id=row["officer_id"],
        place_id=row["place_id"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        themes=tuple(row["themes"]),
        status=SlotStatus(row["status"]),
        version=row["version"],
    )
