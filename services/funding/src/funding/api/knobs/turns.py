"""What is done with a change: simulated, opened for voting, withdrawn, consented to, vetoed."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from dorpsplein.database import Database, Transaction
from dorpsplein.fields import Body, Prose
from dorpsplein.idempotency import Once
from dorpsplein.identity import Caller, Role
from dorpsplein.web import Db, Now, OnlyOnce, answer_once, permitted
from funding import commands, storage
from funding.api.knobs.views import KnobChangeView, shown
from funding.domain.knobs.changes import KnobChange
from funding.permissions import PERMISSIONS

router = APIRouter()


class VetoBody(Body):
    """A veto with its written ground; without one it is announced, and lapses after 72 hours."""

    ground: Prose | None = None


async def _answer(
    database: Database, once: Once, command: Callable[[Transaction], Awaitable[KnobChange]]
) -> JSONResponse:
    async def run(tx: Transaction) -> dict[str, Any]:
        change = await command(tx)
        reports = await storage.knobs.simulations.reports(tx, [change.id])
        return shown(change, reports.get(change.id)).model_dump(mode="json")

    return await answer_once(database, once, 200, run)


@router.post("/knob-changes/{change_id}/simulation")
async def simulate_knob_change(
    caller: Annotated[Caller, permitted(PERMISSIONS["simulate_knob_change"])], db: Db, now: Now, change_id: UUID
) -> KnobChangeView:
    """Run the past again under the values in effect and the proposed ones; again after each turn of the knobs."""
    change = await commands.knobs.simulations.simulate_change(db, change_id, caller.id, now)
    async with db.transaction() as tx:
        reports = await storage.knobs.simulations.reports(tx, [change_id])
    return shown(change, reports.get(change_id))


@router.post("/knob-changes/{change_id}/opening", response_model=KnobChangeView)
async def open_knob_change(
    caller: Annotated[Caller, permitted(PERMISSIONS["open_knob_change"])],
    db: Db,
    once: OnlyOnce,
    now: Now,
    change_id: UUID,
) -> JSONResponse:
    """Open the vote on a simulated change; its roster is the electorate at this moment."""
    return await _answer(db, once, lambda tx: commands.knobs.changes.open_(tx, change_id, caller.id, now))


@router.post("/knob-changes/{change_id}/withdrawal", response_model=KnobChangeView)
async def withdraw_knob_change(
    caller: Annotated[Caller, permitted(PERMISSIONS["withdraw_knob_change"])],
    db: Db,
    once: OnlyOnce,
    now: Now,
    change_id: UUID,
) -> JSONResponse:
    """Take one's own change back before its vote is over; ballots that were cast go unopened."""
    return await _answer(db, once, lambda tx: commands.knobs.changes.withdraw(tx, change_id, caller.id, now))


@router.post("/knob-changes/{change_id}/consent", response_model=KnobChangeView)
async def consent_to_knob_change(
    caller: Annotated[Caller, permitted(PERMISSIONS["consent_to_knob_change"])],
    db: Db,
    once: OnlyOnce,
    now: Now,
    change_id: UUID,
) -> JSONResponse:
    """Give the council's consent to an adopted change of the constitution, before it is to take effect."""
    return await _answer(db, once, lambda tx: commands.knobs.changes.consent(tx, change_id, caller.id, now))


@router.post("/knob-changes/{change_id}/veto", response_model=KnobChangeView)
async def veto_knob_change(
    caller: Annotated[Caller, permitted(PERMISSIONS["veto_knob_change"])],
    db: Db,
    once: OnlyOnce,
    now: Now,
    change_id: UUID,
    body: VetoBody,
) -> JSONResponse:
    """Veto an adopted change with a ground, or announce a veto: that holds it up for at most 72 hours, once."""
    alderman = Role.ALDERMAN in caller.roles
    return await _answer(
        db,
        once,
        lambda tx: commands.knobs.changes.veto(tx, change_id, body.ground, caller.id, now, alderman=alderman),
    )
