"""What readers see of dream visions, made to JSON where the data is.

Words are read where they stand and only of what is lit now, so that nothing that was taken back is ever shown.
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from initiatives.domain.dreams.storyboard import Part, Scene
from initiatives.domain.dreams.versions import Status, Version
from initiatives.storage.dreams import PARTS, SCENES

if TYPE_CHECKING:
    from dorpsplein.database import Connection

NOT_HIDDEN = "not exists (select from hidden h where h.subject_kind = 'scene' and h.subject_id = s.id)"
CONTRIBUTOR = "case when p.named then json_build_object('id', p.contributor_id, 'name', n.name) end"
SHOWN_PARTS = f"""
    select coalesce(json_agg(json_build_object(
        'id', p.id, 'contributionId', p.contribution_id, 'kind', p.kind, 'light', p.light,
        'words', case when p.light = 'lit' then k.words end,
        'english', case when p.light = 'lit' and k.id is not null then e.words end,
        'mediaId', case when p.light = 'lit' then k.media_id end,
        'livedExperience', case when p.light = 'lit' then k.topic end,
        'contributor', {CONTRIBUTOR}
    ) order by p.place), '[]')
    from scene_parts p
    left join contributions_shown k on k.id = p.contribution_id
    left join scene_part_english e on e.part_id = p.id
    left join profiles n on n.person_id = p.contributor_id
    where p.scene_id = s.id and not p.cleared
"""  # noqa: S608
SCENE_STATUS = """
    case when not exists (select from scene_parts p where p.scene_id = s.id and not p.cleared) then 'open'
        when exists (select from scene_parts p where p.scene_id = s.id and not p.cleared and p.light = 'lit')
        then 'filled'
        when exists (select from scene_parts p where p.scene_id = s.id and not p.cleared and p.light = 'waiting')
        then 'waiting' else 'dark' end
"""
SHOWN = f"""
    select d.version, d.initiative_id, json_build_object(
        'id', d.id, 'initiativeId', d.initiative_id, 'version', d.version, 'newestVersion', nullif(d.newest, 0),
        'publishedVersion', d.published, 'openedAt', d.opened_at,
        'scenes', (
            select coalesce(json_agg(json_build_object(
                'id', s.id, 'heading', s.heading, 'headingEnglish', s.heading_english, 'question', s.question,
                'status', {SCENE_STATUS},
                'experience', case when s.experience is not null then json_build_object(
                    'topic', s.experience, 'filled', exists (
                        select from scene_parts p join contributions_shown k on k.id = p.contribution_id
                        where p.scene_id = s.id and not p.cleared and p.light = 'lit' and k.topic = s.experience
                    )
                ) end,
                'parts', ({SHOWN_PARTS})
            ) order by s.place), '[]')
            from scenes s where s.dream_id = d.id and not s.removed and {NOT_HIDDEN}
        )
    )::text as document
    from dreams d where d.id = $1
"""  # noqa: S608
PART = f"""
    select json_build_object(
        'id', p.id, 'dreamId', p.dream_id, 'initiativeId', d.initiative_id,
        'scene', json_build_object('id', s.id, 'heading', s.heading, 'question', s.question),
        'contributionId', p.contribution_id, 'kind', p.kind, 'light', p.light, 'cleared', p.cleared,
        'words', k.words, 'english', case when p.light = 'lit' and k.id is not null then e.words end,
        'mediaId', k.media_id
    )::text
    from scene_parts p join scenes s on s.id = p.scene_id join dreams d on d.id = p.dream_id
    left join contributions_shown k on k.id = p.contribution_id
    left join scene_part_english e on e.part_id = p.id
    where p.id = $1 and {NOT_HIDDEN}
"""  # noqa: S608
RENDER = """
    select v.number as "dreamVersion", v.render_id as "renderId", v.status, v.percent, v.attempts, v.seconds,
        v.digest, v.failure, v.failed_scene as "failedScene", v.made_at as "madeAt", v.finished_at as "finishedAt",
        v.published_at as "publishedAt",
        (select coalesce(json_agg(json_build_object('sceneId', dark.key, 'reason', dark.value) order by dark.key), '[]')
            from jsonb_each_text(v.dark) as dark) as "darkScenes"
    from dream_versions v
"""
ONE_RENDER = f"select row_to_json(r)::text from ({RENDER} where v.dream_id = $1 and v.number = $2) as r"  # noqa: S608
VERSIONS = f"""
    select o.number, o.title, o.scenes, o.parts, o.status, o.render_id, o.attempts, (
        select row_to_json(r)::text from ({RENDER} where v.dream_id = o.dream_id and v.number = o.number) as r
    ) as document
    from dream_versions o
    where o.dream_id = $1 and ($2::int is null or o.number <= $2) order by o.number desc limit $3
"""  # noqa: S608
FILM = """
    select v.status, v.files, i.id as initiative_id, i.initiators
    from dream_versions v join dreams d on d.id = v.dream_id join initiatives i on i.id = d.initiative_id
    where v.dream_id = $1 and v.number = $2
"""
ABOUT = """
    select d.initiative_id, (
        select coalesce(array_agg(h.subject_id), '{}') from hidden h
        where h.subject_kind = 'scene' and h.subject_id in (select s.id from scenes s where s.dream_id = d.id)
    ) as hidden
    from dreams d where d.id = $1
"""
LIT_NOW = """
    select p.id, p.scene_id, p.kind, p.named, p.contributor_id, k.words, e.words as english, k.topic, m.description,
        b.place
    from rows from (jsonb_to_recordset(v.parts) as (id uuid, light text)) with ordinality as b(id, light, place)
    join scene_parts p on p.id = b.id and p.light = 'lit'
    join contributions_shown k on k.id = p.contribution_id
    left join scene_part_english e on e.part_id = p.id
    left join media m on m.id = k.media_id
    where b.light = 'lit'
"""
TEXT = f"""(
    select coalesce(json_agg(json_build_object(
        'sceneId', s.id, 'heading', s.heading,
        'headingEnglish', (select n.heading_english from scenes n where n.id = s.id and n.heading = s.heading),
        'dark', not exists (select from ({LIT_NOW}) as l where l.scene_id = s.id),
        'parts', (
            select coalesce(json_agg(json_build_object(
                'kind', l.kind, 'words', l.words, 'english', l.english, 'description', nullif(l.description, ''),
                'livedExperience', l.topic
            ) order by l.place), '[]') from ({LIT_NOW}) as l where l.scene_id = s.id
        )
    ) order by s.place), '[]')
    from rows from (jsonb_to_recordset(v.scenes) as (id uuid, heading text)) with ordinality as s(id, heading, place)
    where {NOT_HIDDEN}
)"""  # noqa: S608
CREDITS = f"""(
    select coalesce(json_agg(distinct n.name), '[]')
    from ({LIT_NOW}) as l join jsonb_to_recordset(v.parts) as b(id uuid, named boolean) on b.id = l.id and b.named
    join profiles n on n.person_id = l.contributor_id where l.named
)"""  # noqa: S608
FILM_LINKS = """
    case when v.status = 'published' then (
        select json_object_agg(f.name, '/v1/dreams/' || d.id || '/versions/' || v.number || '/' || f.name)
        from jsonb_object_keys(v.files) as f(name)
    ) end
"""
ON_PAGE = f"""(
    select json_build_object(
        'id', d.id,
        'version', v.number,
        'title', v.title,
        'publishedAt', v.published_at,
        'seconds', case when v.status = 'published' then v.seconds end,
        'film', {FILM_LINKS},
        'text', case when v.number is not null then {TEXT} else '[]' end,
        'credits', case when v.number is not null then {CREDITS} else '[]' end,
        'scenes', (select count(*) from scenes s where s.dream_id = d.id and not s.removed and {NOT_HIDDEN}),
        'openScenes', (
            select count(*) from scenes s where s.dream_id = d.id and not s.removed and {NOT_HIDDEN}
                and not exists (select from scene_parts p where p.scene_id = s.id and not p.cleared)
        )
    )
    from dreams d
    left join dream_versions v on v.dream_id = d.id and v.number = coalesce(d.succeeding, d.published)
    where d.initiative_id = i.id
)"""  # noqa: S608
"""The dream vision of the initiative `i`, as JSON: the version that is published or about to take its place.

Its film is null while there is none to be seen; the text says all that the film says. Null before there is a
storyboard.
"""


async def shown(tx: Transaction, dream_id: UUID) -> dict[str, Any]:
    """A storyboard as commands answer with it."""
    row = await tx.fetchrow(SHOWN, dream_id)
    assert row is not None
    answer: dict[str, Any] = json.loads(row["document"])
    return answer


async def board(connection: "Connection", dream_id: UUID) -> asyncpg.Record | None:
    """A storyboard: `version` and `document` (JSON text); None when there is none."""
    return await connection.fetchrow(SHOWN, dream_id)


async def about(connection: "Connection", dream_id: UUID) -> tuple[UUID, frozenset[UUID]] | None:
    """Whose dream vision it is, and which of its scenes are hidden; None when there is no such dream vision."""
    row = await connection.fetchrow(ABOUT, dream_id)
    return None if row is None else (row["initiative_id"], frozenset(row["hidden"]))


async def part(connection: "Connection", part_id: UUID) -> str | None:
    """A part and the scene it fills or filled, as JSON text: what its contributor is asked about. None: no such part.

    Its words are those of a contribution, which everybody may read there already.
    """
    document: str | None = await connection.fetchval(PART, part_id)
    return document


async def render(tx: Transaction, dream_id: UUID, number: int) -> dict[str, Any]:
    """A version with its render, as commands answer with it."""
    answer: dict[str, Any] = json.loads(await tx.fetchval(ONE_RENDER, dream_id, number))
    return answer


async def render_document(connection: "Connection", dream_id: UUID, number: int) -> str | None:
    """A version with its render, as JSON text; None when there is none."""
    document: str | None = await connection.fetchval(ONE_RENDER, dream_id, number)
    return document


@dataclass(frozen=True, slots=True)
class Reel:
    """How far a version is, the media of its film by what they are of it, and whose initiative it is of."""

    status: Status
    files: dict[str, UUID]
    initiative_id: UUID
    initiators: list[UUID]


async def film(connection: "Connection", dream_id: UUID, number: int) -> Reel | None:
    """The film of a version, with all that says who may see it; None when there is no such version."""
    row = await connection.fetchrow(FILM, dream_id, number)
    if row is None:
        return None
    files = {name: UUID(media_id) for name, media_id in json.loads(row["files"] or "{}").items()}
    return Reel(Status(row["status"]), files, row["initiative_id"], row["initiators"])


async def versions(
    connection: "Connection", dream_id: UUID, before: int | None, limit: int
) -> list[tuple[Version, str]]:
    """Versions below a number, newest first, each with its document (JSON text)."""
    rows = await connection.fetch(VERSIONS, dream_id, None if before is None else before - 1, limit)
    return [(_version(dream_id, row), row["document"]) for row in rows]


def _version(dream_id: UUID, row: asyncpg.Record) -> Version:
    scenes: tuple[Scene, ...] = SCENES.validate_json(row["scenes"])
    parts: tuple[Part, ...] = PARTS.validate_json(row["parts"])
    return Version(
        dream_id, row["number"], row["render_id"], row["title"], scenes, parts, Status(row["status"]), row["attempts"]
    )
