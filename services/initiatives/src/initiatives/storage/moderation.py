"""Where decisions to hide stand, and what is hidden because of them."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
from pydantic_core import to_json

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Gone
from initiatives.domain.house_rules import Rule
from initiatives.domain.moderation import Decision, Kind, Status, Subject

if TYPE_CHECKING:
    from dorpsplein.database import Connection

LOCK = "select * from moderation_decisions where id = any($1::uuid[]) order by id for update"
STANDING = """
    select * from moderation_decisions where subject_kind = $1 and subject_id = $2 and status <> 'restored' for update
"""
SAVE = """
    with saved as (
        insert into moderation_decisions select * from json_populate_record(null::moderation_decisions, $6::json)
        on conflict (id) do update set
            version = excluded.version, status = excluded.status, appeal_words = excluded.appeal_words,
            appealed_at = excluded.appealed_at, outcome_reason = excluded.outcome_reason,
            closed_at = excluded.closed_at
    ), hides as (
        insert into hidden (subject_kind, subject_id) select $7, $8::uuid where $9 on conflict do nothing
    ), shows as (
        delete from hidden where subject_kind = $7 and subject_id = $8 and not $9
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""
LINE = """
    d.id, d.version, d.subject_kind as "subjectKind", d.subject_id as "subjectId", d.initiative_id as "initiativeId",
    d.rule, d.reason, d.status, d.hidden_at as "hiddenAt", d.appeal_until as "appealUntil",
    d.appealed_at as "appealedAt", d.outcome_reason as "outcomeReason", d.closed_at as "closedAt"
"""
ONE = f"""
    select row_to_json(line)::text from (select {LINE} from moderation_decisions d where d.id = $1) as line
"""  # noqa: S608
LOG = f"""
    select "hiddenAt" as at, id, row_to_json(line)::text as document from (
        select {LINE} from moderation_decisions d
        where ($1::text is null or d.subject_kind = $1)
            and ($2::timestamptz is null or (d.hidden_at, d.id) < ($2, $3::uuid))
        order by d.hidden_at desc, d.id desc limit $4
    ) as line
"""  # noqa: S608
OF_AUTHOR = f"""
    select "hiddenAt" as at, id, row_to_json(line)::text as document from (
        select {LINE}, d.appeal_words as "appealWords" from moderation_decisions d
        where d.authors @> array[$1::uuid] and ($2::timestamptz is null or (d.hidden_at, d.id) < ($2, $3::uuid))
        order by d.hidden_at desc, d.id desc limit $4
    ) as line
"""  # noqa: S608
APPEALS = """
    select * from moderation_decisions
    where status = 'appealed' and ($1::timestamptz is null or (appealed_at, id) > ($1, $2::uuid))
    order by appealed_at, id limit $3
"""
WHY_HIDDEN = """
    select d.id, d.rule, d.reason from hidden h
    join moderation_decisions d using (subject_kind, subject_id)
    where h.subject_kind = $1 and h.subject_id = $2 and d.status <> 'restored'
"""


async def lock(tx: Transaction, decision_ids: Sequence[UUID]) -> dict[UUID, Decision]:
    """Decisions that nobody else changes until the transaction ends, locked in the order of their ids."""
    return {row["id"]: decision_of(row) for row in await tx.fetch(LOCK, decision_ids)}


async def standing(tx: Transaction, subject: Subject) -> Decision | None:
    """The decision by which something is hidden now, locked."""
    row = await tx.fetchrow(STANDING, subject.kind, subject.id)
    return None if row is None else decision_of(row)


async def save(tx: Transaction, decision: Decision, facts: Sequence[Fact]) -> None:
    """Store a decision with its facts; its subject is hidden or shown from this statement on."""
    stored = asdict(decision)
    subject = stored.pop("subject")
    stored |= {"subject_kind": subject["kind"], "subject_id": subject["id"], "initiative_id": subject["initiative_id"]}
    stored |= {"authors": _array(decision.subject.authors), "involved": _array(decision.involved)}
    await tx.execute(
        SAVE,
        *tx.outbox(facts),
        to_json(stored).decode(),
        decision.subject.kind,
        decision.subject.id,
        decision.hides,
    )


async def shown(tx: "Transaction | Connection", decision_id: UUID) -> str | None:
    """A line of the log as JSON text; None when there is none."""
    line: str | None = await tx.fetchval(ONE, decision_id)
    return line


async def log(
    connection: "Connection", kind: Kind | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """The public log, newest first: `document` (JSON text) with `at` and `id` for the cursor."""
    return await connection.fetch(LOG, kind, *(after or (None, None)), limit)


async def of_author(
    connection: "Connection", person: UUID, after: tuple[datetime, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """What was decided on somebody's own, newest first, with what they wrote in appeal; as `log`."""
    return await connection.fetch(OF_AUTHOR, person, *(after or (None, None)), limit)


async def appeals(tx: Transaction, after: tuple[datetime, UUID] | None, limit: int) -> list[Decision]:
    """Appeals that wait for an answer, the oldest first."""
    return [decision_of(row) for row in await tx.fetch(APPEALS, *(after or (None, None)), limit)]


async def refuse_hidden(connection: "Connection | Transaction", kind: str, subject_id: UUID) -> None:
    """Raises Gone("hidden") with the rule, the reason and where the log is, for what moderation hides."""
    row = await connection.fetchrow(WHY_HIDDEN, kind, subject_id)
    if row is not None:
        raise Gone(
            "hidden",
            "This was taken from view by a house rule; the public moderation log says why.",
            rule=row["rule"],
            reason=row["reason"],
            log=f"/v1/moderation/decisions/{row['id']}",
        )


def decision_of(row: asyncpg.Record) -> Decision:
    """A decision as it is stored."""
    return Decision(
        id=row["id"],
        version=row["version"],
        status=Status(row["status"]),
        subject=Subject(Kind(row["subject_kind"]), row["subject_id"], row["initiative_id"], frozenset(row["authors"])),
        rule=Rule(row["rule"]),
        reason=row["reason"],
        moderator_id=row["moderator_id"],
        hidden_at=row["hidden_at"],
        appeal_until=row["appeal_until"],
        involved=frozenset(row["involved"]),
        appeal_words=row["appeal_words"],
        appealed_at=row["appealed_at"],
        outcome_reason=row["outcome_reason"],
        closed_at=row["closed_at"],
    )


def _array(people: frozenset[UUID]) -> list[UUID]:
    return sorted(people)
