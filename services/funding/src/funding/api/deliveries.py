"""What became of pledges: `/pledges/{id}/deliveries` and `/pledges/{id}/lapse`."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field, StringConstraints
from uuid_utils.compat import uuid7

from dorpsplein.database import Transaction
from dorpsplein.fields import Body, Prose, View
from dorpsplein.identity import Caller, Role
from dorpsplein.web import Db, Now, OnlyOnce, answer_once, found, permitted
from funding import commands, storage
from funding.api.fields import Quantity, answer_made
from funding.api.pledges import PledgeView, shown
from funding.commands.means import Deliver
from funding.permissions import PERMISSIONS

router = APIRouter(tags=["deliveries"])

Evidence = Annotated[Prose, StringConstraints(max_length=2_000)]


class DeliveryBody(Body):
    """So much of a pledge really came, in the unit of its resource; `evidence` says how that can be seen.

    An `id` of one's own makes repeating safe.
    """

    id: UUID | None = None
    quantity: Quantity
    evidence: Evidence | None = None


class DeliveryView(View):
    """A part that came. The evidence is shown to the initiator, the pledger and operators only."""

    id: UUID
    quantity: int
    at: datetime
    has_evidence: bool
    evidence: str | None


class DeliveriesView(View):
    """All parts of a pledge that came, oldest first."""

    items: list[DeliveryView] = Field(default_factory=list)


@router.post("/pledges/{pledge_id}/deliveries", status_code=201, response_model=PledgeView)
async def record_delivery(
    caller: Annotated[Caller, permitted(PERMISSIONS["record_delivery"])],
    db: Db,
    once: OnlyOnce,
    now: Now,
    pledge_id: UUID,
    body: DeliveryBody,
) -> JSONResponse:
    """Record that a part of a committed pledge really came; answers the pledge. The same id again answers 200."""
    command = Deliver(body.id or uuid7(), pledge_id, body.quantity, body.evidence or "", now)
    return await answer_made(db, once, lambda tx: commands.means.deliver(tx, command, caller), shown)


@router.get("/pledges/{pledge_id}/deliveries")
async def list_deliveries(
    caller: Annotated[Caller, permitted(PERMISSIONS["list_deliveries"])], db: Db, pledge_id: UUID
) -> DeliveriesView:
    """What came of a pledge, with its evidence where it is the caller's to see."""
    async with db.transaction() as tx:
        pledges = await storage.pledges.pledges_of(tx, [pledge_id])
        pledge = found(pledges[0] if pledges else None, "pledge", pledge_id)
        initiators = await storage.means.initiators(tx, pledge.initiative)
        rows = await storage.pledges.deliveries(tx, pledge_id)
    sees = caller.id in {pledge.pledger, *initiators} or Role.OPERATOR in caller.roles
    items = [
        DeliveryView(
            id=row["id"],
            quantity=row["quantity"],
            at=row["at"],
            has_evidence=bool(row["evidence"]),
            evidence=row["evidence"] if sees and row["evidence"] else None,
        )
        for row in rows
    ]
    return DeliveriesView(items=items)


@router.post("/pledges/{pledge_id}/lapse", response_model=PledgeView)
async def lapse_pledge(
    caller: Annotated[Caller, permitted(PERMISSIONS["lapse_pledge"])],
    db: Db,
    once: OnlyOnce,
    now: Now,
    pledge_id: UUID,
) -> JSONResponse:
    """Say that what is open of a pledge will not come: a held one is declined, a committed one falls out.

    Where the initiative then misses something, a top-up window opens for others to fill it.
    """

    async def lapse(tx: Transaction) -> dict[str, Any]:
        return shown(await commands.means.lapse(tx, pledge_id, caller, now)).model_dump(mode="json")

    return await answer_once(db, once, 200, lapse)
