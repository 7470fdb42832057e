"""Facilities in the database, and when they are booked."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

import asyncpg
from pydantic_core import to_json

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from presence.domain.facilities import Facility, FacilityKind, FacilityStatus, WithdrawalReason

ADD = """
    with saved as (
        insert into facilities (id, place_id, code, kind, name, description, capacity)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (code) do nothing returning id
    ), recorded as (
        insert into outbox (shard, topic, key, headers, body)
        select fact.* from unnest($8::smallint[], $9::text[], $10::text[], $11::text[], $12::bytea[]) as fact, saved
    )
    select id from saved
"""
OF_CODE = "select id from facilities where code = $1"
LOCK = "select * from facilities where id = $1 for update"
LOCK_OFFERED = "select * from facilities where place_id = $1 and status = 'offered' order by id for update"
SAVE = """
    with saved as (
        update facilities as f
        set name = told.name, description = told.description, capacity = told.capacity, status = told.status,
            withdrawn_reason = told.withdrawn_reason, version = told.version
        from json_populate_recordset(null::facilities, $1::json) as told where f.id = told.id
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($2::smallint[], $3::text[], $4::text[], $5::text[], $6::bytea[])
"""
ONE = "select * from facilities where id = $1"
OF_PLACE = """
    select * from facilities
    where place_id = $1 and status = 'offered'
      and ($2::uuid is null or (code, id) > (select code, id from facilities where id = $2))
    order by code, id limit $3
"""
SHOWN = """
    f.*, place.name as place_name, place.address as place_address, place.latitude, place.longitude
    from facilities as f join places as place on place.id = f.place_id
"""
BY_CODE = f"""
    select null::float8 as distance, {SHOWN}
    where f.status = 'offered' and ($1::text is null or f.kind = $1)
      and ($2::uuid is null or (f.code, f.id) > (select code, id from facilities where id = $2))
    order by f.code, f.id limit $3
"""  # noqa: S608 - SHOWN is a constant
NEAR = f"""
    with around as (
        select metres_between(latitude, longitude, $4, $5) as distance, {SHOWN} where f.status = 'offered'
    )
    select * from around
    where distance <= $6 and ($1::text is null or around.kind = $1)
      and ($2::uuid is null or (distance, id) > (select distance, id from around where id = $2))
    order by distance, id limit $3
"""  # noqa: S608
BOOKED = """
    select booking.pledge_id as id, booking.starts_at, booking.ends_at, booking.initiative_id,
           case when booking.delivered then 'committed' else booking.status end as status,
           case when not initiative.withdrawn then initiative.title end as title
    from facility_bookings as booking left join initiatives as initiative on initiative.id = booking.initiative_id
    where booking.code = $1 and (booking.status <> 'free' or booking.delivered)
      and booking.ends_at > $2 and booking.starts_at < $3
      and ($4::uuid is null or (booking.starts_at, booking.pledge_id)
           > (select starts_at, pledge_id from facility_bookings where pledge_id = $4))
    order by booking.starts_at, booking.pledge_id limit $5
"""


async def add(tx: Transaction, facility: Facility, facts: Sequence[Fact]) -> bool:
    """Add a facility with its facts; False, and nothing done, where its code is taken."""
    one = facility
    values = (one.id, one.place_id, one.code, one.kind, one.name, one.description, one.capacity)
    return bool(await tx.fetchval(ADD, *values, *tx.outbox(facts)))


async def of_code(tx: Transaction, code: str) -> UUID:
    """The id of the facility of this code."""
    found: UUID = await tx.fetchval(OF_CODE, code)
    return found


async def lock(tx: Transaction, facility_id: UUID) -> Facility | None:
    """A facility, locked until the transaction ends."""
    row = await tx.fetchrow(LOCK, facility_id)
    return None if row is None else facility_of(row)


async def lock_offered(tx: Transaction, place_id: UUID) -> list[Facility]:
    """What a place offers, locked until the transaction ends."""
    return [facility_of(row) for row in await tx.fetch(LOCK_OFFERED, place_id)]


async def save(tx: Transaction, facilities: Sequence[Facility], facts: Sequence[Fact]) -> None:
    """Save what changed of locked facilities, with their facts."""
    rows = to_json([asdict(facility) for facility in facilities]).decode()
    await tx.execute(SAVE, rows, *tx.outbox(facts))


async def one(tx: Transaction, facility_id: UUID) -> Facility | None:
    """A facility, if it is there."""
    row = await tx.fetchrow(ONE, facility_id)
    return None if row is None else facility_of(row)


async def of_place(tx: Transaction, place_id: UUID, *, after: UUID | None, limit: int) -> list[asyncpg.Record]:
    """What a place offers, by code."""
    return await tx.fetch(OF_PLACE, place_id, after, limit)


async def offered(
    tx: Transaction,
    point: tuple[float, float] | None,
    radius_m: float,
    *,
    kind: str | None,
    after: UUID | None,
    limit: int,
) -> list[asyncpg.Record]:
    """What is offered anywhere, by code; or within `radius_m` metres of a point, the nearest first."""
    if point is None:
        return await tx.fetch(BY_CODE, kind, after, limit)
    return await tx.fetch(NEAR, kind, after, limit, *point, float(radius_m))


async def booked(
    tx: Transaction, code: str, since: datetime, until: datetime, *, after: UUID | None, limit: int
) -> list[asyncpg.Record]:
    """When the facility of a code is booked, as far as that lies between two moments, in order of time."""
    return await tx.fetch(BOOKED, code, since, until, after, limit)


def facility_of(row: asyncpg.Record) -> Facility:
    """The facility a row holds."""
    return Facility(
        id=row["id"],
        place_id=row["place_id"],
        code=row["code"],
        kind=FacilityKind(row["kind"]),
        name=row["name"],
        description=row["description"],
        capacity=row["capacity"],
        status=FacilityStatus(row["status"]),
        withdrawn_reason=WithdrawalReason(row["withdrawn_reason"]) if row["withdrawn_reason"] else None,
        version=row["version"],
    )
