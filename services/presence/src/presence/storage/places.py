"""Places in the database."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

import asyncpg
from pydantic_core import to_json

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.exports import Export
from presence.domain.opening_hours import Day
from presence.domain.places import ClosingReason, Place

COLUMNS = """
    id, name, address, kind, latitude, longitude, version, neighbourhood, opening_hours, accessibility, host, capacity,
    closed_reason
"""
ADD = f"""
    with saved as (
        insert into places ({COLUMNS})
        select {COLUMNS} from json_populate_recordset(null::places, $1::json) order by lower(name), lower(address)
        on conflict (lower(name), lower(address)) where closed_reason is null do nothing returning id
    ), recorded as (
        insert into outbox (shard, topic, key, headers, body)
        select shard, topic, key, headers, body
        from unnest($2::smallint[], $3::text[], $4::text[], $5::text[], $6::bytea[]) with ordinality
            as fact(shard, topic, key, headers, body, place)
        where key in (select id::text from saved) order by place
    )
    select id from saved
"""  # noqa: S608 - COLUMNS is a constant
SAVE = """
    with saved as (
        update places as p
        set name = told.name, address = told.address, kind = told.kind, latitude = told.latitude,
            longitude = told.longitude, version = told.version, neighbourhood = told.neighbourhood,
            opening_hours = told.opening_hours, accessibility = told.accessibility, host = told.host,
            capacity = told.capacity, closed_reason = told.closed_reason
        from json_populate_recordset(null::places, $1::json) as told where p.id = told.id
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($2::smallint[], $3::text[], $4::text[], $5::text[], $6::bytea[])
"""
THE_SAME = """
    select id from places where lower(name) = lower($1) and lower(address) = lower($2) and closed_reason is null
"""
LOCK_SAME = """
    select told.number, p.*
    from unnest($1::text[], $2::text[]) with ordinality as told(name, address, number)
    join places as p
        on lower(p.name) = lower(told.name) and lower(p.address) = lower(told.address) and p.closed_reason is null
    order by p.id for update of p
"""
ONE = "select * from places where id = $1"
LOCK = "select * from places where id = $1 for update"
OPEN = """
    closed_reason is null and ($1::text is null or kind = $1) and ($2::text is null or neighbourhood = $2)
"""
BY_NAME = f"""
    select *, null::float8 as distance from places
    where {OPEN} and ($3::uuid is null or (name, id) > (select name, id from places where id = $3))
    order by name, id limit $4
"""  # noqa: S608
AROUND = """
    select *, metres_between(latitude, longitude, $3, $4) as distance
    from places where latitude between $3 - $5::float8 / 111000 and $3 + $5::float8 / 111000
"""
"""A degree of latitude is more than 111,000 metres on a sphere of this size: the strip has the whole circle in it."""
NEAR = f"""
    with around as ({AROUND})
    select * from around
    where distance <= $5 and {OPEN}
      and ($6::uuid is null or (distance, id) > (select distance, id from around where id = $6))
    order by distance, id limit $7
"""  # noqa: S608
ALL = Export({}, f"select * from places where {OPEN} order by name, id")  # noqa: S608
ALL_NEAR = Export({}, f"select * from ({AROUND}) as around where distance <= $5 and {OPEN} order by distance, id")  # noqa: S608


async def add(tx: Transaction, places: Sequence[Place], facts: Sequence[Fact]) -> set[UUID]:
    """Add places with their facts; the ids of those added.

    One whose name and address are there already is passed by, with its facts.
    """
    return {row["id"] for row in await tx.fetch(ADD, _json(places), *tx.outbox(facts))}


async def save(tx: Transaction, places: Sequence[Place], facts: Sequence[Fact]) -> None:
    """Save locked places with their facts.

    Raises asyncpg.UniqueViolationError where another place has that name and address.
    """
    await tx.execute(SAVE, _json(places), *tx.outbox(facts))


async def the_same(tx: Transaction, place: Place) -> UUID:
    """The id of the place with this name and address."""
    found: UUID = await tx.fetchval(THE_SAME, place.name, place.address)
    return found


async def lock_same(tx: Transaction, places: Collection[Place]) -> dict[int, Place]:
    """The open places of the same names and addresses, locked, by the index of whom they are the same as."""
    rows = await tx.fetch(LOCK_SAME, [place.name for place in places], [place.address for place in places])
    return {row["number"] - 1: place_of(row) for row in rows}


async def one(tx: Transaction, place_id: UUID) -> asyncpg.Record | None:
    """A place, if it is there."""
    return await tx.fetchrow(ONE, place_id)


async def lock(tx: Transaction, place_id: UUID) -> Place | None:
    """A place, locked until the transaction ends."""
    row = await tx.fetchrow(LOCK, place_id)
    return None if row is None else place_of(row)


async def by_name(
    tx: Transaction, *, kind: str | None, neighbourhood: str | None, after: UUID | None, limit: int
) -> list[asyncpg.Record]:
    """Open places by name, from the one after `after`."""
    return await tx.fetch(BY_NAME, kind, neighbourhood, after, limit)


async def near(
    tx: Transaction,
    point: tuple[float, float],
    radius_m: float,
    *,
    kind: str | None,
    neighbourhood: str | None,
    after: UUID | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Open places within `radius_m` metres of a point (latitude, longitude), the nearest first, with `distance`."""
    return await tx.fetch(NEAR, kind, neighbourhood, *point, float(radius_m), after, limit)


def place_of(row: asyncpg.Record) -> Place:
    """The place a row holds."""
    return Place(
        id=row["id"],
        name=row["name"],
        address=row["address"],
        kind=row["kind"],
        latitude=row["latitude"],
        longitude=row["longitude"],
        version=row["version"],
        neighbourhood=row["neighbourhood"],
        opening_hours=_in_order_of_the_week(json.loads(row["opening_hours"])),
        accessibility=json.loads(row["accessibility"]),
        host=row["host"],
        capacity=row["capacity"],
        closed_reason=ClosingReason(row["closed_reason"]) if row["closed_reason"] else None,
    )


def _in_order_of_the_week(stored: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {day.value: tuple(stored[day]) for day in Day if day in stored}


def _json(places: Sequence[Place]) -> str:
    rows: list[dict[str, Any]] = [asdict(place) for place in places]
    return to_json(rows).decode()
