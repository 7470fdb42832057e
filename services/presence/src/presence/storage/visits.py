"""Visits of the council in the database, and where its members are then."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from presence.domain.visits import CancelReason, DeclineReason, Side, Status, Visit

ADD = """
    with saved as (
        insert into visits (id, initiative_id, invited_by, invitation, place_id, status)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (initiative_id) where status in ('invited', 'accepted') do nothing returning id
    ), recorded as (
        insert into outbox (shard, topic, key, headers, body)
        select fact.* from unnest($7::smallint[], $8::text[], $9::text[], $10::text[], $11::bytea[]) as fact, saved
    )
    select id from saved
"""
OPEN = "select id from visits where initiative_id = $1 and status in ('invited', 'accepted')"
LOCK = "select * from visits where id = $1 for update"
SAVE = """
    with saved as (
        update visits
        set status = $2, invitation = $3, place_id = $4, member_ids = $5, starts_at = $6, ends_at = $7, reason = $8,
            cancelled_by = $9, answer = $10, report = $11, version = $12
        where id = $1
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($13::smallint[], $14::text[], $15::text[], $16::text[], $17::bytea[])
"""
NOBODY_COMES = "delete from visiting where visit_id = $1"
COME = """
    insert into visiting (visit_id, member_id, during)
    select $1, member_id, tstzrange($3, $4) from unnest($2::uuid[]) as member_id order by member_id
    on conflict do nothing returning member_id
"""
ELSEWHERE = """
    select visit_id, member_id from visiting
    where member_id = any($2::uuid[]) and during && tstzrange($3, $4) and visit_id <> $1
    order by lower(during), member_id limit 1
"""
VIEW = """
    select visit.*, initiative.title as initiative_title
    from visits as visit left join initiatives as initiative on initiative.id = visit.initiative_id
"""
ONE = f"{VIEW} where visit.id = $1"
NEWEST = f"""{VIEW}
    where ($1::uuid is null or visit.initiative_id = $1) and ($2::text is null or visit.status = $2)
      and ($3::uuid is null or visit.id < $3)
    order by visit.id desc limit $4
"""
COMING = f"""{VIEW}
    where visit.status in ('invited', 'accepted') order by visit.starts_at, visit.id limit $1
"""
DONE = f"""{VIEW}
    where visit.status in ('visited', 'reported') order by visit.starts_at desc, visit.id desc limit $1
"""
COUNTS = "select status, count(*) from visits group by status"


async def add(tx: Transaction, visit: Visit, facts: Sequence[Fact]) -> bool:
    """Add an invitation with its facts; False, and nothing done, where one of the initiative is open already."""
    return bool(
        await tx.fetchval(
            ADD,
            visit.id,
            visit.initiative_id,
            visit.invited_by,
            visit.invitation,
            visit.place_id,
            visit.status,
            *tx.outbox(facts),
        )
    )


async def open_visit(tx: Transaction, initiative_id: UUID) -> UUID | None:
    """The id of the visit of an initiative that is still to come."""
    visit_id: UUID | None = await tx.fetchval(OPEN, initiative_id)
    return visit_id


async def lock(tx: Transaction, visit_id: UUID) -> Visit | None:
    """A visit, locked until the transaction ends."""
    row = await tx.fetchrow(LOCK, visit_id)
    return None if row is None else visit_of(row)


async def save(tx: Transaction, visit: Visit, facts: Sequence[Fact]) -> None:
    """Save what changed of a locked visit, with its facts."""
    await tx.execute(
        SAVE,
        visit.id,
        visit.status,
        visit.invitation,
        visit.place_id,
        list(visit.member_ids),
        visit.starts_at,
        visit.ends_at,
        visit.reason,
        visit.cancelled_by,
        visit.answer,
        visit.report,
        visit.version,
        *tx.outbox(facts),
    )


async def hold_members(tx: Transaction, visit: Visit) -> bool:
    """Take the time of those who come to a locked visit, in place of who came before; False where one is elsewhere."""
    await tx.execute(NOBODY_COMES, visit.id)
    come = await tx.fetch(COME, visit.id, list(visit.member_ids), visit.starts_at, visit.ends_at)
    return len(come) == len(visit.member_ids)


async def free_members(tx: Transaction, visit_id: UUID) -> None:
    """Give back the time of those who would come to a locked visit."""
    await tx.execute(NOBODY_COMES, visit_id)


async def elsewhere(tx: Transaction, visit: Visit) -> tuple[UUID, UUID] | None:
    """Another visit at that time, and a member of this one who is there."""
    row = await tx.fetchrow(ELSEWHERE, visit.id, list(visit.member_ids), visit.starts_at, visit.ends_at)
    return (row["visit_id"], row["member_id"]) if row else None


async def one(tx: Transaction, visit_id: UUID) -> asyncpg.Record | None:
    """A visit with the title of its initiative, if it is there."""
    return await tx.fetchrow(ONE, visit_id)


async def newest(
    tx: Transaction, *, initiative_id: UUID | None, status: Status | None, after: UUID | None, limit: int
) -> list[asyncpg.Record]:
    """Visits, of one initiative or all, the newest invitation first."""
    return await tx.fetch(NEWEST, initiative_id, status, after, limit)


async def coming(tx: Transaction, limit: int) -> list[asyncpg.Record]:
    """Visits that are still to be, in order of time; those without one yet come last."""
    return await tx.fetch(COMING, limit)


async def done(tx: Transaction, limit: int) -> list[asyncpg.Record]:
    """Visits that took place, the latest first."""
    return await tx.fetch(DONE, limit)


async def counts(tx: Transaction) -> dict[str, int]:
    """How many visits there are in each status."""
    return {row["status"]: row["count"] for row in await tx.fetch(COUNTS)}


def visit_of(row: asyncpg.Record) -> Visit:
    """The visit a row holds."""
    status = Status(row["status"])
    return Visit(
        id=row["id"],
        initiative_id=row["initiative_id"],
        invited_by=row["invited_by"],
        invitation=row["invitation"],
        place_id=row["place_id"],
        status=status,
        member_ids=tuple(row["member_ids"]),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        reason=_reason(status, row["reason"]),
        cancelled_by=Side(row["cancelled_by"]) if row["cancelled_by"] else None,
        answer=row["answer"],
        report=row["report"],
        version=row["version"],
    )


def _reason(status: Status, code: str | None) -> DeclineReason | CancelReason | None:
    if code is None:
        return None
    return DeclineReason(code) if status is Status.DECLINED else CancelReason(code)
