"""Members of the council in the database."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from presence.domain.members import EndReason, Kind, LeftHow, Member, Status

ADD = """
    with saved as (
        insert into council_members (id, person_id, kind, status, themes, invited_by, term_from, term_until)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (person_id) where status in ('invited', 'serving') do nothing returning id
    ), recorded as (
        insert into outbox (shard, topic, key, headers, body)
        select fact.* from unnest($9::smallint[], $10::text[], $11::text[], $12::text[], $13::bytea[]) as fact, saved
    )
    select id from saved
"""
OPEN = "select id from council_members where person_id = $1 and status in ('invited', 'serving')"
ONE = "select * from council_members where id = $1 and status not in ('declined', 'taken-back')"
LOCK = "select * from council_members where id = any($1::uuid[]) order by id for update"
SAVE = """
    with saved as (
        update council_members m
        set status = n.status, words = n.words, left_how = n.left_how, ended_why = n.ended_why, version = n.version
        from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[])
            as n(id, status, words, left_how, ended_why, version)
        where m.id = n.id
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($7::smallint[], $8::text[], $9::text[], $10::text[], $11::bytea[])
"""
BY_PERSON = "select * from council_members where person_id = $1 and status = 'serving' for share"
OF = "select * from council_members where id = any($1::uuid[])"
SERVING = """
    select id, person_id from council_members
    where status = 'serving' and term_from <= $1 and term_until > $1
      and ($2::uuid[] is null or id = any($2)) and ($3::text is null or kind = $3)
"""
LIST = """
    select * from council_members
    where status not in ('declined', 'taken-back')
      and ($1::text is null or status = $1) and ($2::text is null or kind = $2) and ($3::uuid is null or id > $3)
    order by id limit $4
"""

JOINING = """
    select session.id, session.title, session.question, session.starts_at, session.status,
           array_agg(member.id order by member.id) as member_ids
    from council_members as member join seats as seat on seat.person_id = member.person_id
    join sessions as session on session.id = seat.session_id
    where member.status = 'serving' and seat.role = 'inspirator' and seat.status in ('taken', 'checked-in')
      and session.status <> 'cancelled'
    group by session.id order by session.starts_at desc, session.id desc limit $1
"""


async def add(tx: Transaction, member: Member, facts: Sequence[Fact]) -> bool:
    """Add who is invited, with the facts; False, and nothing done, where they are invited or serve already."""
    return bool(
        await tx.fetchval(
            ADD,
            member.id,
            member.person_id,
            member.kind,
            member.status,
            list(member.themes),
            member.invited_by,
            member.term_from,
            member.term_until,
            *tx.outbox(facts),
        )
    )


async def open_membership(tx: Transaction, person: UUID) -> UUID | None:
    """The id of the membership somebody is invited to or serves in."""
    member_id: UUID | None = await tx.fetchval(OPEN, person)
    return member_id


async def one(tx: Transaction, member_id: UUID) -> Member | None:
    """A member as the public may see them; whoever never joined is not shown."""
    row = await tx.fetchrow(ONE, member_id)
    return None if row is None else member_of(row)


async def lock(tx: Transaction, member_ids: Collection[UUID]) -> dict[UUID, Member]:
    """Members that nobody else changes until the transaction ends, locked in the order of their ids."""
    return {row["id"]: member_of(row) for row in await tx.fetch(LOCK, member_ids)}


async def save(tx: Transaction, members: Sequence[Member], facts: Sequence[Fact]) -> None:
    """Save what changed of locked members, with the facts."""
    rows = [(one.id, one.status, one.words, one.left_how, one.ended_why, one.version) for one in members]
    await tx.execute(SAVE, *map(list, zip(*rows, strict=True)), *tx.outbox(facts))


async def by_person(tx: Transaction, person: UUID) -> Member | None:
    """The membership somebody has, which cannot end until the transaction does; None for who has none."""
    row = await tx.fetchrow(BY_PERSON, person)
    return None if row is None else member_of(row)


async def of(tx: Transaction, member_ids: Iterable[UUID]) -> dict[UUID, Member]:
    """Members by their ids, also those who left."""
    wanted = set(member_ids)
    return {row["id"]: member_of(row) for row in await tx.fetch(OF, wanted)} if wanted else {}


async def serving(tx: Transaction, member_ids: Iterable[UUID], now: datetime) -> set[UUID]:
    """Which of these members serve now."""
    return {row["id"] for row in await tx.fetch(SERVING, now, list(member_ids), None)}


async def core(tx: Transaction, now: datetime) -> set[UUID]:
    """The people who are in the core group now."""
    return {row["person_id"] for row in await tx.fetch(SERVING, now, None, Kind.CORE)}


async def joining(tx: Transaction, limit: int) -> list[asyncpg.Record]:
    """Sessions that members who serve join as inspirators, the latest first, for as long as seats have a person."""
    return await tx.fetch(JOINING, limit)


async def listed(
    tx: Transaction, *, status: Status | None, kind: Kind | None, after: UUID | None, limit: int
) -> list[asyncpg.Record]:
    """Members in the order in which they were invited; whoever never joined is not among them."""
    return await tx.fetch(LIST, status, kind, after, limit)


def member_of(row: asyncpg.Record) -> Member:
    """The member a row holds."""
    return Member(
        id=row["id"],
        person_id=row["person_id"],
        kind=Kind(row["kind"]),
        themes=tuple(row["themes"]),
        invited_by=row["invited_by"],
        term_from=row["term_from"],
        term_until=row["term_until"],
        status=Status(row["status"]),
        words=row["words"],
        left_how=LeftHow(row["left_how"]) if row["left_how"] else None,
        ended_why=EndReason(row["ended_why"]) if row["ended_why"] else None,
        version=row["version"],
    )
