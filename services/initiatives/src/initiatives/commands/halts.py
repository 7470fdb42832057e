"""Stopping an initiative from outside, appealing against that, and letting it go on: in words and in its life."""

from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.contracts.initiatives.halts import HaltUpheld
from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Refused
from initiatives.commands.initiatives import locked, saved
from initiatives.domain import halts as domain
from initiatives.domain import life
from initiatives.domain.evolving import told
from initiatives.domain.halts import Halt
from initiatives.domain.moves import Ground, LiftReason
from initiatives.storage import halts as storage


async def halt(
    tx: Transaction, initiative_id: UUID, ground: Ground, reason: str, *, halt_id: UUID, alderman: UUID, now: datetime
) -> dict[str, Any]:
    """Stop an initiative. Raises NotFound and what `life.halt` raises."""
    initiative = await locked(tx, initiative_id)
    stop = domain.halt(initiative_id, ground, reason, halt_id=halt_id, alderman=alderman, now=now)
    events = life.halt(initiative, ground, halt_id=halt_id, appeal_until=stop.appeal_until, now=now)
    await saved(tx, initiative, events, now)
    return await _kept(tx, stop, now)


async def appeal(tx: Transaction, initiative_id: UUID, words: str, *, person: UUID, now: datetime) -> dict[str, Any]:
    """Ask, as an initiator, that another alderman looks at it. Raises NotFound and what `life.appeal` raises."""
    initiative = await locked(tx, initiative_id)
    await saved(tx, initiative, life.appeal(initiative, person=person, now=now), now)
    return await _kept(tx, domain.appeal(await _standing(tx, initiative_id), words), now)


async def uphold(tx: Transaction, initiative_id: UUID, answer: str, *, alderman: UUID, now: datetime) -> dict[str, Any]:
    """Answer that it stays. Raises NotFound and what `domain.uphold` raises."""
    initiative = await locked(tx, initiative_id)
    after = domain.uphold(await _standing(tx, initiative_id), answer, alderman=alderman)
    fact = HaltUpheld(initiative_id=initiative_id, halt_id=after.id)
    await saved(tx, initiative, told(initiative, fact, initiative.status), now)
    return await _kept(tx, after, now)


async def lift(
    tx: Transaction, initiative_id: UUID, reason: LiftReason, answer: str, *, alderman: UUID, now: datetime
) -> dict[str, Any]:
    """Let the initiative go on where it was. Raises NotFound, and what `domain.lift` and `life.lift_halt` raise."""
    initiative = await locked(tx, initiative_id)
    after = domain.lift(await _standing(tx, initiative_id), reason, answer, alderman=alderman)
    await saved(tx, initiative, life.lift_halt(initiative, reason, now=now), now)
    return await _kept(tx, after, now)


async def _standing(tx: Transaction, initiative_id: UUID) -> Halt:
    halt = await storage.standing(tx, initiative_id)
    if halt is None:
        raise Refused("not-halted", "This initiative is not halted.")
    return halt


async def _kept(tx: Transaction, halt: Halt, now: datetime) -> dict[str, Any]:
    await storage.save(tx, halt, [Fact(domain.state_of(halt), halt.version)], now)
    return await storage.shown(tx, halt.id)
