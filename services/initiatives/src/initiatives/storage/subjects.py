"""What moderators decide on: things of every kind that can be reported, as they are, hidden or not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from dorpsplein.database import Transaction
from initiatives.domain.moderation import Kind, Subject

OF_KIND: Mapping[Kind, str] = {
    Kind.INITIATIVE: """
        select id, id as initiative_id, initiators as authors, concat_ws(E'\\n\\n', title, summary, thanks) as words
        from initiatives where id = any($1::uuid[])
    """,
    Kind.CONTRIBUTION: """
        select o.id, i.id as initiative_id, coalesce(o.words, c.words, '') as words,
            case when coalesce(o.person_id, c.contributor_id) is null then coalesce(i.initiators, '{}')
                else array[coalesce(o.person_id, c.contributor_id)] end as authors
        from offered o left join contributions c on c.id = o.id
        left join initiatives i on i.id = coalesce(c.initiative_id, o.initiative_id)
        where o.id = any($1::uuid[]) and o.status <> 'withdrawn'
    """,
    Kind.STORY: """
        select id, initiative_id, array[teller_id] as authors, concat_ws(E'\\n\\n', title, text) as words
        from stories where id = any($1::uuid[]) and status <> 'withdrawn'
    """,
    Kind.RETELLING: """
        select r.id, s.initiative_id, array[r.by_id] as authors, concat_ws(E'\\n\\n', r.title, r.text) as words
        from retellings r join stories s on s.id = r.story_id
        where r.id = any($1::uuid[]) and r.status <> 'withdrawn'
    """,
    Kind.SCENE: """
        select c.id, i.id as initiative_id, i.initiators as authors,
            concat_ws(E'\\n\\n', c.heading, c.question) as words
        from scenes c join dreams d on d.id = c.dream_id join initiatives i on i.id = d.initiative_id
        where c.id = any($1::uuid[]) and not c.removed
    """,
}
"""Of each kind: `id`, `initiative_id`, `authors` (whose it is; who carries the initiative where that is not known) and
`words`, for the ids in $1. What was taken back by whose it is, is not there."""

STORY_OF = "select story_id from retellings where id = $1"
NEXT_STORY_VERSION = "update stories set version = version + 1 where id = $1 returning version"


@dataclass(frozen=True, slots=True)
class Shown:
    """Something to decide on, with the words a moderator reads."""

    subject: Subject
    words: str


async def read(tx: Transaction, wanted: Iterable[tuple[Kind, UUID]]) -> dict[tuple[Kind, UUID], Shown]:
    """Things by kind and id; those that are not there are left out."""
    ids: dict[Kind, list[UUID]] = {}
    for kind, subject_id in wanted:
        ids.setdefault(kind, []).append(subject_id)
    there: dict[tuple[Kind, UUID], Shown] = {}
    for kind, some in ids.items():
        for row in await tx.fetch(OF_KIND[kind], some):
            subject = Subject(kind, row["id"], row["initiative_id"], frozenset(row["authors"]))
            there[kind, row["id"]] = Shown(subject, row["words"])
    return there


async def story_of(tx: Transaction, retelling_id: UUID) -> UUID:
    """The story that a retelling is of."""
    story: UUID = await tx.fetchval(STORY_OF, retelling_id)
    return story


async def next_story_version(tx: Transaction, story_id: UUID) -> int:
    """One version on for a story, which stays locked."""
    version: int = await tx.fetchval(NEXT_STORY_VERSION, story_id)
    return version
