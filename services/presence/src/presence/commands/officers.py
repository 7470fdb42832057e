"""Commands on officers' own profiles; no event tells of them."""

from dataclasses import replace
from uuid import UUID

from dorpsplein.database import Transaction
from presence.domain.officers import Officer
from presence.domain.surroundings import about_what_is_there
from presence.storage import officers as storage
from presence.storage.surroundings import surroundings


async def keep_profile(tx: Transaction, officer: Officer) -> Officer:
    """Keep what an officer says of themself, in place of what they said before. Raises Refused of their base."""
    about_what_is_there(await surroundings(tx, [officer.base_place_id], ()), place_id=officer.base_place_id)
    return replace(officer, version=await storage.keep(tx, officer))


async def remove_profile(tx: Transaction, person_id: UUID) -> None:
    """Forget what an officer said of themself, if they did."""
    await storage.remove(tx, person_id)
