"""Commands on places."""

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Conflict
from presence.domain import places as domain
from presence.storage import places as storage


async def add_place(tx: Transaction, place: domain.Place) -> domain.Place:
    """Add a place and say so. Raises Conflict("place-is-there") where its name and address are there already."""
    facts = [Fact(event, place.version) for event in domain.add(place)]
    if not await storage.add(tx, place, facts):
        there = await storage.the_same(tx, place)
        raise Conflict("place-is-there", "A place of this name and address is there already.", placeId=there)
    return place
