"""Commands on places."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Conflict, Refused, Stale
from dorpsplein.web import found
from presence.commands import facilities
from presence.domain import places as domain
from presence.domain.area import NETHERLANDS, Area
from presence.domain.place_imports import Outcome
from presence.domain.places import ClosingReason, Place
from presence.domain.surroundings import about_what_is_there
from presence.storage import places as storage
from presence.storage.surroundings import surroundings


async def add_place(tx: Transaction, place: Place, area: Area = NETHERLANDS) -> Place:
    """Add a place and say so.

    Raises Conflict("place-is-there") where its name and address are there already, and what `domain.add` raises.
    """
    if not await storage.add(tx, [place], _facts(place, domain.add(place, area))):
        there = await storage.the_same(tx, place)
        raise Conflict("place-is-there", "A place of this name and address is there already.", placeId=there)
    return place


async def change_place(tx: Transaction, told: Place, version: int, area: Area) -> Place:
    """Tell anew all there is to tell of the place with this id, as read at `version`; nothing where nothing differs.

    Raises NotFound, Stale("place-changed"), Conflict("place-is-there"), and what `domain.change` raises.
    """
    place: Place = found(await storage.lock(tx, told.id), "place", told.id)
    if place.version != version:
        raise Stale("place-changed", f"It is at version {place.version} by now; read it again.", version=place.version)
    after, fact = domain.change(place, told, area)
    if fact is not None:
        try:
            await storage.save(tx, [after], _facts(after, fact))
        except asyncpg.UniqueViolationError as fault:
            raise Conflict("place-is-there", "Another place has this name and address already.") from fault
    return after


async def close_place(tx: Transaction, place_id: UUID, reason: ClosingReason) -> Place:
    """Close a place, and withdraw what it offers. Raises NotFound, Refused("place-closed")."""
    place: Place = found(await storage.lock(tx, place_id), "place", place_id)
    after, fact = domain.close(place, reason)
    await storage.save(tx, [after], _facts(after, fact))
    await facilities.withdraw_all(tx, place_id)
    return after


async def bring_in(tx: Transaction, told: Sequence[Place], area: Area) -> Outcome:
    """Add places, or change those of the same name and address, which of the letters are large aside.

    Raises Refused("place-twice") where two of them are one, and what `domain.add` and `domain.change` raise.
    """
    there = await storage.lock_same(tx, told)
    if len({place.id for place in there.values()}) < len(there):
        raise _twice()
    fresh = [place for number, place in enumerate(told) if number not in there]
    if fresh:
        facts = [fact for place in fresh for fact in _facts(place, domain.add(place, area))]
        if len(await storage.add(tx, fresh, facts)) < len(fresh):
            raise _twice()
    decided = [domain.change(place, told[number], area) for number, place in there.items()]
    changed = [(after, fact) for after, fact in decided if fact is not None]
    if changed:
        facts = [fact for after, event in changed for fact in _facts(after, event)]
        await storage.save(tx, [after for after, _ in changed], facts)
    return Outcome(len(fresh), len(changed), len(there) - len(changed))


def _facts(place: Place, event: domain.PlaceFact) -> list[Fact]:
    return [Fact(event, place.version), Fact(place.state, place.version)]


def _twice() -> Refused:
    return Refused("place-twice", "Two places are one, or one was added by somebody else just now; send it again.")


async def refuse_place(tx: Transaction, place_id: UUID | None) -> None:
    """Raises Refused("place-unknown") or ("place-closed") of a place where nobody can be found; None is no place."""
    about_what_is_there(await surroundings(tx, [place_id], ()), place_id=place_id)
