"""Places in the database."""

from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from presence.domain.places import Place

ADD = """
    with saved as (
        insert into places (id, name, address, kind, latitude, longitude)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (lower(name), lower(address)) where closed_reason is null do nothing returning id
    ), recorded as (
        insert into outbox (shard, topic, key, headers, body)
        select fact.* from unnest($7::smallint[], $8::text[], $9::text[], $10::text[], $11::bytea[]) as fact, saved
    )
    select id from saved
"""
THE_SAME = """
    select id from places where lower(name) = lower($1) and lower(address) = lower($2) and closed_reason is null
"""
ONE = "select * from places where id = $1"
BY_NAME = """
    select *, null::float8 as distance from places
    where ($1::text is null or kind = $1)
      and ($2::uuid is null or (name, id) > (select name, id from places where id = $2))
    order by name, id limit $3
"""
NEAR = """
    with around as (
        select *, earth_distance(ll_to_earth(latitude, longitude), ll_to_earth($4, $5)) as distance
        from places where earth_box(ll_to_earth($4, $5), $6) @> ll_to_earth(latitude, longitude)
    )
    select * from around
    where distance <= $6 and ($1::text is null or kind = $1)
      and ($2::uuid is null or (distance, id) > (select distance, id from around where id = $2))
    order by distance, id limit $3
"""


async def add(tx: Transaction, place: Place, facts: list[Fact]) -> bool:
    """Add a place with its facts; False, and nothing done, where its name and address are there already."""
    columns = tx.outbox(facts)
    return bool(
        await tx.fetchval(
            ADD, place.id, place.name, place.address, place.kind, place.latitude, place.longitude, *columns
        )
    )


async def the_same(tx: Transaction, place: Place) -> UUID:
    """The id of the place with this name and address."""
    found: UUID = await tx.fetchval(THE_SAME, place.name, place.address)
    return found


async def one(tx: Transaction, place_id: UUID) -> asyncpg.Record | None:
    """A place, if it is there."""
    return await tx.fetchrow(ONE, place_id)


async def by_name(tx: Transaction, *, kind: str | None, after: UUID | None, limit: int) -> list[asyncpg.Record]:
    """Places by name, from the one after `after`."""
    return await tx.fetch(BY_NAME, kind, after, limit)


async def near(
    tx: Transaction,
    point: tuple[float, float],
    radius_m: float,
    *,
    kind: str | None,
    after: UUID | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Places within `radius_m` metres of a point (latitude, longitude), the nearest first, with `distance`."""
    return await tx.fetch(NEAR, kind, after, limit, *point, radius_m)
