"""Series of presence slots in the database."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from presence.domain.series import Series, SeriesStatus

ADD = """
    with saved as (
        insert into presence_series
            (id, officer_id, place_id, themes, rule, starts_on, starts_at, ends_at, exceptions, announced_until, status)
        select $1, $2, place.id, $4, $5, $6, $7, $8, $9, $10, $11
        from places as place where place.id = $3 and place.closed_reason is null
        returning id
    ), recorded as (
        insert into outbox (shard, topic, key, headers, body)
        select fact.* from unnest($12::smallint[], $13::text[], $14::text[], $15::text[], $16::bytea[]) as fact, saved
    )
    select id from saved
"""
LOCK = "select * from presence_series where id = any($1::uuid[]) order by id for update"
SAVE = """
    with saved as (
        update presence_series as series
        set announced_until = after.announced_until, status = after.status, last_on = after.last_on,
            version = after.version
        from unnest($1::uuid[], $2::date[], $3::text[], $4::date[], $5::integer[])
            as after(id, announced_until, status, last_on, version)
        where series.id = after.id
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($6::smallint[], $7::text[], $8::text[], $9::text[], $10::bytea[])
"""
ONE = """
    select * from presence_series as series
    where id = $1 and (officer_id = $3 or exists (
        select from presence_slots where series_id = series.id and status in ('planned', 'arrived') and ends_at > $2
    ))
"""
OF_OFFICER = """
    select * from presence_series where officer_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3
"""


async def add(tx: Transaction, series: Series, facts: Sequence[Fact]) -> bool:
    """Add a series with its facts; False, and nothing done, where its place is unknown or closed."""
    columns = tx.outbox(facts)
    return bool(
        await tx.fetchval(
            ADD,
            series.id,
            series.officer_id,
            series.place_id,
            list(series.themes),
            series.rule,
            series.starts_on,
            series.starts_at,
            series.ends_at,
            sorted(series.exceptions),
            series.announced_until,
            series.status,
            *columns,
        )
    )


async def lock(tx: Transaction, series_ids: Sequence[UUID]) -> list[Series]:
    """Those of these series that are there, locked until the transaction ends."""
    return [_series(row) for row in await tx.fetch(LOCK, series_ids)]


async def save(tx: Transaction, all_series: Sequence[Series], facts: Sequence[Fact]) -> None:
    """Save locked series as they are now, with facts."""
    names = ("id", "announced_until", "status", "last_on", "version")
    columns = [[getattr(series, name) for series in all_series] for name in names]
    await tx.execute(SAVE, *columns, *tx.outbox(facts))


async def one(tx: Transaction, series_id: UUID, now: datetime, visitor: UUID | None) -> asyncpg.Record | None:
    """A series, if it is there and has times to come, or is the visitor's own."""
    return await tx.fetchrow(ONE, series_id, now, visitor)


async def of_officer(tx: Transaction, officer_id: UUID, *, after: UUID | None, limit: int) -> list[asyncpg.Record]:
    """An officer's series, the newest first."""
    return await tx.fetch(OF_OFFICER, officer_id, after, limit)


def _series(row: asyncpg.Record) -> Series:
    return Series(
        id=row["id"],
        officer_id=row["officer_id"],
        place_id=row["place_id"],
        themes=tuple(row["themes"]),
        rule=row["rule"],
        starts_on=row["starts_on"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        exceptions=frozenset(row["exceptions"]),
        announced_until=row["announced_until"],
        status=SeriesStatus(row["status"]),
        last_on=row["last_on"],
        version=row["version"],
    )
