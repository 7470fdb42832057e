"""Subscriptions in the database."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from notifications.domain.subscriptions import Create, Subscription, SubscriptionEvent

if TYPE_CHECKING:
    from dorpsplein.database import Connection

COLUMNS = "id, owner_id, callback_url, types, description, status, end_reason, created_at, version, failures, resume_at"
OWNED = "select count(*) from subscriptions where owner_id = $1 and status = 'active'"
INSERT = f"""
    with saved as (
        insert into subscriptions (id, owner_id, callback_url, types, description, secret, version)
        values ($6, $7, $8, $9, $10, $11, 1) returning {COLUMNS}
    ), facts as (
        insert into outbox (shard, topic, key, headers, body)
        select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
    )
    select saved.*, heads.log as position from saved, heads for share of heads
"""  # noqa: S608
"""Whoever adds to the log at this moment is waited for, so that no event after the position is missed."""
LOCK = "select id, version, status from subscriptions where id = any($1::uuid[]) order by id for no key update"
SAVE = """
    with saved as (
        update subscriptions s set
            version = n.version,
            status = case when n.reason is null then s.status else 'ended' end,
            end_reason = coalesce(n.reason, s.end_reason),
            secret = case when n.reason is null then s.secret end
        from unnest($6::uuid[], $7::bigint[], $8::text[]) as n(id, version, reason) where s.id = n.id
    ), dropped as (
        update deliveries d set state = 'dropped'
        from unnest($6::uuid[], $8::text[]) as n(id, reason)
        where n.reason is not null and d.subscription_id = n.id and d.state = 'pending'
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""
ONE = f"select {COLUMNS} from subscriptions where id = $1"  # noqa: S608
LIST = f"""
    select {COLUMNS} from subscriptions
    where ($1::uuid is null or owner_id = $1) and ($2::uuid is null or id < $2) order by id desc limit $3
"""  # noqa: S608


async def owned(tx: Transaction, owner_id: UUID) -> int:
    """How many active subscriptions someone has."""
    count: int = await tx.fetchval(OWNED, owner_id)
    return count


async def insert(tx: Transaction, command: Create, events: Sequence[SubscriptionEvent]) -> asyncpg.Record:
    """Keep a new subscription; the row comes back with the log's `position` it starts after."""
    row = await tx.fetchrow(
        INSERT,
        *tx.outbox([Fact(event, sequence) for sequence, event in enumerate(events, start=1)]),
        command.id,
        command.owner_id,
        command.callback_url,
        list(command.types),
        command.description,
        command.secret,
    )
    assert row is not None
    return row


async def lock(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, Subscription]:
    """Subscriptions, locked in one order so that nobody waits in a circle."""
    rows = await tx.fetch(LOCK, ids)
    return {row["id"]: Subscription(row["id"], row["version"], row["status"] == "ended") for row in rows}


async def save(
    tx: Transaction, changed: Sequence[tuple[Subscription, Sequence[SubscriptionEvent], str | None]]
) -> None:
    """Keep changed subscriptions with what happened; a reason means that it ended, and drops what waits."""
    facts = [
        Fact(event, subscription.version - len(events) + place)
        for subscription, events, _ in changed
        for place, event in enumerate(events, start=1)
    ]
    await tx.execute(
        SAVE,
        *tx.outbox(facts),
        [subscription.id for subscription, _, _ in changed],
        [subscription.version for subscription, _, _ in changed],
        [reason for _, _, reason in changed],
    )


async def one(connection: "Connection", subscription_id: UUID) -> asyncpg.Record | None:
    """One subscription as people read it, without its secret."""
    return await connection.fetchrow(ONE, subscription_id)


async def listed(
    connection: "Connection", owner_id: UUID | None, before: UUID | None, limit: int
) -> list[asyncpg.Record]:
    """Subscriptions of one owner or of all, newest first."""
    return await connection.fetch(LIST, owner_id, before, limit)
