"""Lone visits in the database, which itself holds that nobody is out twice."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from presence.domain.lone_visits import LoneVisit, LoneVisitStatus

ADD = """
    insert into lone_visits (id, visitor_id, colleague_id, place_id, note, back_by, status)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (visitor_id) where status <> 'returned' do nothing returning id
"""
LOCK = "select * from lone_visits where id = any($1::uuid[]) order by id for update"
SAVE = """
    with saved as (
        update lone_visits as visit
        set back_by = after.back_by, status = after.status, rings = after.rings, rang = after.rang,
            ended_at = after.ended_at, version = after.version
        from unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::integer[], $5::boolean[], $6::timestamptz[],
                    $7::integer[]) as after(id, back_by, status, rings, rang, ended_at, version)
        where visit.id = after.id
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($8::smallint[], $9::text[], $10::text[], $11::text[], $12::bytea[])
"""
DELETE = "delete from lone_visits where id = any($1::uuid[]) and status = 'returned'"
ONE = "select * from lone_visits where id = $1 and $2 in (visitor_id, colleague_id)"
OF_PERSON = """
    select * from lone_visits
    where $1 in (visitor_id, colleague_id) and ($2::uuid is null or id < $2) order by id desc limit $3
"""


async def add(tx: Transaction, visit: LoneVisit) -> bool:
    """Add a visit; False, and nothing done, where its visitor is out already."""
    values = (visit.id, visit.visitor_id, visit.colleague_id, visit.place_id, visit.note, visit.back_by, visit.status)
    return bool(await tx.fetchval(ADD, *values))


async def lock(tx: Transaction, visit_ids: Sequence[UUID]) -> list[LoneVisit]:
    """Those of these visits that are there, locked until the transaction ends."""
    return [_visit(row) for row in await tx.fetch(LOCK, visit_ids)]


async def save(tx: Transaction, visits: Sequence[LoneVisit], facts: Sequence[Fact]) -> None:
    """Save locked visits as they are now, with notices."""
    names = ("id", "back_by", "status", "rings", "rang", "ended_at", "version")
    columns = [[getattr(visit, name) for visit in visits] for name in names]
    await tx.execute(SAVE, *columns, *tx.outbox(facts))


async def delete(tx: Transaction, visit_ids: Sequence[UUID]) -> None:
    """Leave no trace of visits that ended."""
    await tx.execute(DELETE, visit_ids)


async def one(tx: Transaction, visit_id: UUID, person: UUID) -> asyncpg.Record | None:
    """A visit, if it is there and concerns this person."""
    return await tx.fetchrow(ONE, visit_id, person)


async def of_person(tx: Transaction, person: UUID, *, after: UUID | None, limit: int) -> list[asyncpg.Record]:
    """The visits somebody makes, or would be rung for; the newest first."""
    return await tx.fetch(OF_PERSON, person, after, limit)


def _visit(row: asyncpg.Record) -> LoneVisit:
    return LoneVisit(**{**row, "status": LoneVisitStatus(row["status"])})
