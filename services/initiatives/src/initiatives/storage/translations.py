"""Where the English of scene parts stands: beside the words it is of, and gone with them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction

WORDS = "select part_id, words from scene_part_english where part_id = any($1::uuid[])"
WRITE = """
    insert into scene_part_english (part_id, words, by_person, changed_at) values ($1, $2, $3, $4)
    on conflict (part_id) do update set
        words = excluded.words, by_person = excluded.by_person, changed_at = excluded.changed_at
"""
FORGET = "delete from scene_part_english where part_id = any($1::uuid[])"
FORGET_OF = """
    delete from scene_part_english e using scene_parts p
    where p.id = e.part_id and p.contribution_id = any($1::uuid[])
"""


async def words(tx: Transaction, part_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The English of those of these parts that have any."""
    return {row["part_id"]: row["words"] for row in await tx.fetch(WORDS, part_ids)}


async def write(tx: Transaction, part_id: UUID, words: str, *, person: UUID, now: datetime) -> None:
    """Store the English of a part, in place of what was there."""
    await tx.execute(WRITE, part_id, words, person, now)


async def forget(tx: Transaction, part_ids: Sequence[UUID]) -> None:
    """Delete the English of these parts, where there is any."""
    await tx.execute(FORGET, part_ids)


async def forget_of(tx: Transaction, contribution_ids: Sequence[UUID]) -> None:
    """Delete the English of whatever these contributions are or were a part of."""
    await tx.execute(FORGET_OF, contribution_ids)
