"""Setting, reaching and letting go of milestones. A milestone changes under the lock of its initiative."""

from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.web import found
from initiatives.commands.initiatives import locked
from initiatives.commands.lineage import Link, link
from initiatives.domain import milestones as domain
from initiatives.domain.milestones import Milestone
from initiatives.storage import milestones as storage


async def place(tx: Transaction, milestone: Milestone, *, person: UUID, now: datetime) -> dict[str, Any]:
    """Set a milestone. Raises NotFound and what `domain.place` raises."""
    initiative = await locked(tx, milestone.initiative_id)
    there_are = await storage.count(tx, initiative.id)
    events = domain.place(initiative, milestone, there_are, person=person)
    await storage.save(tx, milestone, events, now=now)
    return _shown(milestone, now)


async def move(tx: Transaction, milestone_id: UUID, doing: str, *, person: UUID, now: datetime) -> dict[str, Any]:
    """Reach a milestone, which is then a result of what led to it, or let it go.

    Raises NotFound("milestone-unknown") and what `domain.move` raises.
    """
    initiative = await locked(tx, found(await storage.initiative_of(tx, milestone_id), "milestone", milestone_id))
    milestone, events = domain.move(initiative, await storage.get(tx, milestone_id), doing, person=person)
    await storage.save(tx, milestone, events, now=now)
    if milestone.status == domain.Status.REACHED:
        result = Link("initiative", initiative.id, "milestone", milestone.id, "led-to", initiative.id)
        await link(tx, [result], now=now)
    return _shown(milestone, now)


def _shown(milestone: Milestone, now: datetime) -> dict[str, Any]:
    return {
        "id": str(milestone.id),
        "initiativeId": str(milestone.initiative_id),
        "title": milestone.title,
        "dueOn": milestone.due_on and milestone.due_on.isoformat(),
        "status": milestone.status,
        "changedAt": now.isoformat(),
    }
