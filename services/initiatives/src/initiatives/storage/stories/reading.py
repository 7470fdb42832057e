"""What readers see of stories, made to JSON where the data is. A retelling is read with its original or not at all."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from initiatives.domain.stories.worth import OF_FACTS, Candidate, Happened

if TYPE_CHECKING:
    from dorpsplein.database import Connection

MOST_ON_PAGE = 10
MOST_CONSIDERED = 1_000
EXCERPT = 280

SEEN = """
    s.status = 'published' and not exists (
        select from hidden h where h.subject_kind = 'story' and h.subject_id = s.id
            or h.subject_kind = 'initiative' and h.subject_id = s.initiative_id
    )
"""
RETELLING_SEEN = """
    r.status = 'published'
    and not exists (select from hidden h where h.subject_kind = 'retelling' and h.subject_id = r.id)
"""
NAMED = "json_build_object('id', {0}, 'name', (select p.name from profiles p where p.person_id = {0}))"
MEDIA = """(
    select coalesce(json_agg(m.id order by one.place), '[]')
    from unnest({0}) with ordinality as one(id, place) join media m on m.id = one.id and m.status = 'ready'
)"""
RETELLINGS_SEEN = f"(select count(*) from retellings r where r.story_id = s.id and {RETELLING_SEEN})"  # noqa: S608
LISTED = f"""
    s.id, s.initiative_id as "initiativeId", s.title, left(s.text, {EXCERPT}) as excerpt,
    {NAMED.format("s.teller_id")} as teller, s.published_at as "publishedAt", {RETELLINGS_SEEN} as retellings
"""
ON_PAGE = f"""(
    select coalesce(json_agg(story), '[]') from (
        select {LISTED} from stories s where s.initiative_id = i.id and {SEEN}
        order by s.published_at desc, s.id desc limit {MOST_ON_PAGE}
    ) as story
)"""  # noqa: S608
"""The newest stories about the initiative `i`, for its page."""
LIST = f"""
    select "publishedAt", id, row_to_json(story)::text as document from (
        select {LISTED} from stories s
        where {SEEN} and ($1::uuid is null or s.initiative_id = $1)
            and ($2::boolean is null or $2 = ({RETELLINGS_SEEN} > 0))
            and ($3::timestamptz is null or (s.published_at, s.id) < ($3, $4::uuid))
        order by s.published_at desc, s.id desc limit $5
    ) as story
"""  # noqa: S608
ORIGINAL = f"""
    json_build_object(
        'id', s.id, 'version', s.version, 'wordsVersion', s.words_version, 'status', s.status,
        'initiative', (
            select json_build_object('id', i.id, 'title', i.title) from initiatives i where i.id = s.initiative_id
        ),
        'teller', {NAMED.format("s.teller_id")},
        'title', s.title, 'text', s.text, 'mediaIds', {MEDIA.format("s.media_ids")},
        'people', (
            select coalesce(json_agg({NAMED.format("one.id")} order by one.place), '[]')
            from unnest(s.people) with ordinality as one(id, place)
        ),
        'contributionIds', s.contribution_ids,
        'toldAt', s.told_at, 'changedAt', s.changed_at, 'publishedAt', s.published_at
    )
"""  # noqa: S608
REACH = """(
    select json_build_object(
        'people', c.people, 'mails', c.mails, 'deliveries', c.deliveries, 'measuredAt', c.measured_at
    ) from story_reach c where c.story_id = s.id
)"""
RETOLD = f"""(
    select coalesce(json_agg(
        json_build_object(
            'id', r.id, 'by', {NAMED.format("r.by_id")}, 'status', r.status, 'title', r.title, 'text', r.text,
            'mediaIds', {MEDIA.format("r.media_ids")}, 'toldAt', r.told_at, 'publishedAt', r.published_at
        ) order by r.told_at, r.id
    ), '[]')
    from retellings r where r.story_id = s.id and {{0}}
)"""  # noqa: S608
READ = f"""
    select s.version, json_build_object(
        'original', {ORIGINAL}, 'retellings', {RETOLD.format(RETELLING_SEEN)}, 'reach', {REACH}
    )::text as document
    from stories s where s.id = $1 and {SEEN}
"""  # noqa: S608
PREVIEW = f"""
    select s.version, json_build_object(
        'original', {ORIGINAL}, 'retellings', {RETOLD.format("r.status <> 'withdrawn'")}, 'reach', {REACH},
        'consents', (
            select coalesce(json_agg(
                json_build_object(
                    'id', c.id, 'person', {NAMED.format("c.person_id")}, 'use', c.use, 'status', c.status,
                    'subjectVersion', c.subject_version
                ) order by c.use, c.person_id
            ), '[]')
            from consents c
            where c.subject_kind = 'story' and c.subject_id = s.id and c.status <> 'lapsed'
                and ($2 = s.teller_id or $2 = c.person_id)
        )
    )::text as document
    from stories s
    where s.id = $1 and s.status <> 'withdrawn' and (
        $2 = s.teller_id or $2 = any(s.people) or exists (
            select from retellings r where r.story_id = s.id and r.by_id = $2 and r.status <> 'withdrawn'
        )
    )
"""  # noqa: S608
MINE = f"""
    select "toldAt", id, row_to_json(story)::text as document from (
        select s.id, s.version, s.status, s.initiative_id as "initiativeId", s.title,
            left(s.text, {EXCERPT}) as excerpt, s.told_at as "toldAt", s.published_at as "publishedAt",
            {RETELLINGS_SEEN} as retellings, {REACH} as reach
        from stories s
        where s.teller_id = $1 and ($2::timestamptz is null or (s.told_at, s.id) < ($2, $3::uuid))
        order by s.told_at desc, s.id desc limit $4
    ) as story
"""  # noqa: S608
ANSWER = f"""
    select json_build_object('original', {ORIGINAL})::text from stories s where s.id = $1
"""  # noqa: S608
HAPPENED = f"""
    select t.initiative_id, t.type, t.at from timeline t
    join initiatives i on i.id = t.initiative_id and i.status not in ('withdrawn', 'halted')
    where t.type in ({", ".join(f"'{kind}'" for kind in OF_FACTS)}) and t.at > $1
        and not exists (select from hidden h where h.subject_kind = 'initiative' and h.subject_id = i.id)
    order by t.at desc, t.id desc limit {MOST_CONSIDERED}
"""  # noqa: S608
CANDIDATES = f"""
    select s.id, s.initiative_id, s.published_at, exists (
        select from retellings r where r.story_id = s.id and r.status = 'published'
    ) as retold, not exists (
        select from unnest(s.teller_id || s.people) as asked(id)
        where not exists (
            select from consents c
            where c.subject_kind = 'story' and c.subject_id = s.id and c.person_id = asked.id
                and c.use = 'retelling' and c.status = 'given' and c.subject_version = s.words_version
        )
    ) as free
    from stories s
    where {SEEN} and (s.initiative_id = any($1::uuid[]) or s.published_at > $2)
    order by s.published_at desc, s.id desc limit {MOST_CONSIDERED}
"""  # noqa: S608
TITLES = """
    select id, title from initiatives where id = any($1::uuid[])
    union all select id, title from stories where id = any($2::uuid[])
"""


async def listed(
    connection: "Connection",
    initiative_id: UUID | None,
    retold: bool | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Public stories, newest first: `document` (JSON text) with `publishedAt` and `id` for the cursor."""
    return await connection.fetch(LIST, initiative_id, retold, *(after or (None, None)), limit)


async def read(connection: "Connection", story_id: UUID) -> asyncpg.Record | None:
    """A public story with what was retold of it and how far it came: `version` and `document` (JSON text)."""
    return await connection.fetchrow(READ, story_id)


async def preview(connection: "Connection", story_id: UUID, person_id: UUID) -> asyncpg.Record | None:
    """A story as those see it who are in it, public or not: `version` and `document`; None for anybody else."""
    return await connection.fetchrow(PREVIEW, story_id, person_id)


async def told_by(
    connection: "Connection", person_id: UUID, after: tuple[datetime, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """What somebody told, newest first: `document` (JSON text) with `toldAt` and `id` for the cursor."""
    return await connection.fetch(MINE, person_id, *(after or (None, None)), limit)


async def shown(tx: Transaction, story_id: UUID) -> dict[str, Any]:
    """A story as commands answer with it."""
    answer: dict[str, Any] = json.loads(await tx.fetchval(ANSWER, story_id))["original"]
    return answer


async def happened(connection: "Connection", since: datetime) -> list[Happened]:
    """The facts since a moment that make an initiative worth telling about, newest first."""
    return [Happened(**row) for row in await connection.fetch(HAPPENED, since)]


async def candidates(connection: "Connection", initiative_ids: Sequence[UUID], since: datetime) -> list[Candidate]:
    """The public stories about these initiatives, and those published since a moment."""
    return [Candidate(**row) for row in await connection.fetch(CANDIDATES, initiative_ids, since)]


async def titles(
    connection: "Connection", initiative_ids: Sequence[UUID], story_ids: Sequence[UUID]
) -> dict[UUID, str]:
    """The titles of initiatives and stories, by id."""
    return {row["id"]: row["title"] for row in await connection.fetch(TITLES, initiative_ids, story_ids)}
