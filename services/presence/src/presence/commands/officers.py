"""Commands on officers' own profiles; no event tells of them."""

from dataclasses import replace
from uuid import UUID

from dorpsplein.database import Transaction
from presence.commands.places import refuse_place
from presence.domain.officers import Officer
from presence.storage import officers as storage


async def keep_profile(tx: Transaction, officer: Officer) -> Officer:
    """Keep what an officer says of themself, in place of what they said before. Raises Refused of their base."""
    await refuse_place(tx, officer.base_place_id)
    return replace(officer, version=await storage.keep(tx, officer))


async def remove_profile(tx: Transaction, person_id: UUID) -> None:
    """Forget what an officer said of themself, if they did."""
    await storage.remove(tx, person_id)
