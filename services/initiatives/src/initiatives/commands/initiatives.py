"""What may be done with an initiative. Every command answers with the initiative as readers see it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Cause
from dorpsplein.web import found
from initiatives.domain import initiative as domain
from initiatives.domain.initiative import Content, Initiative, InitiativeEvent, Reason
from initiatives.storage import initiatives as storage
from initiatives.storage import pages


async def propose(
    tx: Transaction, content: Content, *, initiative_id: UUID, initiator: UUID, threshold: int, now: datetime
) -> dict[str, Any]:
    """Start an initiative."""
    events = domain.propose(
        content, initiative_id=initiative_id, initiator=initiator, threshold=threshold, channel="web"
    )
    await storage.insert(tx, [storage.New(domain.fold(None, events), events)], now=now)
    return {**await pages.shown(tx, initiative_id), "location": f"/v1/initiatives/{initiative_id}"}


async def edit(
    tx: Transaction, initiative_id: UUID, changes: Mapping[str, Any], *, person: UUID, version: int, now: datetime
) -> dict[str, Any]:
    """Change what an initiative says. Raises NotFound and what `domain.edit` raises."""
    initiative = await _locked(tx, initiative_id)
    events = domain.edit(initiative, changes, person=person, version=version)
    return await _saved(tx, initiative, events, now)


async def withdraw(
    tx: Transaction, initiative_id: UUID, reason: Reason, *, person: UUID, now: datetime
) -> dict[str, Any]:
    """Take an initiative back. Raises NotFound and what `domain.withdraw` raises."""
    initiative = await _locked(tx, initiative_id)
    events = domain.withdraw(initiative, reason, person=person)
    return await _saved(tx, initiative, events, now)


async def reach_thresholds(tx: Transaction, causes: Mapping[UUID, Cause], *, now: datetime) -> None:
    """Of these initiatives, make those supported whose count has come to their threshold; each because of its cause."""
    for initiative, supports in await storage.lock_at_threshold(tx, list(causes)):
        if events := domain.reach_threshold(initiative, supports):
            after = domain.fold(initiative, events)
            await storage.save(tx, after, events, now=now, cause=causes[initiative.id])


async def _locked(tx: Transaction, initiative_id: UUID) -> Initiative:
    initiative: Initiative = found(await storage.lock(tx, initiative_id), "initiative", initiative_id)
    return initiative


async def _saved(
    tx: Transaction, initiative: Initiative, events: list[InitiativeEvent], now: datetime
) -> dict[str, Any]:
    if events:
        await storage.save(tx, domain.fold(initiative, events), events, now=now)
    return await pages.shown(tx, initiative.id)
