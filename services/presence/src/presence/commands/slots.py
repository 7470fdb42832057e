"""Commands on presence slots."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import reduce
from uuid import UUID

import asyncpg

from dorpsplein.contracts.presence.slots import PresenceMoved
from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Refused
from dorpsplein.timers import cancel_timers, set_timers
from dorpsplein.web import found
from presence.commands.places import refuse_place
from presence.domain import slots as domain
from presence.storage import slots as storage

Decide = Callable[[domain.Slot, UUID, datetime], list[domain.SlotEvent]]

SLOT_RINGS = "slot-rings"
IN_THE_WAY = "You announced presence in (part of) this time already: cancel that slot, or choose another time."


async def announce_presence(tx: Transaction, command: domain.Announce, *, now: datetime) -> domain.Slot:
    """Announce a slot and say so.

    Raises Refused("place-unknown", "place-closed"), Refused("slots-overlap") with the slot in the way, and what the
    rules say.
    """
    [event] = domain.announce(command, now)
    slot = domain.evolve(None, event)
    if not await storage.add(tx, [slot], [Fact(event, slot.version)], now):
        await refuse_unfit(tx, slot)
        raise Refused("slots-overlap", IN_THE_WAY)
    await follow(tx, [slot])
    return slot


async def change_slot(
    tx: Transaction, slot_id: UUID, officer_id: UUID, decide: Decide, *, now: datetime
) -> domain.Slot:
    """Move, arrive at, leave or cancel a slot, as `decide` of the domain rules, and say so.

    Raises NotFound, Forbidden, Refused; among them Refused("still-elsewhere") on arriving before having left, and on
    moving what `announce_presence` raises.
    """
    slot: domain.Slot = found(next(iter(await storage.lock(tx, [slot_id])), None), "presence-slot", slot_id)
    events = decide(slot, officer_id, now)
    changed: domain.Slot = reduce(domain.evolve, events, slot)
    if any(isinstance(event, PresenceMoved) for event in events):
        await refuse_unfit(tx, changed)
    try:
        await save(tx, [(slot, events)], now)
    except asyncpg.UniqueViolationError as fault:
        raise Refused("still-elsewhere", "You have not left the place where you arrived before.") from fault
    except asyncpg.ExclusionViolationError as fault:
        raise Refused("slots-overlap", IN_THE_WAY) from fault
    return changed


async def ring(tx: Transaction, refs: Sequence[UUID], now: datetime) -> None:
    """The handler of the timers by which slots are missed, or left by themselves."""
    await save(tx, [(slot, domain.ring(slot, now)) for slot in await storage.lock(tx, refs)], now)


async def save(
    tx: Transaction, happened: Sequence[tuple[domain.Slot, Sequence[domain.SlotEvent]]], now: datetime
) -> None:
    """Store locked slots after what happened to each, say so, and let their timers follow."""
    changed = [(slot, events) for slot, events in happened if events]
    if not changed:
        return
    after = [reduce(domain.evolve, events, slot) for slot, events in changed]
    facts = [Fact(event, slot.version + n) for slot, events in changed for n, event in enumerate(events, start=1)]
    await storage.save(tx, after, facts, now)
    await follow(tx, after)


async def follow(tx: Transaction, slots: Sequence[domain.Slot]) -> None:
    """Let the timers of slots follow what they are now."""
    await set_timers(tx, SLOT_RINGS, {slot.id: slot.rings_at for slot in slots if slot.rings_at})
    await cancel_timers(tx, SLOT_RINGS, [slot.id for slot in slots if slot.rings_at is None])


async def refuse_unfit(tx: Transaction, slot: domain.Slot) -> None:
    """Refuse a slot at a place that is not there, or in time that is taken. Raises as `announce_presence` does."""
    await refuse_place(tx, slot.place_id)
    for there in await storage.overlapping(tx, [slot], limit=1):
        facts = {"slotId": there.id, "startsAt": there.starts_at, "endsAt": there.ends_at}
        raise Refused("slots-overlap", IN_THE_WAY, **facts)
