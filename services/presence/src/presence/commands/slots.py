"""Commands on presence slots."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Refused
from dorpsplein.web import found
from presence.domain import slots as domain
from presence.domain.surroundings import about_what_is_there
from presence.storage import slots as storage
from presence.storage.surroundings import surroundings

Decide = Callable[[domain.Slot, UUID, datetime], list[domain.SlotEvent]]


async def announce_presence(tx: Transaction, command: domain.Announce, *, now: datetime) -> domain.Slot:
    """Announce a slot and say so.

    Raises Refused("place-unknown") or ("place-closed"), Refused("slots-overlap") with the slot in the way, and what
    the rules say.
    """
    [event] = domain.announce(command, now)
    about_what_is_there(await surroundings(tx, [command.place_id], ()), place_id=command.place_id)
    slot = domain.evolve(None, event)
    if not await storage.add(tx, slot, [Fact(event, slot.version)]):
        raise await _overlap(tx, slot)
    return slot


async def _overlap(tx: Transaction, slot: domain.Slot) -> Refused:
    there = await storage.overlapping(tx, slot)
    facts = {"slotId": there.id, "startsAt": there.starts_at, "endsAt": there.ends_at} if there else {}
    return Refused(
        "slots-overlap",
        "You announced presence in (part of) this time already: cancel that slot, or choose another time.",
        **facts,
    )


async def change_slot(
    tx: Transaction, slot_id: UUID, officer_id: UUID, decide: Decide, *, now: datetime
) -> domain.Slot:
    """Arrive at, leave or cancel a slot, as `decide` of the domain rules, and say so; what changes nothing is not said.

    Raises NotFound, Forbidden, Refused; among them Refused("still-elsewhere") on arriving before having left.
    """
    slot: domain.Slot = found(await storage.lock(tx, slot_id), "presence-slot", slot_id)
    changed, facts = slot, []
    for event in decide(slot, officer_id, now):
        changed = domain.evolve(changed, event)
        facts.append(Fact(event, changed.version))
    try:
        if facts:
            await storage.save(tx, changed, facts)
    except asyncpg.UniqueViolationError as fault:
        raise Refused("still-elsewhere", "You have not left the place where you arrived before.") from fault
    return changed
