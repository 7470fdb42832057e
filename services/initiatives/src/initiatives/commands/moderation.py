"""What becomes of what was hidden: appeals, their outcome, and the end of the time to appeal."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Event, Fact
from dorpsplein.timers import cancel_timers, set_timers
from dorpsplein.web import found
from initiatives.commands.hiding import CHANGED
from initiatives.domain import moderation as domain
from initiatives.domain.moderation import Decision, Moderator
from initiatives.storage import moderation as storage

APPEAL_ENDS = "moderation-appeal-ends"
"""The timer of a decision to hide, by decision."""


async def appeal(tx: Transaction, decision_id: UUID, words: str, *, person: UUID, now: datetime) -> dict[str, Any]:
    """Ask that another moderator looks at it. Raises NotFound and what `domain.appeal` raises."""
    decision = await _locked(tx, decision_id)
    after, told = domain.appeal(decision, words, person=person, now=now)
    await keep(tx, after, told, now)
    return await _line(tx, decision_id)


async def answer_appeal(
    tx: Transaction, decision_id: UUID, reason: str, moderator: Moderator, *, restore: bool, now: datetime
) -> dict[str, Any]:
    """Show it again, or let it stay hidden. Raises NotFound and what `domain.restore` raises."""
    decision = await _locked(tx, decision_id)
    answer = domain.restore if restore else domain.uphold
    after, told = answer(decision, reason, moderator, now)
    await keep(tx, after, told, now)
    return await _line(tx, decision_id)


async def settle_due(tx: Transaction, refs: Sequence[UUID], now: datetime) -> None:
    """The handler of the timers of decisions: those against which nobody appealed in time stand."""
    for decision in (await storage.lock(tx, refs)).values():
        after, told = domain.settle(decision, now)
        await keep(tx, after, told, now)


async def keep(tx: Transaction, decision: Decision, told: Sequence[Event], now: datetime) -> None:
    """Store a decision after what was told of it, with all that follows: its clock, and what readers see."""
    if not told:
        return
    await storage.save(tx, decision, [Fact(event, decision.version) for event in told])
    match decision.status:
        case domain.Status.HIDDEN:
            await set_timers(tx, APPEAL_ENDS, {decision.id: decision.appeal_until})
            await CHANGED[decision.subject.kind](tx, decision, now)
        case domain.Status.APPEALED:
            await cancel_timers(tx, APPEAL_ENDS, [decision.id])
        case domain.Status.RESTORED:
            await CHANGED[decision.subject.kind](tx, decision, now)


async def _locked(tx: Transaction, decision_id: UUID) -> Decision:
    decision: Decision = found((await storage.lock(tx, [decision_id])).get(decision_id), "decision", decision_id)
    return decision


async def _line(tx: Transaction, decision_id: UUID) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(await storage.shown(tx, decision_id) or "{}")
    return line
