"""What talks brought with them, beside their words: drafts that began with one, and sounds."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic_core import to_json

from dorpsplein.contracts.presence.encounters import EncounterState
from dorpsplein.database import Transaction
from initiatives.domain.drafts import Draft
from initiatives.domain.encounters import contribution_id

BEGIN_DRAFTS = """
    with begun as (
        insert into drafted_encounters select * from unnest($1::uuid[]) as encounter_id order by encounter_id
        on conflict do nothing returning encounter_id
    )
    insert into drafts (id, owner_id, version, content, changed_at, encounter_id)
    select w.id, w.owner_id, 1, w.content::json, $5, w.encounter_id
    from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[]) as w(encounter_id, id, owner_id, content)
    join begun on begun.encounter_id = w.encounter_id
"""
END_DRAFTS = """
    with erased as (
        select d.id, d.version from unnest($1::uuid[], $2::uuid[]) as w(encounter_id, contribution_id)
        join drafts d on d.encounter_id = w.encounter_id
        join contributions c on c.id = w.contribution_id and c.words is null
        order by d.id for update of d
    ), dropped as (
        delete from drafts using erased where drafts.id = erased.id and erased.version = 1
    )
    update drafts set encounter_id = null from erased where drafts.id = erased.id and erased.version > 1
"""
KEEP_SOUNDS = """
    insert into told_sounds (contribution_id, media_id, noted_by)
    select * from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as w(contribution_id, media_id, noted_by)
    order by contribution_id
    on conflict do nothing
"""
TAKE_SOUNDS = """
    delete from told_sounds s using contributions c
    where s.contribution_id = any($1::uuid[]) and c.id = s.contribution_id and c.words is null
    returning s.media_id, s.noted_by
"""


async def begin_drafts(tx: Transaction, drafts: Sequence[Draft], *, now: datetime) -> None:
    """Begin drafts, each once for its talk and never again."""
    await tx.execute(
        BEGIN_DRAFTS,
        [draft.encounter_id for draft in drafts],
        [draft.id for draft in drafts],
        [draft.owner_id for draft in drafts],
        [to_json(draft.content).decode() for draft in drafts],
        now,
    )


async def end_drafts(tx: Transaction, encounter_ids: Sequence[UUID]) -> None:
    """Of talks that are not shared any more: throw their drafts away, or cut the link of those that were edited."""
    await tx.execute(END_DRAFTS, encounter_ids, [contribution_id(talk) for talk in encounter_ids])


async def keep_sounds(tx: Transaction, talks: Sequence[EncounterState]) -> None:
    """Note which media are the sound of which talk."""
    await tx.execute(
        KEEP_SOUNDS,
        [contribution_id(talk.encounter_id) for talk in talks],
        [talk.media_id for talk in talks],
        [talk.noted_by for talk in talks],
    )


async def take_sounds(tx: Transaction, encounter_ids: Sequence[UUID]) -> list[tuple[UUID, UUID]]:
    """Forget the sounds of talks that are not shared any more; each media with who noted it."""
    rows = await tx.fetch(TAKE_SOUNDS, [contribution_id(talk) for talk in encounter_ids])
    return [(row["media_id"], row["noted_by"]) for row in rows]
