"""Sessions in the database."""

from datetime import datetime
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from presence.domain.sessions import CancelReason, Session, SessionStatus

ADD = """
    with saved as (
        insert into sessions (
            id, host_id, place_id, working_form, title, question, starts_at, ends_at, initiative_ids, themes, capacity,
            opens_at, status, version, changed_at
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($16::smallint[], $17::text[], $18::text[], $19::text[], $20::bytea[])
"""
LOCK = "select * from sessions where id = $1 for update"
SAVE = """
    with saved as (
        update sessions
        set status = $2, cancel_reason = $3, lines = $4, initiative_ids = $5, place_id = $6, starts_at = $7,
            ends_at = $8, thanks = $9, version = $10, changed_at = $11
        where id = $1
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($12::smallint[], $13::text[], $14::text[], $15::text[], $16::bytea[])
"""
VIEW = """
    select session.*, place.name as place_name, place.address as place_address
    from sessions as session left join places as place on place.id = session.place_id
"""
ONE = f"{VIEW} where session.id = $1"
FROM = f"""{VIEW}
    where ($1::uuid is null or session.initiative_ids @> array[$1::uuid])
      and ($2::timestamptz is null or session.starts_at >= $2)
      and ($3::uuid is null
           or (session.starts_at, session.id) > (select starts_at, id from sessions where id = $3))
    order by session.starts_at, session.id limit $4
"""  # noqa: S608 - VIEW is a constant


async def add(tx: Transaction, session: Session, facts: list[Fact], now: datetime) -> None:
    """Add a session with its facts."""
    await tx.execute(
        ADD,
        session.id,
        session.host_id,
        session.place_id,
        session.working_form,
        session.title,
        session.question,
        session.starts_at,
        session.ends_at,
        list(session.initiative_ids),
        list(session.themes),
        session.capacity,
        session.opens_at,
        session.status,
        session.version,
        now,
        *tx.outbox(facts),
    )


async def lock(tx: Transaction, session_id: UUID) -> Session | None:
    """A session, locked until the transaction ends."""
    row = await tx.fetchrow(LOCK, session_id)
    return None if row is None else session_of(row)


async def save(tx: Transaction, session: Session, facts: list[Fact], now: datetime) -> None:
    """Save what changed of a locked session, with its facts; its seats are saved with `storage.seats`."""
    await tx.execute(
        SAVE,
        session.id,
        session.status,
        session.cancel_reason,
        session.lines,
        list(session.initiative_ids),
        session.place_id,
        session.starts_at,
        session.ends_at,
        session.thanks,
        session.version,
        now,
        *tx.outbox(facts),
    )


async def one(tx: Transaction, session_id: UUID) -> asyncpg.Record | None:
    """A session with the name and address of its place, if it is there."""
    return await tx.fetchrow(ONE, session_id)


async def in_time(
    tx: Transaction, *, initiative_id: UUID | None, since: datetime | None, after: UUID | None, limit: int
) -> list[asyncpg.Record]:
    """Sessions in order of time, of one initiative or all, from those that start at `since`."""
    return await tx.fetch(FROM, initiative_id, since, after, limit)


def session_of(row: asyncpg.Record) -> Session:
    """The session a row holds."""
    return Session(
        id=row["id"],
        host_id=row["host_id"],
        working_form=row["working_form"],
        question=row["question"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        title=row["title"],
        place_id=row["place_id"],
        initiative_ids=tuple(row["initiative_ids"]),
        themes=tuple(row["themes"]),
        capacity=row["capacity"],
        opens_at=row["opens_at"],
        status=SessionStatus(row["status"]),
        cancel_reason=CancelReason(row["cancel_reason"]) if row["cancel_reason"] else None,
        taken=row["taken"],
        waiting=row["waiting"],
        lines=row["lines"],
        thanks=row["thanks"],
        version=row["version"],
    )
