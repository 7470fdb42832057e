"""Where initiatives stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Cause, Fact
from initiatives.domain.initiative import Content, Initiative, InitiativeEvent, Spot, Status

LOCK = "select * from initiatives where id = $1 for update"
LOCK_AT_THRESHOLD = """
    select i.*, c.supports from initiatives i join support_counts c on c.initiative_id = i.id
    where i.id = any($1::uuid[]) and i.status = 'proposed' and not i.threshold_reached and c.supports >= i.threshold
    order by i.id for update of i
"""
INSERT = """
    with saved as (
        insert into initiatives (
            id, version, status, title, summary, theme, latitude, longitude, means_needed_cents,
            neighbourhood, initiator_id, threshold, channel, import_digest, proposed_at, changed_at
        )
        select *, $20, $20 from unnest(
            $6::uuid[], $7::bigint[], $8::text[], $9::text[], $10::text[], $11::text[], $12::float8[], $13::float8[],
            $14::bigint[], $15::text[], $16::uuid[], $17::int[], $18::text[], $19::bytea[]
        )
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""
SAVE = """
    with saved as (
        update initiatives set
            version = $7, status = $8, title = $9, summary = $10, theme = $11, latitude = $12, longitude = $13,
            means_needed_cents = $14, neighbourhood = $15, threshold_reached = $16, withdrawal_reason = $17,
            changed_at = $18
        where id = $6
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""
ONE_IMPORT_AT_A_TIME = "select pg_advisory_xact_lock(hashtext('import'), hashtext($1))"
IMPORTED = "select id, import_digest from initiatives where id = any($1::uuid[])"


@dataclass(frozen=True, slots=True)
class New:
    """An initiative that is not there yet, with its events and what it was imported from, if it was."""

    initiative: Initiative
    events: Sequence[InitiativeEvent]
    import_digest: bytes | None = None


async def lock(tx: Transaction, initiative_id: UUID) -> Initiative | None:
    """An initiative that nobody else changes until the transaction ends; None when there is none."""
    row = await tx.fetchrow(LOCK, initiative_id)
    return None if row is None else _initiative(row)


async def lock_at_threshold(tx: Transaction, initiative_ids: Sequence[UUID]) -> list[tuple[Initiative, int]]:
    """Those whose count is at their threshold for the first time, locked, each with its count."""
    rows = await tx.fetch(LOCK_AT_THRESHOLD, initiative_ids)
    return [(_initiative(row), row["supports"]) for row in rows]


async def insert(tx: Transaction, new: Sequence[New], *, now: datetime) -> None:
    """Store initiatives that are not there yet, with their events."""
    facts = [fact for one in new for fact in _facts(one.initiative, one.events)]
    columns = zip(*(_columns(one) for one in new), strict=True)
    await tx.execute(INSERT, *tx.outbox(facts), *map(list, columns), now)


async def save(
    tx: Transaction,
    initiative: Initiative,
    events: Sequence[InitiativeEvent],
    *,
    now: datetime,
    cause: Cause | None = None,
) -> None:
    """Store an initiative that was locked, with the events that changed it."""
    content = initiative.content
    await tx.execute(
        SAVE,
        *tx.outbox(_facts(initiative, events, cause)),
        initiative.id,
        initiative.version,
        initiative.status,
        content.title,
        content.summary,
        content.theme,
        *_coordinates(content.place),
        content.means_needed_cents,
        content.neighbourhood,
        initiative.threshold_reached,
        initiative.withdrawal_reason,
        now,
    )


async def lock_imported(tx: Transaction, source: str, initiative_ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """The digests of what was imported before, by id; another import of the source waits for this one."""
    await tx.execute(ONE_IMPORT_AT_A_TIME, source)
    return {row["id"]: row["import_digest"] for row in await tx.fetch(IMPORTED, initiative_ids)}


def _facts(initiative: Initiative, events: Sequence[InitiativeEvent], cause: Cause | None = None) -> list[Fact]:
    return [Fact(event, initiative.version, cause) for event in events]


def _columns(new: New) -> tuple[Any, ...]:
    initiative, content = new.initiative, new.initiative.content
    return (
        initiative.id,
        initiative.version,
        initiative.status,
        content.title,
        content.summary,
        content.theme,
        *_coordinates(content.place),
        content.means_needed_cents,
        content.neighbourhood,
        initiative.initiator_id,
        initiative.threshold,
        initiative.channel,
        new.import_digest,
    )


def _coordinates(place: Spot | None) -> tuple[float | None, float | None]:
    return (place.latitude, place.longitude) if place else (None, None)


def _initiative(row: asyncpg.Record) -> Initiative:
    place = None if row["latitude"] is None else Spot(row["latitude"], row["longitude"])
    return Initiative(
        id=row["id"],
        version=row["version"],
        status=Status(row["status"]),
        content=Content(
            row["title"], row["summary"], row["theme"], place, row["means_needed_cents"], row["neighbourhood"]
        ),
        initiator_id=row["initiator_id"],
        threshold=row["threshold"],
        channel=row["channel"],
        threshold_reached=row["threshold_reached"],
        withdrawal_reason=row["withdrawal_reason"],
    )
