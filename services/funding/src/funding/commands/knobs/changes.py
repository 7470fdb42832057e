"""Draft a change, open it for voting, withdraw it, consent to it, veto it."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Forbidden
from funding import storage
from funding.commands import council
from funding.commands.guards import unless_taken
from funding.commands.knobs.settling import keep, settle, settled
from funding.domain.knobs import decisions
from funding.domain.knobs.changes import DraftChange, KnobChange


async def draft(tx: Transaction, command: DraftChange) -> tuple[KnobChange, bool]:
    """Draft a change; whether it is new. Raises Forbidden("not-in-the-electorate"), NotFound, Conflict, Refused."""
    if known := await storage.knobs.changes.change(tx, command.id):
        return decisions.same_draft(known, command), False
    await refuse_outsiders(tx, command.by)
    current = await settle(tx, command.fund, command.at)
    bounds, _ = await storage.knobs.sets.bounds(tx, command.fund)
    change = decisions.draft(command, current, bounds)
    async with unless_taken():
        await storage.knobs.changes.add(tx, change, [Fact(decisions.drafted(change), change.version)])
    return change, True


async def open_(tx: Transaction, change_id: UUID, by: UUID, now: datetime) -> KnobChange:
    """Open the vote on a simulated change; its roster is the electorate as it is now. Raises what is refused."""
    change, current = await settled(tx, change_id, now)
    bounds, _ = await storage.knobs.sets.bounds(tx, change.fund)
    others = await storage.knobs.changes.alive(tx, change.fund)
    busy = frozenset(name for other in others if other.status != "effective" for name in other.touches)
    size = await storage.knobs.electorate.size(tx)
    told = decisions.open_(change, current, bounds, busy, size, by, now)
    made = await storage.knobs.ballots.make_roster(tx, change_id)
    if made != size:
        told = decisions.open_(change, current, bounds, busy, made, by, now)
    return await keep(tx, change, told)


async def withdraw(tx: Transaction, change_id: UUID, by: UUID, now: datetime) -> KnobChange:
    """Take a change back before its vote is over; ballots that were cast go unopened. Raises what is refused."""
    change, _ = await settled(tx, change_id, now)
    told = decisions.withdraw(change, by)
    if told and change.status == "open":
        await storage.knobs.ballots.drop(tx, change_id)
    return await keep(tx, change, told)


async def consent(tx: Transaction, change_id: UUID, by: UUID, now: datetime) -> KnobChange:
    """Give the council's consent to an adopted change of the constitution. Raises what is refused."""
    await council.refuse_outsiders(tx, by, now)
    change, _ = await settled(tx, change_id, now)
    return await keep(tx, change, decisions.consent(change, by))


async def veto(
    tx: Transaction, change_id: UUID, ground: str | None, by: UUID, now: datetime, *, alderman: bool = False
) -> KnobChange:
    """Veto an adopted change with a ground, or announce that one follows, for the council or as an alderman.

    Raises Forbidden("not-in-the-core") for who is neither, and what is refused.
    """
    if not alderman:
        await council.refuse_outsiders(tx, by, now)
    change, _ = await settled(tx, change_id, now)
    told = decisions.veto(change, ground, by, now)
    return await keep(tx, replace(change, ground=ground), told)


async def refuse_outsiders(tx: Transaction, person: UUID) -> None:
    """Raises Forbidden("not-in-the-electorate") unless someone enrolled."""
    if not await storage.knobs.electorate.is_enrolled(tx, person):
        raise Forbidden("not-in-the-electorate", "Enrol first (PUT /v1/electorate/me); then you can turn knobs.")
