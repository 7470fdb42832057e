"""Where reports stand."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from initiatives.domain.house_rules import Rule
from initiatives.domain.moderation import Kind, Subject
from initiatives.domain.reports import Report, Status

if TYPE_CHECKING:
    from dorpsplein.database import Connection

ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtext('report'), hashtext($1::uuid::text))"
MADE_SINCE = "select count(*) from reports where reporter_id = $1 and made_at > $2"
ADD = """
    with added as (
        insert into reports (
            id, version, status, subject_kind, subject_id, initiative_id, rule, words, reporter_id, made_at
        ) values ($6, 1, 'open', $7, $8, $9, $10, $11, $12, $13)
        on conflict (subject_kind, subject_id, reporter_id) do nothing returning id
    ), told as (
        insert into outbox (shard, topic, key, headers, body)
        select o.* from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[]) as o, added
    )
    select id from added
"""
LOCK_WITH_LIKE = """
    select r.* from reports r join reports asked on asked.id = $1
        and asked.subject_kind = r.subject_kind and asked.subject_id = r.subject_id
    where r.status = 'open' or r.id = $1 order by r.id for update of r
"""
SAVE = """
    with saved as (
        update reports r set version = c.version, status = c.status, reason = c.reason, decision_id = c.decision_id,
            decided_at = $11
        from unnest($6::uuid[], $7::bigint[], $8::text[], $9::text[], $10::uuid[])
            as c(id, version, status, reason, decision_id)
        where r.id = c.id
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""
QUEUE = """
    select * from reports
    where status = 'open' and ($1::timestamptz is null or (made_at, id) > ($1, $2::uuid)) order by made_at, id limit $3
"""
OF_REPORTER = """
    select "madeAt" as at, id, row_to_json(shown)::text as document from (
        select r.id, r.version, r.subject_kind as "subjectKind", r.subject_id as "subjectId", r.rule, r.words,
            r.status, r.reason, r.decision_id as "decisionId", r.made_at as "madeAt"
        from reports r
        where r.reporter_id = $1 and ($2::timestamptz is null or (r.made_at, r.id) < ($2, $3::uuid))
        order by r.made_at desc, r.id desc limit $4
    ) as shown
"""


async def made_today(tx: Transaction, person: UUID, now: datetime) -> int:
    """How many reports somebody made in the last 24 hours; they make no other until the transaction ends."""
    await tx.execute(ONE_AT_A_TIME, person)
    made: int = await tx.fetchval(MADE_SINCE, person, now - timedelta(days=1))
    return made


async def add(tx: Transaction, report: Report, words: str, facts: Sequence[Fact], now: datetime) -> bool:
    """Store a report with its facts; False, and nothing stored, where the person reported the same before."""
    subject = report.subject
    added = await tx.fetchval(
        ADD,
        *tx.outbox(facts),
        report.id,
        subject.kind,
        subject.id,
        subject.initiative_id,
        report.rule,
        words,
        report.reporter_id,
        now,
    )
    return added is not None


async def lock_with_like(tx: Transaction, report_id: UUID) -> list[Report]:
    """A report and the open ones of the same thing, which nobody else decides on until the transaction ends."""
    return [report_of(row) for row in await tx.fetch(LOCK_WITH_LIKE, report_id)]


async def save(tx: Transaction, reports: Sequence[Report], facts: Sequence[Fact], now: datetime) -> None:
    """Store what was decided on reports that were locked, with their facts."""
    await tx.execute(
        SAVE,
        *tx.outbox(facts),
        [one.id for one in reports],
        [one.version for one in reports],
        [one.status for one in reports],
        [one.reason for one in reports],
        [one.decision_id for one in reports],
        now,
    )


async def queue(tx: Transaction, after: tuple[datetime, UUID] | None, limit: int) -> list[asyncpg.Record]:
    """Reports that wait for a decision, the oldest first, as rows."""
    return await tx.fetch(QUEUE, *(after or (None, None)), limit)


async def of_reporter(
    connection: "Connection", person: UUID, after: tuple[datetime, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """Somebody's own reports, newest first: `document` (JSON text) with `at` and `id` for the cursor."""
    return await connection.fetch(OF_REPORTER, person, *(after or (None, None)), limit)


def report_of(row: asyncpg.Record) -> Report:
    """A report as it is stored; whose its subject is stands with the subject itself."""
    return Report(
        id=row["id"],
        version=row["version"],
        status=Status(row["status"]),
        subject=Subject(Kind(row["subject_kind"]), row["subject_id"], row["initiative_id"]),
        rule=Rule(row["rule"]),
        reporter_id=row["reporter_id"],
        reason=row["reason"],
        decision_id=row["decision_id"],
    )
