"""What moves an initiative on: by its initiators, by the count of its supports, by time.

Every command of an initiator answers with the initiative as readers see it, and raises NotFound and what the function
of the same name in `domain.life` or `domain.initiators` raises.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Cause, Event
from initiatives.commands.closing import close_now
from initiatives.commands.initiatives import locked, saved
from initiatives.domain import life
from initiatives.domain.initiative import Initiative
from initiatives.storage import initiatives as storage
from initiatives.storage import pages

Decision = Callable[[Initiative], list[Event]]


async def decide(tx: Transaction, initiative_id: UUID, decision: Decision, *, now: datetime) -> dict[str, Any]:
    """Carry out a decision about one initiative."""
    initiative = await locked(tx, initiative_id)
    await saved(tx, initiative, decision(initiative), now)
    return await pages.shown(tx, initiative_id)


async def end(tx: Transaction, initiative_id: UUID, decision: Decision, *, now: datetime) -> dict[str, Any]:
    """Carry out a decision that ends an initiative: its support closes with it."""
    initiative = await locked(tx, initiative_id)
    decision(initiative)
    closed = await close_now(tx, initiative, now)
    await saved(tx, closed, decision(closed), now)
    return await pages.shown(tx, initiative_id)


async def resume(tx: Transaction, initiative_id: UUID, *, person: UUID, now: datetime) -> dict[str, Any]:
    """Let an initiative go on; supported at once where it came to its threshold before it rested."""
    initiative = await locked(tx, initiative_id)
    await saved(tx, initiative, life.resume(initiative, person=person, now=now), now)
    await reach_thresholds(tx, {initiative_id: None}, now=now)
    return await pages.shown(tx, initiative_id)


async def reach_thresholds(tx: Transaction, causes: Mapping[UUID, Cause | None], *, now: datetime) -> None:
    """Of these initiatives, make those supported whose count has come to their threshold; each because of its cause."""
    for initiative, supports in await storage.lock_at_threshold(tx, list(causes)):
        await saved(tx, initiative, life.reach_threshold(initiative, supports), now, causes[initiative.id])


async def remind(tx: Transaction, initiative_ids: Sequence[UUID], now: datetime) -> None:
    """Say of these initiatives that their time is nearly over, where they have not reached their threshold."""
    for initiative in (await storage.lock_many(tx, initiative_ids)).values():
        await saved(tx, initiative, life.announce_expiry(initiative), now)
