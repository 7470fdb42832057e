"""Starting and editing an initiative, and what every command on one shares.

Commands answer with the initiative as readers see it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Cause, Event
from dorpsplein.timers import cancel_timers, set_timers
from dorpsplein.web import found
from initiatives.commands.knobs import in_effect
from initiatives.domain import edits, life
from initiatives.domain.evolving import fold
from initiatives.domain.initiative import ENDED, Content, Initiative
from initiatives.settings import InitiativesSettings
from initiatives.storage import initiatives as storage
from initiatives.storage import pages

SUPPORT_CLOSES = "support-closes"
EXPIRY_REMINDER = "expiry-reminder"


async def propose(
    tx: Transaction,
    content: Content,
    *,
    initiative_id: UUID,
    initiator: UUID,
    settings: InitiativesSettings,
    now: datetime,
) -> dict[str, Any]:
    """Start an initiative, on the terms that the knobs set now. Raises what `life.propose` raises."""
    terms = (await in_effect(tx, settings)).terms(now)
    events = life.propose(content, initiative_id=initiative_id, initiator=initiator, terms=terms, channel="web")
    initiative = fold(None, events)
    await storage.insert(tx, [storage.New(initiative, events)], now=now)
    await _set_clocks(tx, initiative)
    return {**await pages.shown(tx, initiative_id), "location": f"/v1/initiatives/{initiative_id}"}


async def edit(
    tx: Transaction, initiative_id: UUID, changes: Mapping[str, Any], *, person: UUID, version: int, now: datetime
) -> dict[str, Any]:
    """Change what an initiative says, and keep what it said. Raises NotFound and what `edits.edit` raises."""
    initiative = await locked(tx, initiative_id)
    if events := edits.edit(initiative, changes, person=person, version=version):
        await storage.keep_version(tx, initiative, person, now=now)
        await saved(tx, initiative, events, now)
    return await pages.shown(tx, initiative.id)


async def locked(tx: Transaction, initiative_id: UUID) -> Initiative:
    """An initiative that nobody else changes until the transaction ends. Raises NotFound("initiative-unknown")."""
    initiative: Initiative = found(await storage.lock(tx, initiative_id), "initiative", initiative_id)
    return initiative


async def saved(
    tx: Transaction, initiative: Initiative, events: Sequence[Event], now: datetime, cause: Cause | None = None
) -> Initiative:
    """Store what happened to a locked initiative, and let its clocks follow; returns it as it is after.

    Nothing happens without events.
    """
    if not events:
        return initiative
    after = fold(initiative, events)
    await storage.save(tx, after, events, now=now, cause=cause)
    if (after.rests, after.status in ENDED, after.support_closed) != (
        initiative.rests,
        initiative.status in ENDED,
        initiative.support_closed,
    ):
        await _set_clocks(tx, after)
    return after


async def _set_clocks(tx: Transaction, initiative: Initiative) -> None:
    """Let support close, and the reminder come, at their moments; not while it rests or once it is over."""
    closes_at = initiative.closes_at
    if closes_at is None or initiative.rests or initiative.support_closed or initiative.status in ENDED:
        for kind in (SUPPORT_CLOSES, EXPIRY_REMINDER):
            await cancel_timers(tx, kind, [initiative.id])
        return
    await set_timers(tx, SUPPORT_CLOSES, {initiative.id: closes_at})
    reminder = closes_at - timedelta(days=initiative.terms.reminder_days)
    await set_timers(tx, EXPIRY_REMINDER, {initiative.id: reminder})
