"""Seats in the database. Whoever changes one has locked its session before."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from presence.domain.seating import Seating
from presence.domain.seats import Seat, SeatRole, SeatStatus
from presence.storage.sessions import session_of

LOCK = """
    select * from sessions
    where id in (select unnest($1::uuid[]) union select session_id from seats where id = any($2::uuid[]))
    order by id for update
"""
ABOUT = """
    with about as (
        select * from seats where id = any($2::uuid[])
        union
        select * from seats where person_id = any($3::uuid[]) and session_id = any($1) and status <> 'given-up'
        union
        select * from seats where code_hash = any($4::bytea[]) and session_id = any($1)
        union
        select * from seats where $5 and session_id = any($1) and status = 'taken'
    )
    select session.id as of_session, coalesce(latest.number, 0) as last, about.*, (
        select count(*) from seats
        where session_id = session.id and code_hash is not null and status in ('taken', 'checked-in')
    ) as unnamed
    from unnest($1::uuid[]) as session(id)
    left join lateral (
        select number from seats where session_id = session.id order by number desc limit 1
    ) as latest on true
    left join about on about.session_id = session.id
    order by about.number
"""
WAITING = """
    select waiting.* from unnest($1::uuid[]) as session(id) cross join lateral (
        select * from seats where session_id = session.id and status = 'waiting' order by number limit $2
    ) as waiting order by waiting.number
"""
SAVE = """
    with saved as (
        update sessions as session
        set status = changed.status, capacity = changed.capacity, taken = changed.taken, waiting = changed.waiting,
            version = changed.version,
            changed_at = case session.version when changed.version then session.changed_at else $6 end
        from unnest($7::uuid[], $8::text[], $9::int[], $10::int[], $11::int[], $12::int[])
            as changed(id, status, capacity, taken, waiting, version)
        where session.id = changed.id
    ), seated as (
        insert into seats (id, session_id, number, person_id, code_hash, status, role)
        select id, session_id, number, person_id, code_hash, status, role
        from unnest($13::uuid[], $14::uuid[], $15::int[], $16::uuid[], $17::bytea[], $18::text[], $19::text[])
            as changed(id, session_id, number, person_id, code_hash, status, role)
        order by number
        on conflict (id) do update set status = excluded.status, role = excluded.role
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""
POSITIONS = """
    select mine.id, (
        select count(*) from seats as before
        where before.session_id = mine.session_id and before.status = 'waiting' and before.number <= mine.number
    ) as position
    from seats as mine where mine.id = any($1::uuid[]) and mine.status = 'waiting'
"""
PEOPLE = "select session_id, person_id from seats where session_id = any($1::uuid[]) and status = any($2::text[])"
OF_PERSON = """
    select seat.*, session.title, session.question, session.starts_at, session.ends_at,
           session.status as session_status
    from seats as seat join sessions as session on session.id = seat.session_id
    where seat.person_id = $1 and ($2::uuid is null or seat.session_id = $2)
      and ($3::uuid is null or seat.id < $3)
    order by seat.id desc limit $4
"""
OF_SESSION = """
    select id, person_id, status, role from seats
    where session_id = $1
      and ($2::uuid is null or number > (select number from seats where id = $2 and session_id = $1))
    order by number limit $3
"""
IS_SCRIBE = """
    select exists (
        select from seats
        where session_id = $1 and person_id = $2 and role = 'scribe' and status in ('taken', 'checked-in')
    )
"""
FORGET = "update seats set person_id = null, code_hash = null where session_id = any($1::uuid[])"


async def lock(
    tx: Transaction,
    sessions: Iterable[UUID],
    *,
    seats: Iterable[UUID] = (),
    people: Iterable[UUID] = (),
    codes: Iterable[bytes] = (),
    absent: bool = False,
    frees: int | None = 0,
) -> dict[UUID, Seating]:
    """The seatings of these sessions and of these seats', locked until the transaction ends, by session.

    Each has the seats that are asked for, by id, of people and of codes; with `absent` those of who has not checked in
    too; and the first `frees` who wait (None: all).
    """
    wanted = list(seats)
    locked = {row["id"]: session_of(row) for row in await tx.fetch(LOCK, list(sessions), wanted)}
    about = await tx.fetch(ABOUT, list(locked), wanted, list(people), list(codes), absent)
    waiting = await tx.fetch(WAITING, list(locked), frees) if frees != 0 else []
    counts = {row["of_session"]: (row["last"], row["unnamed"]) for row in about}
    known: dict[UUID, dict[UUID, Seat]] = {session_id: {} for session_id in locked}
    for row in sorted([*(row for row in about if row["id"]), *waiting], key=lambda row: int(row["number"])):
        known[row["session_id"]][row["id"]] = seat_of(row)
    queues: dict[UUID, list[UUID]] = {session_id: [] for session_id in locked}
    for row in waiting:
        queues[row["session_id"]].append(row["id"])
    return {
        session_id: Seating(session, known[session_id], queues[session_id], *counts[session_id])
        for session_id, session in locked.items()
    }


async def save(tx: Transaction, seatings: Sequence[Seating], facts: Sequence[Fact], now: datetime) -> None:
    """Save what changed of locked seatings, with the facts."""
    sessions = [seating.session for seating in seatings]
    seats = [seating.seats[seat_id] for seating in seatings for seat_id in seating.changed]
    await tx.execute(
        SAVE,
        *tx.outbox(facts),
        now,
        [session.id for session in sessions],
        [session.status for session in sessions],
        [session.capacity for session in sessions],
        [session.taken for session in sessions],
        [session.waiting for session in sessions],
        [session.version for session in sessions],
        [seat.id for seat in seats],
        [seat.session_id for seat in seats],
        [seat.number for seat in seats],
        [seat.person_id for seat in seats],
        [seat.code_hash for seat in seats],
        [seat.status for seat in seats],
        [seat.role for seat in seats],
    )


async def positions(tx: Transaction, seat_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How far on the waiting list these are, from 1; those that do not wait are passed by."""
    return {row["id"]: row["position"] for row in await tx.fetch(POSITIONS, seat_ids)} if seat_ids else {}


async def people(
    tx: Transaction, session_ids: Iterable[UUID], statuses: Iterable[SeatStatus]
) -> list[tuple[UUID, UUID | None]]:
    """Whose the seats of these sessions in one of these statuses are, each with its session; None has no name."""
    rows = await tx.fetch(PEOPLE, list(session_ids), list(statuses))
    return [(row["session_id"], row["person_id"]) for row in rows]


async def of_person(
    tx: Transaction, person: UUID, *, session_id: UUID | None = None, after: UUID | None = None, limit: int = 1
) -> list[asyncpg.Record]:
    """Somebody's seats, of one session or all, with their sessions; the latest first."""
    return await tx.fetch(OF_PERSON, person, session_id, after, limit)


async def of_session(tx: Transaction, session_id: UUID, *, after: UUID | None, limit: int) -> list[asyncpg.Record]:
    """The seats of a session in the order in which they were asked for."""
    return await tx.fetch(OF_SESSION, session_id, after, limit)


async def is_scribe(tx: Transaction, session_id: UUID, person: UUID) -> bool:
    """Tell whether somebody writes down what a session yields."""
    return bool(await tx.fetchval(IS_SCRIBE, session_id, person))


async def forget(tx: Transaction, session_ids: Sequence[UUID]) -> None:
    """Forget whose the seats of these sessions were."""
    await tx.execute(FORGET, session_ids)


def seat_of(row: asyncpg.Record) -> Seat:
    """The seat a row holds."""
    return Seat(
        id=row["id"],
        session_id=row["session_id"],
        number=row["number"],
        person_id=row["person_id"],
        code_hash=row["code_hash"],
        status=SeatStatus(row["status"]),
        role=SeatRole(row["role"]),
    )
