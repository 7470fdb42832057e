"""Where initiatives stand, with what they said before their edits."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from pydantic_core import to_json

from dorpsplein.database import Transaction
from dorpsplein.envelope import Cause, Event, Fact
from initiatives.domain.initiative import Content, Halt, Initiative, Spot, Status, Terms

COLUMNS = """
    id, version, status, kind, title, summary, theme, latitude, longitude, means_needed_cents, neighbourhood, answers,
    initiators, invited, threshold, supports_close_at, knob_set, reminder_days, threshold_reached, support_closed,
    channel, withdrawal_reason, pause_reason, before_status, rests_since, merge_id, into_id, halt_id, halt_ground,
    appeal_until, appealed, thanks
"""
LOCK = "select * from initiatives where id = any($1::uuid[]) order by id for update"
LOCK_AT_THRESHOLD = """
    select i.*, c.supports from initiatives i join support_counts c on c.initiative_id = i.id
    where i.id = any($1::uuid[]) and i.status = 'proposed' and not i.threshold_reached and c.supports >= i.threshold
    order by i.id for update of i
"""
INSERT = f"""
    with new as (
        select * from json_to_recordset($6::json) as n(id uuid, import_digest text)
    ), saved as (
        insert into initiatives ({COLUMNS}, import_digest, proposed_at, changed_at)
        select {COLUMNS.replace(" id,", " r.id,", 1)}, decode(n.import_digest, 'hex'), $7, $7
        from json_populate_recordset(null::initiatives, $6::json) as r join new n on n.id = r.id
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""  # noqa: S608
SAVE = f"""
    with saved as (
        update initiatives i set ({COLUMNS}, changed_at) = (
            select {COLUMNS}, $7::timestamptz from json_populate_record(null::initiatives, $6::json)
        ) where i.id = $8
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""  # noqa: S608
KEEP_VERSION = """
    insert into initiative_versions (initiative_id, version, content, edited_by, edited_at)
    values ($1, $2, $3, $4, $5)
"""
VERSIONS = """
    select version, content, edited_by, edited_at from initiative_versions
    where initiative_id = $1 and version < $2 order by version desc limit $3
"""
VERSION_FROM = """
    select version, content, edited_by, edited_at from initiative_versions
    where initiative_id = $1 and version >= $2 order by version limit 1
"""
CURRENT = "select * from initiatives where id = $1"
ONE_IMPORT_AT_A_TIME = "select pg_advisory_xact_lock(hashtext('import'), hashtext($1))"
IMPORTED = "select id, import_digest from initiatives where id = any($1::uuid[])"


@dataclass(frozen=True, slots=True)
class New:
    """An initiative that is not there yet, with its events and what it was imported from, if it was."""

    initiative: Initiative
    events: Sequence[Event]
    import_digest: bytes | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """What an initiative said before somebody edited it."""

    version: int
    content: Content
    edited_by: UUID
    edited_at: datetime


async def lock(tx: Transaction, initiative_id: UUID) -> Initiative | None:
    """An initiative that nobody else changes until the transaction ends; None when there is none."""
    return (await lock_many(tx, [initiative_id])).get(initiative_id)


async def lock_many(tx: Transaction, initiative_ids: Sequence[UUID]) -> dict[UUID, Initiative]:
    """Initiatives that nobody else changes until the transaction ends, locked in the order of their ids."""
    return {row["id"]: _initiative(row) for row in await tx.fetch(LOCK, initiative_ids)}


async def lock_at_threshold(tx: Transaction, initiative_ids: Sequence[UUID]) -> list[tuple[Initiative, int]]:
    """Those whose count is at their threshold for the first time, locked, each with its count."""
    rows = await tx.fetch(LOCK_AT_THRESHOLD, initiative_ids)
    return [(_initiative(row), row["supports"]) for row in rows]


async def insert(tx: Transaction, new: Sequence[New], *, now: datetime) -> None:
    """Store initiatives that are not there yet, with their events."""
    facts = [fact for one in new for fact in _facts(one.initiative, one.events)]
    rows = [
        _row(one.initiative) | {"import_digest": one.import_digest.hex() if one.import_digest else None} for one in new
    ]
    await tx.execute(INSERT, *tx.outbox(facts), to_json(rows).decode(), now)


async def save(
    tx: Transaction,
    initiative: Initiative,
    events: Sequence[Event],
    *,
    now: datetime,
    cause: Cause | None = None,
) -> None:
    """Store an initiative that was locked, with the events that changed it; two of them are one fact and its state."""
    facts = _facts(initiative, events, cause)
    await tx.execute(SAVE, *tx.outbox(facts), to_json(_row(initiative)).decode(), now, initiative.id)


async def keep_version(tx: Transaction, before: Initiative, edited_by: UUID, *, now: datetime) -> None:
    """Keep what an initiative said before an edit."""
    content = to_json(asdict(before.content)).decode()
    await tx.execute(KEEP_VERSION, before.id, before.version, content, edited_by, now)


async def versions(tx: Transaction, initiative_id: UUID, before: int, limit: int) -> list[Version]:
    """What an initiative said before its edits, the newest first, from below a version."""
    return [_version(row) for row in await tx.fetch(VERSIONS, initiative_id, before, limit)]


async def version_from(tx: Transaction, initiative_id: UUID, version: int) -> Version | None:
    """The first that is kept from a version on."""
    row = await tx.fetchrow(VERSION_FROM, initiative_id, version)
    return _version(row) if row else None


async def content(tx: Transaction, initiative_id: UUID) -> Content | None:
    """What an initiative says now; None when there is none."""
    row = await tx.fetchrow(CURRENT, initiative_id)
    return _initiative(row).content if row else None


async def lock_imported(tx: Transaction, source: str, initiative_ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """The digests of what was imported before, by id; another import of the source waits for this one."""
    await tx.execute(ONE_IMPORT_AT_A_TIME, source)
    return {row["id"]: row["import_digest"] for row in await tx.fetch(IMPORTED, initiative_ids)}


def _facts(initiative: Initiative, events: Sequence[Event], cause: Cause | None = None) -> list[Fact]:
    """The last fact has the initiative's version, and each before it one less; a state has that of its fact."""
    version = initiative.version - sum(not event.topic.endswith(".state") for event in events)
    facts = []
    for event in events:
        version += not event.topic.endswith(".state")
        facts.append(Fact(event, version, cause))
    return facts


def _version(row: asyncpg.Record) -> Version:
    return Version(row["version"], _content(json.loads(row["content"])), row["edited_by"], row["edited_at"])


def _row(initiative: Initiative) -> dict[str, Any]:
    content, halt = initiative.content, initiative.halt
    return {
        "id": initiative.id,
        "version": initiative.version,
        "status": initiative.status,
        "kind": content.kind,
        "title": content.title,
        "summary": content.summary,
        "theme": content.theme,
        "latitude": content.place.latitude if content.place else None,
        "longitude": content.place.longitude if content.place else None,
        "means_needed_cents": content.means_needed_cents,
        "neighbourhood": content.neighbourhood,
        "answers": content.answers,
        "initiators": initiative.initiators,
        "invited": initiative.invited,
        "threshold": initiative.threshold,
        "supports_close_at": initiative.closes_at,
        "knob_set": initiative.terms.knob_set,
        "reminder_days": initiative.terms.reminder_days,
        "threshold_reached": initiative.threshold_reached,
        "support_closed": initiative.support_closed,
        "channel": initiative.channel,
        "withdrawal_reason": initiative.withdrawal_reason,
        "pause_reason": initiative.pause_reason,
        "before_status": initiative.before,
        "rests_since": initiative.rests_since,
        "merge_id": initiative.merge_id,
        "into_id": initiative.into_id,
        "halt_id": halt.id if halt else None,
        "halt_ground": halt.ground if halt else None,
        "appeal_until": halt.appeal_until if halt else None,
        "appealed": halt is not None and halt.appealed,
        "thanks": initiative.thanks,
    }


def _initiative(row: asyncpg.Record) -> Initiative:
    halt = row["halt_id"] and Halt(row["halt_id"], row["halt_ground"], row["appeal_until"], row["appealed"])
    return Initiative(
        id=row["id"],
        version=row["version"],
        status=Status(row["status"]),
        content=_content(dict(row) | {"place": _place(row), "answers": json.loads(row["answers"])}),
        initiators=tuple(row["initiators"]),
        terms=Terms(row["threshold"], row["supports_close_at"], row["knob_set"], row["reminder_days"]),
        channel=row["channel"],
        invited=tuple(row["invited"]),
        threshold_reached=row["threshold_reached"],
        support_closed=row["support_closed"],
        withdrawal_reason=row["withdrawal_reason"],
        pause_reason=row["pause_reason"],
        before=row["before_status"] and Status(row["before_status"]),
        rests_since=row["rests_since"],
        merge_id=row["merge_id"],
        into_id=row["into_id"],
        halt=halt,
        thanks=row["thanks"],
    )


def _place(row: asyncpg.Record) -> dict[str, float] | None:
    return None if row["latitude"] is None else {"latitude": row["latitude"], "longitude": row["longitude"]}


def _content(fields: Mapping[str, Any]) -> Content:
    return Content(
        fields["title"],
        fields["summary"],
        fields["theme"],
        Spot(**fields["place"]) if fields["place"] else None,
        fields["means_needed_cents"],
        fields["neighbourhood"],
        fields["kind"],
        fields["answers"],
    )
