"""Stories with their retellings, to be locked, changed and saved."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from initiatives.domain.stories.story import Retelling, RetellingStatus, Status, Story, Words

LOCK = "select * from stories where id = $1 for update"
RETELLINGS = "select * from retellings where story_id = $1 and status <> 'withdrawn' order by told_at, id"
SAVE = """
    with saved as (
        insert into stories (
            id, version, words_version, status, initiative_id, teller_id, title, text, media_ids, people,
            contribution_ids, told_at, changed_at, published_at
        )
        values (
            $6, $7, $8, $9::text, $10, $11, $12, $13, $14, $15, $16, $17::timestamptz, $17,
            case when $9::text = 'published' then $17 end
        )
        on conflict (id) do update set
            version = excluded.version, words_version = excluded.words_version, status = excluded.status,
            title = excluded.title, text = excluded.text, media_ids = excluded.media_ids, people = excluded.people,
            contribution_ids = excluded.contribution_ids, changed_at = excluded.changed_at,
            published_at = case when excluded.status = 'published'
                then coalesce(stories.published_at, excluded.published_at) end
        returning id
    ), retold as (
        insert into retellings (id, story_id, by_id, status, title, text, media_ids, told_at, published_at)
        select r.id, saved.id, r.by_id, r.status, r.title, r.text, r.media_ids::uuid[], $17,
            case when r.status = 'published' then $17 end
        from saved, unnest($18::uuid[], $19::uuid[], $20::text[], $21::text[], $22::text[], $23::text[])
            as r(id, by_id, status, title, text, media_ids)
        on conflict (id) do update set
            status = excluded.status, title = excluded.title, text = excluded.text, media_ids = excluded.media_ids,
            published_at = case when excluded.status = 'published'
                then coalesce(retellings.published_at, excluded.published_at) end
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""
EXISTS = "select exists (select from initiatives where id = $1)"
HIDDEN = """
    select exists (
        select from hidden where subject_kind = 'story' and subject_id = $1
            or subject_kind = 'initiative' and subject_id = $2
    )
"""
USABLE = """
    select o.id from offered o
    where o.id = any($2::uuid[]) and o.status in ('offered', 'placed', 'used')
        and (o.initiative_id = $1 or exists (select from initiatives i where i.id = o.initiative_id and i.into_id = $1))
"""
READY = "select id from media where id = any($1::uuid[]) and status = 'ready' order by id for share"


async def lock(tx: Transaction, story_id: UUID) -> Story | None:
    """A story that nobody else changes until the transaction ends, with its live retellings; None if there is none."""
    row = await tx.fetchrow(LOCK, story_id)
    if row is None:
        return None
    return _story(row, await tx.fetch(RETELLINGS, story_id))


async def save(tx: Transaction, story: Story, facts: Sequence[Fact], *, now: datetime) -> None:
    """Store a story and its retellings with what happened to them."""
    words, retellings = story.words, story.retellings
    await tx.execute(
        SAVE,
        *tx.outbox(facts),
        story.id,
        story.version,
        story.words_version,
        story.status,
        story.initiative_id,
        story.teller_id,
        words.title if words else None,
        words.text if words else None,
        words.media_ids if words else (),
        story.people,
        story.contribution_ids,
        now,
        [one.id for one in retellings],
        [one.by_id for one in retellings],
        [one.status for one in retellings],
        [one.words.title if one.words else None for one in retellings],
        [one.words.text if one.words else None for one in retellings],
        ["{" + ",".join(map(str, one.words.media_ids if one.words else ())) + "}" for one in retellings],
    )


async def initiative_exists(tx: Transaction, initiative_id: UUID) -> bool:
    """Whether there is such an initiative."""
    return bool(await tx.fetchval(EXISTS, initiative_id))


async def is_hidden(tx: Transaction, story: Story) -> bool:
    """Whether moderation has taken a story, or its initiative, from view."""
    return bool(await tx.fetchval(HIDDEN, story.id, story.initiative_id))


async def usable(tx: Transaction, initiative_id: UUID, contribution_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these contributions were brought in for an initiative, or for one that joined it, and still stand."""
    return {row["id"] for row in await tx.fetch(USABLE, initiative_id, contribution_ids)}


async def ready(tx: Transaction, media_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these media are still there; nobody removes them until the transaction ends."""
    return {row["id"] for row in await tx.fetch(READY, media_ids)}


def _story(row: asyncpg.Record, retellings: Sequence[asyncpg.Record]) -> Story:
    status = Status(row["status"])
    return Story(
        id=row["id"],
        initiative_id=row["initiative_id"],
        teller_id=row["teller_id"],
        words=None if status == Status.WITHDRAWN else Words(row["title"], row["text"], tuple(row["media_ids"])),
        people=tuple(row["people"]),
        contribution_ids=tuple(row["contribution_ids"]),
        version=row["version"],
        words_version=row["words_version"],
        status=status,
        published_at=row["published_at"],
        retellings=tuple(
            Retelling(
                one["id"],
                one["by_id"],
                Words(one["title"], one["text"], tuple(one["media_ids"])),
                RetellingStatus(one["status"]),
                one["published_at"],
            )
            for one in retellings
        ),
    )
