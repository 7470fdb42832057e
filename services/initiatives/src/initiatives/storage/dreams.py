"""Where storyboards stand."""

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from initiatives.domain.dreams.filling import Offered
from initiatives.domain.dreams.storyboard import Dream, Part, Scene

SCENES = TypeAdapter(tuple[Scene, ...])
PARTS = TypeAdapter(tuple[Part, ...])

OF_INITIATIVE = "select id from dreams where initiative_id = $1"
INITIATIVE_OF = "select initiative_id from dreams where id = $1"
OF_SCENE = "select dream_id from scenes where id = $1 and not removed"
OF_PART = "select dream_id from scene_parts where id = $1 and not cleared"
OF_PARTS = "select dream_id, id from scene_parts where id = any($1::uuid[]) order by dream_id, id"
OF_CONTRIBUTIONS = "select dream_id, id from scene_parts where contribution_id = any($1::uuid[]) order by dream_id, id"
OF_SCENES = "select dream_id, id from scenes where id = any($1::uuid[]) order by dream_id, id"
OF_SCENE_ALL = "select id from scene_parts where scene_id = $1 and not cleared order by id"
NEVER_SHOWN = """
    select p.id, p.scene_id, p.contribution_id from scene_parts p
    where p.id = any($2::uuid[]) and p.cleared and not exists (
        select from dream_versions v where v.dream_id = $1
            and v.parts @> jsonb_build_array(jsonb_build_object('id', p.id, 'light', 'lit'))
    )
"""
LOCK = "select id, initiative_id, version, newest, published, succeeding from dreams where id = $1 for update"
BOARD = """
    select (
        select coalesce(json_agg(s order by s.place), '[]')::text
        from scenes s where s.dream_id = $1 and not s.removed
    ) as scenes, (
        select coalesce(json_agg(p order by p.place), '[]')::text from scene_parts p where p.dream_id = $1
    ) as parts, (
        select coalesce(array_agg(h.subject_id), '{}') from hidden h
        where h.subject_kind = 'scene' and h.subject_id in (select id from scenes where dream_id = $1)
    ) as hidden
"""
SAVE = """
    with dream as (
        insert into dreams (id, initiative_id, version, newest, published, succeeding, opened_at, changed_at)
        values ($6, $7, $8, $9, $10, $11, $12, $12)
        on conflict (id) do update set
            version = excluded.version, newest = excluded.newest, published = excluded.published,
            succeeding = excluded.succeeding, changed_at = excluded.changed_at
    ), shown as (
        insert into scenes (id, dream_id, place, heading, question, experience, heading_english)
        select s.id, $6, s.place, s.heading, s.question, s.experience, s.heading_english
        from unnest($13::uuid[], $14::text[], $15::text[], $16::text[], $17::text[]) with ordinality
            as s(id, heading, question, experience, heading_english, place)
        on conflict (id) do update set
            place = excluded.place, heading = excluded.heading, question = excluded.question,
            experience = excluded.experience, heading_english = excluded.heading_english
    ), gone as (
        update scenes set removed = true where dream_id = $6 and not removed and id <> all($13::uuid[])
    ), filled as (
        insert into scene_parts (
            id, dream_id, place, scene_id, contribution_id, contributor_id, kind, light, named, cleared, english
        )
        select p.id, $6, p.place, p.scene_id, p.contribution_id, p.contributor_id, p.kind, p.light, p.named, p.cleared,
            p.english
        from unnest(
            $18::uuid[], $19::uuid[], $20::uuid[], $21::uuid[], $22::text[], $23::text[], $24::boolean[],
            $25::boolean[], $26::int[]
        ) with ordinality
            as p(id, scene_id, contribution_id, contributor_id, kind, light, named, cleared, english, place)
        on conflict (id) do update set
            light = excluded.light, named = excluded.named, cleared = excluded.cleared, english = excluded.english
    )
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""
OFFERED = "select id, initiative_id, kind, contributor_id, words from contributions_shown where id = $1"
TOLD = "select id, words, media_id from contributions_shown where id = any($1::uuid[])"


async def of_initiative(tx: Transaction, initiative_id: UUID) -> UUID | None:
    """The dream vision of an initiative."""
    dream_id: UUID | None = await tx.fetchval(OF_INITIATIVE, initiative_id)
    return dream_id


async def initiative_of(tx: Transaction, dream_id: UUID) -> UUID | None:
    """Whose dream vision it is; that never changes."""
    initiative_id: UUID | None = await tx.fetchval(INITIATIVE_OF, dream_id)
    return initiative_id


async def of_scene(tx: Transaction, scene_id: UUID) -> UUID | None:
    """The dream vision a scene is in."""
    dream_id: UUID | None = await tx.fetchval(OF_SCENE, scene_id)
    return dream_id


async def of_part(tx: Transaction, part_id: UUID) -> UUID | None:
    """The dream vision a part is in."""
    dream_id: UUID | None = await tx.fetchval(OF_PART, part_id)
    return dream_id


async def of_parts(tx: Transaction, part_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """These parts, cleared ones too, by the dream vision they are in, in the order to lock those."""
    return _by_dream(await tx.fetch(OF_PARTS, part_ids))


async def of_contributions(tx: Transaction, contribution_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """The parts that these contributions are or were, by the dream vision they are in, in the order to lock those."""
    return _by_dream(await tx.fetch(OF_CONTRIBUTIONS, contribution_ids))


async def of_scenes(tx: Transaction, scene_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """These scenes, those taken out too, by the dream vision they are in, in the order to lock those."""
    return _by_dream(await tx.fetch(OF_SCENES, scene_ids))


async def parts_of(tx: Transaction, scene_id: UUID) -> list[UUID]:
    """What fills a scene."""
    return [row["id"] for row in await tx.fetch(OF_SCENE_ALL, scene_id)]


async def never_shown(tx: Transaction, dream_id: UUID, part_ids: Sequence[UUID]) -> dict[UUID, tuple[UUID, UUID]]:
    """Those of these cleared parts that no version shows, each with its scene and contribution."""
    rows = await tx.fetch(NEVER_SHOWN, dream_id, part_ids)
    return {row["id"]: (row["scene_id"], row["contribution_id"]) for row in rows}


def _by_dream(rows: Sequence[asyncpg.Record]) -> dict[UUID, list[UUID]]:
    found: dict[UUID, list[UUID]] = {}
    for row in rows:
        found.setdefault(row["dream_id"], []).append(row["id"])
    return found


async def lock(tx: Transaction, dream_id: UUID) -> Dream | None:
    """A dream vision that nobody else changes until the transaction ends; its scenes are read after the lock."""
    row = await tx.fetchrow(LOCK, dream_id)
    if row is None:
        return None
    board = await tx.fetchrow(BOARD, dream_id)
    assert board is not None
    return Dream(
        **row,
        scenes=SCENES.validate_json(board["scenes"]),
        parts=PARTS.validate_json(board["parts"]),
        hidden=frozenset(board["hidden"]),
    )


async def save(tx: Transaction, dream: Dream, facts: Sequence[Fact], *, now: datetime) -> None:
    """Store a dream vision that is new or was locked, with the facts that changed it."""
    scenes, parts = dream.scenes, dream.parts
    await tx.execute(
        SAVE,
        *tx.outbox(facts),
        dream.id,
        dream.initiative_id,
        dream.version,
        dream.newest,
        dream.published,
        dream.succeeding,
        now,
        [scene.id for scene in scenes],
        [scene.heading for scene in scenes],
        [scene.question for scene in scenes],
        [scene.experience for scene in scenes],
        [scene.heading_english for scene in scenes],
        [part.id for part in parts],
        [part.scene_id for part in parts],
        [part.contribution_id for part in parts],
        [part.contributor_id for part in parts],
        [part.kind for part in parts],
        [part.light for part in parts],
        [part.named for part in parts],
        [part.cleared for part in parts],
        [part.english for part in parts],
    )


async def offered(tx: Transaction, contribution_id: UUID) -> Offered | None:
    """A contribution that everybody may read; None where there is none."""
    row = await tx.fetchrow(OFFERED, contribution_id)
    return None if row is None else Offered(**row)


async def told(tx: Transaction, contribution_ids: Sequence[UUID]) -> dict[UUID, tuple[str, UUID | None]]:
    """The words and media of those contributions that everybody may read."""
    return {row["id"]: (row["words"], row["media_id"]) for row in await tx.fetch(TOLD, contribution_ids)}


async def words(tx: Transaction, contribution_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The words of those contributions that everybody may read."""
    return {one: words for one, (words, _) in (await told(tx, contribution_ids)).items()}


def scenes_json(scenes: Sequence[Scene]) -> str:
    """Scenes as a version keeps them."""
    return json.dumps(SCENES.dump_python(tuple(scenes), mode="json"))


def parts_json(parts: Sequence[Part]) -> str:
    """Parts as a version keeps them."""
    return json.dumps(PARTS.dump_python(tuple(parts), mode="json"))
