"""Where contributions stand, and what readers see of them."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
from pydantic_core import to_json

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from initiatives.domain.contributions import Contribution, Kind, Status

if TYPE_CHECKING:
    from dorpsplein.database import Connection

MOST_ON_PAGE = 20

COLUMNS = """
    id, version, initiative_id, kind, origin, origin_id, person_id, anonymous, words, media_id, scene_id, session_id,
    claim_id, status, reason, answer
"""
LOCK = f"select {COLUMNS} from offered where id = any($1::uuid[]) order by id for update"  # noqa: S608
ABOUT = "select initiative_id from offered where id = $1"
SAVE = f"""
    with saved as (
        insert into offered ({COLUMNS}, offered_at, changed_at)
        select {COLUMNS}, $7, $7 from json_populate_recordset(null::offered, $6::json) order by id
        on conflict (id) do update set
            version = excluded.version, person_id = excluded.person_id, words = excluded.words,
            media_id = excluded.media_id, scene_id = excluded.scene_id, session_id = excluded.session_id,
            claim_id = excluded.claim_id, status = excluded.status, reason = excluded.reason,
            answer = excluded.answer, changed_at = excluded.changed_at
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""  # noqa: S608
ANNOUNCE = """
    insert into offered (
        id, version, initiative_id, kind, origin, origin_id, session_id, status, offered_at, changed_at
    )
    select c.id, 1, i.id, 'text', c.origin, coalesce(c.session_id, c.origin_id), c.session_id,
        'placed', c.offered_at, c.offered_at
    from contributions c join initiatives i on i.id = coalesce($2::uuid, c.initiative_id)
    where c.id = any($1::uuid[]) and c.words is not null
    order by c.id
    on conflict do nothing returning id, initiative_id, origin, origin_id, session_id, offered_at
"""
TELLERS = "select id, contributor_id from contributions where id = any($1::uuid[]) and contributor_id is not null"
WORDS_GONE = """
    select o.id from offered o join contributions c on c.id = o.id
    where o.id = any($1::uuid[]) and o.status <> 'withdrawn' and c.words is null
"""
SHOWN = """
    k.id, k.kind, k.words, k.origin, k.status, k.offered_at as at, k.reason, k.answer,
    k.media_id as "mediaId", k.scene_id as "sceneId", k.session_id as "sessionId",
    (select coalesce(s.title, s.question) from sessions s where s.id = k.session_id) as "sessionTitle",
    case when k.contributor_id is not null
        then json_build_object('id', k.contributor_id, 'name', p.name) end as contributor,
    case when k.topic is not null
        then json_build_object('topic', k.topic, 'words', k.experience) end as "livedExperience"
"""
FROM = "contributions_shown k left join profiles p on p.person_id = k.contributor_id"
ON_PAGE = f"""(
    select coalesce(json_agg(contribution), '[]') from (
        select {SHOWN} from {FROM} where k.initiative_id = i.id
        order by k.offered_at desc, k.id desc limit {MOST_ON_PAGE}
    ) as contribution
)"""  # noqa: S608
"""The newest contributions of the initiative `i`, as JSON."""
ONE = f"""
    select k.version, row_to_json(shown)::text as document
    from {FROM} cross join lateral (select k.initiative_id as "initiativeId", {SHOWN}) as shown where k.id = $1
"""  # noqa: S608
LIST = f"""
    select at, id, row_to_json(contribution)::text as document from (
        select {SHOWN} from {FROM}
        where k.initiative_id = $1 and ($2::timestamptz is null or (k.offered_at, k.id) < ($2, $3::uuid))
            and ($5::text is null or k.status = $5) and ($6::uuid is null or k.scene_id = $6)
        order by k.offered_at desc, k.id desc limit $4
    ) as contribution
"""  # noqa: S608
MINE = """
    select id from offered where person_id = $1 union all select id from contributions where contributor_id = $1
"""
OF_PERSON = f"""
    select at, id, row_to_json(mine)::text as document from (
        select o.id, o.initiative_id as "initiativeId", i.title, coalesce(k.kind, o.kind) as kind, k.words,
            o.origin, o.status, o.anonymous, h.subject_id is not null as hidden, o.reason, o.answer, o.offered_at as at
        from ({MINE}) as mine join offered o on o.id = mine.id
        left join contributions_shown k on k.id = o.id
        left join initiatives i on i.id = o.initiative_id
        left join hidden h on h.subject_kind = 'contribution' and h.subject_id = o.id
        where o.status <> 'withdrawn' and ($2::timestamptz is null or (o.offered_at, o.id) < ($2, $3::uuid))
        order by o.offered_at desc, o.id desc limit $4
    ) as mine
"""  # noqa: S608
EXISTS = "select exists (select from initiatives where id = $1)"


async def lock(tx: Transaction, contribution_ids: Sequence[UUID]) -> dict[UUID, Contribution]:
    """Contributions that nobody else changes until the transaction ends, by id; those not there are left out."""
    return {row["id"]: _contribution(row) for row in await tx.fetch(LOCK, contribution_ids)}


async def about(tx: Transaction, contribution_id: UUID) -> UUID | None:
    """The initiative a contribution was offered to, which never changes; None when there is no such contribution."""
    initiative: UUID | None = await tx.fetchval(ABOUT, contribution_id)
    return initiative


async def save(tx: Transaction, contributions: Sequence[Contribution], facts: Sequence[Fact], *, now: datetime) -> None:
    """Store contributions, new or locked before, with what happened to them."""
    rows = to_json([asdict(contribution) for contribution in contributions]).decode()
    await tx.execute(SAVE, *tx.outbox(facts), rows, now)


async def announce(
    tx: Transaction, contribution_ids: Sequence[UUID], about: UUID | None = None
) -> list[asyncpg.Record]:
    """Begin the life of what was told for known initiatives, or for `about`; returns those that had none before."""
    return await tx.fetch(ANNOUNCE, contribution_ids, about)


async def tellers(tx: Transaction, contribution_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Who told what, of those who agreed to be named."""
    return {row["id"]: row["contributor_id"] for row in await tx.fetch(TELLERS, contribution_ids)}


async def words_gone(tx: Transaction, contribution_ids: Sequence[UUID]) -> list[UUID]:
    """Those whose words were erased where they stand, while their life goes on here."""
    return [row["id"] for row in await tx.fetch(WORDS_GONE, contribution_ids)]


async def shown(tx: Transaction, contribution_id: UUID) -> dict[str, Any]:
    """A contribution as everybody sees it, with its version; nothing more than its id where nobody does."""
    row = await tx.fetchrow(ONE, contribution_id)
    if row is None:
        return {"id": str(contribution_id)}
    answer: dict[str, Any] = json.loads(row["document"])
    return answer | {"version": row["version"]}


async def newest(
    connection: "Connection",
    initiative_id: UUID,
    after: tuple[datetime, UUID] | None,
    limit: int,
    *,
    status: Status | None = None,
    scene_id: UUID | None = None,
) -> list[asyncpg.Record] | None:
    """What was brought in for an initiative, newest first: `document` (JSON text) with `at` and `id` for the cursor.

    None when there is no such initiative.
    """
    offered_at, last = after or (None, None)
    rows = await connection.fetch(LIST, initiative_id, offered_at, last, limit, status, scene_id)
    if not rows and not await connection.fetchval(EXISTS, initiative_id):
        return None
    return rows


async def of_person(
    connection: "Connection", person_id: UUID, after: tuple[datetime, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """What somebody brought in, newest first: `document` (JSON text) with `at` and `id` for the cursor."""
    return await connection.fetch(OF_PERSON, person_id, *(after or (None, None)), limit)


def _contribution(row: asyncpg.Record) -> Contribution:
    return Contribution(**{**row, "kind": Kind(row["kind"]), "status": Status(row["status"])})
