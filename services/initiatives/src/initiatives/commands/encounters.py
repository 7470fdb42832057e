"""What follows from talks in the field beside their contribution: a draft that begins, a sound that is heard."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from dorpsplein.contracts.presence.encounters import EncounterState
from dorpsplein.database import Transaction
from dorpsplein.errors import NotFound, Refused
from initiatives.commands import media
from initiatives.domain.encounters import draft_of
from initiatives.storage import encounters as storage


async def follow(tx: Transaction, talks: Sequence[EncounterState], *, now: datetime) -> None:
    """Begin the drafts that talks become, and note their sounds, each once.

    What is not shared any more (an old state that comes again) has to go after that: `end_drafts`, `remove_sounds`.

    The cap on drafts does not hold here: it is for what people begin themselves, and no talk may be lost by it.
    """
    newest = {talk.encounter_id: talk for talk in talks}.values()
    if drafts := [draft for talk in newest if (draft := draft_of(talk)) is not None]:
        await storage.begin_drafts(tx, drafts, now=now)
    if sounds := [talk for talk in newest if talk.media_id is not None and talk.noted_by is not None]:
        await storage.keep_sounds(tx, sounds)


async def end_drafts(tx: Transaction, encounter_ids: Sequence[UUID]) -> None:
    """Let drafts go with the words that are not shared any more; what somebody wrote on since is theirs, and stays.

    Before the contributions: whoever is just proposing one is waited for, and then its contribution is there to go.
    """
    if encounter_ids:
        await storage.end_drafts(tx, encounter_ids)


async def remove_sounds(tx: Transaction, encounter_ids: Sequence[UUID], *, now: datetime) -> None:
    """Take the sounds of talks that are not shared any more away for good, unless they stand in something else too."""
    for media_id, noted_by in await storage.take_sounds(tx, encounter_ids) if encounter_ids else ():
        with suppress(NotFound, Refused):
            await media.remove(tx, media_id, noted_by, now)
