"""Saying in English what a part of a scene says. Commands answer with the dream vision as readers see it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.web import found
from initiatives.commands.dreams import both, keep
from initiatives.domain.dreams.filling import part_of
from initiatives.domain.dreams.storyboard import only_while_co_creating
from initiatives.domain.dreams.translating import translate
from initiatives.storage import dream_pages as pages
from initiatives.storage import dreams
from initiatives.storage import translations as storage


async def write_english(tx: Transaction, part_id: UUID, words: str, *, person: UUID, now: datetime) -> dict[str, Any]:
    """Write the English of a part, in place of what was there; the same again changes nothing.

    Raises what `translate` and `only_while_co_creating` raise, and NotFound("contribution-unknown") where nobody may
    read the words it is of any more.
    """
    dream_id: UUID = found(await dreams.of_part(tx, part_id), "part", part_id)
    initiative, dream = await both(tx, dream_id)
    decided = translate(dream, part_id, initiative, person)
    only_while_co_creating(initiative)
    contribution_id = part_of(dream, part_id).contribution_id
    found(await dreams.offered(tx, contribution_id), "contribution", contribution_id)
    if (await storage.words(tx, [part_id])).get(part_id) != words:
        await storage.write(tx, part_id, words, person=person, now=now)
        await keep(tx, dream, decided, now)
    return await pages.shown(tx, dream_id)


async def take_english_away(tx: Transaction, part_id: UUID, *, person: UUID, now: datetime) -> dict[str, Any]:
    """Take the English of a part away; where there is none, nothing changes. Raises what `translate` raises."""
    dream_id: UUID = found(await dreams.of_part(tx, part_id), "part", part_id)
    initiative, dream = await both(tx, dream_id)
    decided = translate(dream, part_id, initiative, person)
    if part_id in await storage.words(tx, [part_id]):
        await storage.forget(tx, [part_id])
        await keep(tx, dream, decided, now)
    return await pages.shown(tx, dream_id)
