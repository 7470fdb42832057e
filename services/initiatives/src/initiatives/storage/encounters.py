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
    with wanted as (
        select w.* from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[])
            as w(encounter_id, contribution_id, draft_id, owner_id, content)
        join contributions c on c.id = w.contribution_id and c.words is not null
    ), begun as (
        insert into drafted_encounters select encounter_id from wanted order by encounter_id
        on conflict do nothing returning encounter_id
    )
    insert into drafts (id, owner_id, version, content, changed_at, encounter_id)
    select w.draft_id, w.owner_id, 1, w.content::json, $6, w.encounter_id
    from wanted w join begun b on b.encounter_id = w.encounter_id
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
    select w.* from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as w(contribution_id, media_id, noted_by)
    join contributions c on c.id = w.contribution_id and c.words is not null
    order by w.contribution_id
    on conflict do nothing
"""
TAKE_SOUNDS = """
    delete from told_sounds s using contributions c
    where s.contribution_id = any($1::uuid[]) and c.id = s.contribution_id and c.words is null
    returning s.media_id, s.noted_by
"""


async def begin_drafts(tx: Transaction, drafts: Sequence[Draft], *, now: datetime) -> None:
    """Begin drafts, each once for its talk and never again; none of what is not shared any more."""
    talks = [draft.encounter_id for draft in drafts if draft.encounter_id is not None]
    await tx.execute(
        BEGIN_DRAFTS,
        talks,
        [contribution_id(talk) for talk in talks],
        [draft.id for draft in drafts],
        [draft.owner_id for draft in drafts],
        [to_json(draft.content).decode() for draft in drafts],
        now,
    )


async def end_drafts(tx: Transaction, encounter_ids: Sequence[UUID]) -> None:
    """Of talks that are not shared any more: throw their drafts away, or cut the link of those that were edited."""
    await tx.execute(END_DRAFTS, encounter_ids, [contribution_id(talk) for talk in encounter_ids])


async def keep_sounds(tx: Transaction, talks: Sequence[EncounterState]) -> None:
    """Note which media are the sound of which talk; not of what is not shared any more."""
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
