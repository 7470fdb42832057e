"""Deliveries in the database: durable rows, claimed for a while, settled together."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from notifications.domain.deliveries import Delivery, Outcome, Verdict
from notifications.domain.subscriptions import ONLY_IF_NAMED, Lost
from notifications.wakeups import NEW_IN_LOG

if TYPE_CHECKING:
    from dorpsplein.database import Connection

MOST_PARKED_AT_ONCE = 1_000
MOST_REPLAYED = 10_000
STATES = {
    Verdict.DELIVERED: "delivered",
    Verdict.AGAIN: "pending",
    Verdict.GAVE_UP: "parked",
    Verdict.GONE: "dropped",
}

CLAIM = """
    with open as (
        select s.id, s.callback_url, s.secret, s.failures,
            case when s.failures > 0 then 1 else $3::int end - coalesce(b.running, 0) as room
        from subscriptions s left join unnest($1::uuid[], $2::int[]) as b(id, running) on b.id = s.id
        where s.status = 'active' and (s.resume_at is null or s.resume_at <= now())
    ), due as (
        select d.subscription_id, d.position, open.callback_url, open.secret, open.failures
        from open cross join lateral (
            select subscription_id, position, next_at from deliveries d
            where d.subscription_id = open.id and d.state = 'pending' and d.next_at <= now()
                and not exists (
                    select from deliveries earlier
                    where earlier.lane = d.lane and earlier.state = 'pending' and earlier.position < d.position
                )
            order by d.next_at, d.position limit greatest(open.room, 0)
            for update of d skip locked
        ) d
        order by d.next_at, d.position limit $4
    )
    update deliveries d set next_at = now() + make_interval(secs => $5)
    from due join log l on l.position = due.position
    where d.subscription_id = due.subscription_id and d.position = due.position
    returning d.subscription_id, d.position, d.attempts, l.event_id, l.document,
        extract(epoch from now() - d.created_at)::float8 as age_s, due.callback_url, due.secret, due.failures
"""
"""Claiming moves `next_at` ahead by a lease: a worker that dies loses the claim by itself. A later event of a
subject waits while an earlier one is pending; an endpoint that keeps failing is given one at a time."""
RELEASE = """
    update deliveries d set next_at = now() from unnest($1::uuid[], $2::bigint[]) as c(subscription_id, position)
    where d.subscription_id = c.subscription_id and d.position = c.position and d.state = 'pending'
"""
NEXT_DUE = """
    select extract(epoch from least(
        (select min(next_at) from deliveries where state = 'pending' and next_at > now()),
        (select min(resume_at) from subscriptions where status = 'active' and resume_at > now())
    ) - now())::float8
"""
SETTLE = """
    update deliveries d set
        state = o.state, attempts = d.attempts + 1, last_at = now(), last_status = o.status, last_error = o.error,
        next_at = now() + make_interval(secs => o.wait_s)
    from unnest($1::uuid[], $2::bigint[], $3::int[], $4::text[], $5::int[], $6::text[], $7::float8[])
        as o(subscription_id, position, attempts, state, status, error, wait_s)
    where d.subscription_id = o.subscription_id and d.position = o.position
        and d.attempts = o.attempts and d.state = 'pending'
    returning d.subscription_id, d.position
"""
"""Only what is still as it was claimed: an outcome that comes after its lease changes nothing."""
MARK_ENDPOINTS = """
    update subscriptions s set
        failures = case when o.failed then s.failures + 1 else 0 end,
        resume_at = case when o.failed then now() + make_interval(secs => o.wait_s) end
    from unnest($1::uuid[], $2::bool[], $3::float8[]) as o(id, failed, wait_s)
    where s.id = o.id and (o.failed or s.failures > 0)
"""
PARK_OVERDUE = """
    with overdue as (
        select subscription_id, position from deliveries
        where subscription_id = any($1::uuid[]) and state = 'pending'
            and created_at <= now() - make_interval(secs => $2)
        order by position limit $3 for update skip locked
    )
    update deliveries d set state = 'parked', last_error = coalesce(d.last_error, 'the endpoint failed all the time')
    from overdue o join log l on l.position = o.position
    where d.subscription_id = o.subscription_id and d.position = o.position
    returning d.subscription_id, l.event_id, d.attempts, d.last_status
"""
LIST = """
    select d.position, l.event_id, l.type, d.subject, d.state, d.attempts, d.created_at, d.last_at, d.last_status,
        d.last_error, case when d.state = 'pending' then d.next_at end as next_at
    from deliveries d join log l on l.position = d.position
    where d.subscription_id = $1 and ($2::bigint is null or d.position < $2) and ($3::text is null or d.state = $3)
    order by d.position desc limit $4
"""
REPLAY = f"""
    with chosen as (
        select l.position, l.subject from log l join subscriptions s on s.id = $1
        where l.position > coalesce($2::bigint, 0) and ($3::timestamptz is null or l.time >= $3)
            and l.document is not null
            and (s.types = '{{}}' and l.type <> all($5::text[]) or l.type = any(s.types))
        order by l.position limit $4
    ), queued as (
        insert into deliveries (subscription_id, position, subject) select $1, position, subject from chosen
        on conflict (subscription_id, position) do update
            set state = 'pending', attempts = 0, created_at = now(), next_at = now(), last_at = null,
                last_status = null, last_error = null
            where deliveries.state <> 'pending'
        returning position
    ), woken as ({NEW_IN_LOG}), resumed as (
        update subscriptions set failures = 0, resume_at = null where id = $1
    )
    select (select count(*) from queued) as queued, (select count(*) from chosen) as chosen,
        (select max(position) from chosen) as through, woken.* from woken
"""  # noqa: S608


async def claim(
    tx: Transaction, running: Mapping[UUID, int], *, per_endpoint: int, most: int, lease_s: float
) -> list[Delivery]:
    """Take what is due, at most `per_endpoint` at a time for each, those running counted in, and `most` in all."""
    rows = await tx.fetch(CLAIM, list(running), list(running.values()), per_endpoint, most, lease_s)
    return [Delivery(**row) for row in sorted(rows, key=lambda row: row["position"])]


async def release(tx: Transaction, deliveries: Sequence[Delivery]) -> None:
    """Give claims back, for another worker to take at once."""
    await tx.execute(RELEASE, [d.subscription_id for d in deliveries], [d.position for d in deliveries])


async def next_due_s(tx: Transaction) -> float | None:
    """Seconds until something else is due than `claim` saw in the same transaction; None when nothing waits."""
    seconds: float | None = await tx.fetchval(NEXT_DUE)
    return seconds


async def settle(tx: Transaction, outcomes: Sequence[Outcome]) -> set[tuple[UUID, int]]:
    """Write outcomes down; returns those that counted."""
    rows = await tx.fetch(
        SETTLE,
        [o.delivery.subscription_id for o in outcomes],
        [o.delivery.position for o in outcomes],
        [o.delivery.attempts for o in outcomes],
        [STATES[o.verdict] for o in outcomes],
        [o.answer.status for o in outcomes],
        [o.answer.error for o in outcomes],
        [o.wait_s for o in outcomes],
    )
    return {(row["subscription_id"], row["position"]) for row in rows}


async def mark_endpoints(tx: Transaction, failed: Mapping[UUID, float], well: Sequence[UUID]) -> None:
    """Hold off endpoints that failed, for so many seconds; forget the failures of those that answered."""
    ids = sorted({*failed, *well})
    await tx.execute(MARK_ENDPOINTS, ids, [i in failed for i in ids], [failed.get(i, 0.0) for i in ids])


async def park_overdue(tx: Transaction, subscriptions: Sequence[UUID], after_s: float) -> dict[UUID, list[Lost]]:
    """Park what has waited too long behind an endpoint that failed all the time."""
    lost: dict[UUID, list[Lost]] = {}
    for row in await tx.fetch(PARK_OVERDUE, subscriptions, after_s, MOST_PARKED_AT_ONCE):
        lost.setdefault(row["subscription_id"], []).append(Lost(row["event_id"], row["attempts"], row["last_status"]))
    return lost


async def listed(
    connection: "Connection", subscription_id: UUID, before: int | None, state: str | None, limit: int
) -> list[asyncpg.Record]:
    """The delivery log of a subscription, newest first."""
    return await connection.fetch(LIST, subscription_id, before, state, limit)


async def replay(
    tx: Transaction, subscription_id: UUID, after_position: int | None, since: datetime | None
) -> asyncpg.Record:
    """Queue what the log holds after a position or since a moment, MOST_REPLAYED at most, oldest first."""
    apart = [kind.type for kind in ONLY_IF_NAMED]
    row = await tx.fetchrow(REPLAY, subscription_id, after_position, since, MOST_REPLAYED, apart)
    assert row is not None
    return row
