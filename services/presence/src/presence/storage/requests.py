"""Requests for a session in the database, and who asks along.

Who joins holds a request together with everyone else who joins (FOR KEY SHARE); whoever picks it up, withdraws it or
lets it expire holds it alone, so that nobody is joined afterwards without being told.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from presence.domain.counts import LEAST_SHOWN
from presence.domain.requests import Answering, Request, RequestStatus

ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtextextended('session requests' || $1::uuid::text, 0))"
COUNT_OPEN = "select count(*)::int from session_requests where asked_by = $1 and status = 'open'"
ADD = """
    with saved as (
        insert into session_requests (id, asked_by, question, theme, neighbourhood, latitude, longitude, initiative_id,
            status, asked_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($12::smallint[], $13::text[], $14::text[], $15::text[], $16::bytea[])
"""
LOCK = "select * from session_requests where id = any($1::uuid[]) order by id for update"
HOLD = "select id, asked_by, status from session_requests where id = any($1::uuid[]) order by id for key share"
JOININGS = "select request_id, person_id from request_joinings where request_id = any($1::uuid[])"
CHANGE_JOININGS = """
    with asked as (
        select * from unnest($1::uuid[], $2::uuid[], $3::boolean[]) as asked(request_id, person_id, joins)
    ), gone as (
        delete from request_joinings as there using asked
        where not joins and there.request_id = asked.request_id and there.person_id = asked.person_id
    )
    insert into request_joinings select request_id, person_id from asked where joins order by request_id, person_id
    on conflict do nothing
"""
SAVE = """
    with after as (
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::float8[], $5::float8[], $6::uuid[], $7::int[])
            as after(id, status, question, latitude, longitude, session_id, version)
    ), saved as (
        update session_requests as request
        set status = after.status, question = after.question, latitude = after.latitude,
            longitude = after.longitude, session_id = after.session_id, version = after.version
        from after where request.id = after.id
    ), gone as (
        delete from request_joinings using after where request_id = after.id and after.status = 'withdrawn'
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($8::smallint[], $9::text[], $10::text[], $11::text[], $12::bytea[])
"""
ANSWERING = """
    select id, host_id, starts_at, status in ('harvested', 'thanked', 'cancelled') as over
    from sessions where id = $1 for key share
"""
VIEW = """
    select request.*, joined.people as joined
    from session_requests as request
    cross join lateral (
        select count(*)::int as people from request_joinings where request_id = request.id
    ) as joined
"""
ONE = f"{VIEW} where request.id = $1"
SOME = f"{VIEW} where request.id = any($1::uuid[])"
OPEN = f"""
    with shown as (
        select request.*, case when $1 and joined >= $2 then joined else 0 end as rank
        from ({VIEW}) as request left join initiatives as initiative on initiative.id = request.initiative_id
        where request.status = 'open'
          and ($3::text is null or request.theme = $3)
          and ($4::uuid is null or request.initiative_id = $4)
          and ($5::float8 is null or metres_between(
              $5, $6, coalesce(request.latitude, initiative.latitude),
              coalesce(request.longitude, initiative.longitude)
          ) <= $7::float8)
    )
    select * from shown
    where $8::bigint is null or (rank, asked_at, id) < ($8, $9::timestamptz, $10::uuid)
    order by rank desc, asked_at desc, id desc limit $11
"""  # noqa: S608 - VIEW is a constant
OF_PERSON = f"""
    select * from ({VIEW}) as request
    where id in (
        select id from session_requests where asked_by = $1
        union all select request_id from request_joinings where person_id = $1
    ) and ($2::uuid is null or (asked_at, id) < (select asked_at, id from session_requests where id = $2))
    order by asked_at desc, id desc limit $3
"""  # noqa: S608 - VIEW is a constant


@dataclass(frozen=True, slots=True)
class Position:
    """Where in a list of open requests a page ends; `rank` is 0 unless those that most join come first."""

    rank: int
    asked_at: datetime
    id: UUID


async def count_open(tx: Transaction, person: UUID) -> int:
    """How many open requests a person has, who asks for nothing else until the transaction ends."""
    await tx.execute(ONE_AT_A_TIME, person)
    count: int = await tx.fetchval(COUNT_OPEN, person)
    return count


async def add(tx: Transaction, request: Request, facts: Sequence[Fact]) -> None:
    """Add a request with its facts."""
    await tx.execute(
        ADD,
        request.id,
        request.asked_by,
        request.question,
        request.theme,
        request.neighbourhood,
        *(request.point or (None, None)),
        request.initiative_id,
        request.status,
        request.asked_at,
        request.expires_at,
        *tx.outbox(facts),
    )


async def lock(tx: Transaction, request_ids: Collection[UUID]) -> list[Request]:
    """Those of these requests that are there, held alone until the transaction ends."""
    return [request_of(row) for row in await tx.fetch(LOCK, list(request_ids))]


async def hold(tx: Transaction, request_ids: Collection[UUID]) -> dict[UUID, tuple[UUID, RequestStatus]]:
    """Who asked these requests, and their status, which stays so until the transaction ends."""
    rows = await tx.fetch(HOLD, list(request_ids))
    return {row["id"]: (row["asked_by"], RequestStatus(row["status"])) for row in rows}


async def joinings(tx: Transaction, request_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """Who asks along with each of these requests."""
    people: dict[UUID, list[UUID]] = {request_id: [] for request_id in request_ids}
    for row in await tx.fetch(JOININGS, list(request_ids)):
        people[row["request_id"]].append(row["person_id"])
    return people


async def change_joinings(tx: Transaction, wishes: Mapping[tuple[UUID, UUID], bool]) -> None:
    """Let people join requests that are held, or leave them: `wishes` by request and person."""
    if wishes:
        requests, people = zip(*wishes, strict=True)
        await tx.execute(CHANGE_JOININGS, requests, people, list(wishes.values()))


async def save(tx: Transaction, requests: Sequence[Request], facts: Sequence[Fact]) -> None:
    """Save locked requests with their facts; whoever joined one that is withdrawn is forgotten."""
    await tx.execute(
        SAVE,
        [request.id for request in requests],
        [request.status for request in requests],
        [request.question for request in requests],
        [request.point and request.point[0] for request in requests],
        [request.point and request.point[1] for request in requests],
        [request.session_id for request in requests],
        [request.version for request in requests],
        *tx.outbox(facts),
    )


async def answering(tx: Transaction, session_id: UUID) -> Answering | None:
    """A session as an answer to a request; it stays so until the transaction ends."""
    row = await tx.fetchrow(ANSWERING, session_id)
    return None if row is None else Answering(**row)


async def one(tx: Transaction, request_id: UUID) -> asyncpg.Record | None:
    """A request with `joined`, if it is there."""
    return await tx.fetchrow(ONE, request_id)


async def some(tx: Transaction, request_ids: Sequence[UUID]) -> dict[UUID, asyncpg.Record]:
    """Those of these requests that are there, with `joined`, by their ids."""
    return {row["id"]: row for row in await tx.fetch(SOME, request_ids)}


async def open_ones(
    tx: Transaction,
    *,
    theme: str | None,
    initiative_id: UUID | None,
    around: tuple[float, float, float] | None,
    most_joined: bool,
    after: Position | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Open requests with `joined` and `rank`, the newest first, or those that most ask along with.

    `around` is (latitude, longitude, metres). Few people, who are not counted aloud, rank as none.
    """
    position = (after.rank, after.asked_at, after.id) if after else (None, None, None)
    place = around or (None, None, None)
    return await tx.fetch(OPEN, most_joined, LEAST_SHOWN, theme, initiative_id, *place, *position, limit)


async def of_person(tx: Transaction, person: UUID, *, after: UUID | None, limit: int) -> list[asyncpg.Record]:
    """Requests that a person asked or joined, the newest first."""
    return await tx.fetch(OF_PERSON, person, after, limit)


def request_of(row: asyncpg.Record) -> Request:
    """The request a row holds."""
    return Request(
        id=row["id"],
        asked_by=row["asked_by"],
        question=row["question"],
        theme=row["theme"],
        asked_at=row["asked_at"],
        expires_at=row["expires_at"],
        neighbourhood=row["neighbourhood"],
        point=None if row["latitude"] is None else (row["latitude"], row["longitude"]),
        initiative_id=row["initiative_id"],
        status=RequestStatus(row["status"]),
        session_id=row["session_id"],
        version=row["version"],
    )
