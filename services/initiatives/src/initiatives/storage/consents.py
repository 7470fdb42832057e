"""Where consents stand."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Transient
from initiatives.domain.consents import Consent, Status

if TYPE_CHECKING:
    from dorpsplein.database import Connection

COLUMNS = "id, subject_kind, subject_id, subject_version, initiative_id, person_id, use, status, version"
LOCK = f"select {COLUMNS} from consents where id = any($1::uuid[]) order by id for update"  # noqa: S608
LOCK_SUBJECTS = f"""
    select {COLUMNS} from consents where subject_kind = $1 and subject_id = any($2::uuid[]) order by id for update
"""  # noqa: S608
OF_SUBJECTS = f"""
    select {COLUMNS} from consents where subject_kind = $1 and subject_id = any($2::uuid[]) order by id
"""  # noqa: S608
SAVE = """
    with saved as (
        insert into consents (
            id, subject_kind, subject_id, subject_version, initiative_id, person_id, use, status, version,
            asked_at, changed_at
        )
        select *, $15, $15 from unnest(
            $6::uuid[], $7::text[], $8::uuid[], $9::int[], $10::uuid[], $11::uuid[], $12::text[], $13::text[],
            $14::bigint[]
        ) as c(id) order by id
        on conflict (id) do update set
            subject_version = excluded.subject_version, status = excluded.status, version = excluded.version,
            asked_at = case when excluded.status = 'asked' then excluded.asked_at else consents.asked_at end,
            changed_at = excluded.changed_at
        where consents.version < excluded.version
        returning id
    ), told as (
        insert into outbox (shard, topic, key, headers, body)
        select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
    )
    select count(*) from saved
"""
LIST = """
    select "askedAt", id, row_to_json(shown)::text as document from (
        select c.id, c.version, c.subject_kind as "subjectKind", c.subject_id as "subjectId",
            c.subject_version as "subjectVersion", c.use, c.status,
            json_build_object('id', c.initiative_id, 'title', i.title) as initiative,
            c.asked_at as "askedAt", c.changed_at as "changedAt",
            case c.subject_kind when 'story' then '/v1/me/stories/' || c.subject_id
                when 'scene-part' then '/v1/scene-parts/' || c.subject_id end as preview
        from consents c left join initiatives i on i.id = c.initiative_id
        where c.person_id = $1 and ($2::text is null or c.status = $2)
            and ($3::timestamptz is null or (c.asked_at, c.id) < ($3, $4::uuid))
        order by c.asked_at desc, c.id desc limit $5
    ) as shown
"""


async def lock(tx: Transaction, consent_ids: Sequence[UUID]) -> dict[UUID, Consent]:
    """Consents that nobody else changes until the transaction ends, by id; those not there are left out."""
    return {row["id"]: _consent(row) for row in await tx.fetch(LOCK, consent_ids)}


async def lock_subjects(tx: Transaction, subject_kind: str, subject_ids: Sequence[UUID]) -> list[Consent]:
    """All consents to some subjects, which nobody else changes until the transaction ends."""
    return [_consent(row) for row in await tx.fetch(LOCK_SUBJECTS, subject_kind, subject_ids)]


async def of_subjects(tx: Transaction, subject_kind: str, subject_ids: Sequence[UUID]) -> list[Consent]:
    """All consents to some subjects, as they stand."""
    return [_consent(row) for row in await tx.fetch(OF_SUBJECTS, subject_kind, subject_ids)]


async def save(tx: Transaction, consents: Sequence[Consent], facts: Sequence[Fact], *, now: datetime) -> None:
    """Store consents with what happened to them. Raises Transient where somebody asks the same at this moment."""
    stored = await tx.fetchval(
        SAVE,
        *tx.outbox(facts),
        [one.id for one in consents],
        [one.subject_kind for one in consents],
        [one.subject_id for one in consents],
        [one.subject_version for one in consents],
        [one.initiative_id for one in consents],
        [one.person_id for one in consents],
        [one.use for one in consents],
        [one.status for one in consents],
        [one.version for one in consents],
        now,
    )
    if stored != len(consents):
        raise Transient("the same consent is asked for at this moment")


async def of_person(
    connection: "Connection", person_id: UUID, status: Status | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """What somebody is asked, newest first: `document` (JSON text) with `askedAt` and `id` for the cursor."""
    asked_at, last = after or (None, None)
    return await connection.fetch(LIST, person_id, status, asked_at, last, limit)


def _consent(row: asyncpg.Record) -> Consent:
    return Consent(**{**row, "status": Status(row["status"])})
