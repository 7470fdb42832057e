"""Bank statements: `/bank-statements`."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from uuid_utils.compat import uuid7

from dorpsplein.database import Transaction
from dorpsplein.fields import View
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, found, permitted
from funding import commands, storage
from funding.api.payouts import debtor_of
from funding.domain.statements import Outcome
from funding.permissions import PERMISSIONS

router = APIRouter(tags=["bank-statements"])

CAMT_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/xml": {"schema": {"type": "string", "description": "A camt.053 document."}}},
    }
}


class LineView(View):
    """A line of a statement: what it is about, or (`reason`) why it fits nothing. Names and texts are not kept."""

    position: int
    booked_on: date
    amount_cents: int
    credit: bool
    bank_reference: str
    outcome: Outcome
    reason: str
    payout_id: UUID | None
    pledge_id: UUID | None


class StatementView(View):
    """What was taken in: lines that fitted, lines that did not, lines known before, and those not yet booked."""

    id: UUID
    taken_in_by: UUID
    taken_in_at: datetime
    matched: list[LineView]
    unmatched: list[LineView]
    known_before: int
    pending: int
    location: str


@router.post("/bank-statements", status_code=201, response_model=StatementView, openapi_extra=CAMT_BODY)
async def take_in_statement(
    request: Request, caller: Annotated[Caller, permitted(PERMISSIONS["take_in_statement"])], db: Db, now: Now
) -> JSONResponse:
    """Reconcile a statement (camt.053) with pay-outs and pledges. The same content again answers 200.

    Nothing is kept of a statement that cannot be read, is not in euros, is of another account or does not add up.
    """
    content = await request.body()
    statement_id, new = await commands.statements.take_in(db, content, uuid7(), debtor_of(request), caller, now)
    async with db.transaction() as tx:
        view = await _shown(tx, statement_id)
    return JSONResponse(view.model_dump(mode="json"), 201 if new else 200, {"Location": view.location})


@router.get("/bank-statements/{statement_id}")
async def read_statement(
    _: Annotated[Caller, permitted(PERMISSIONS["read_statement"])], db: Db, statement_id: UUID
) -> StatementView:
    """What became of a statement."""
    async with db.transaction() as tx:
        return await _shown(tx, statement_id)


async def _shown(tx: Transaction, statement_id: UUID) -> StatementView:
    statement = found(await storage.statements.statement(tx, statement_id), "bank-statement", statement_id)
    lines = [LineView(**row) for row in await storage.statements.lines(tx, statement_id)]
    return StatementView(
        id=statement.id,
        taken_in_by=statement.by,
        taken_in_at=statement.at,
        matched=[line for line in lines if line.outcome != "unmatched"],
        unmatched=[line for line in lines if line.outcome == "unmatched"],
        known_before=statement.known_before,
        pending=statement.pending,
        location=f"/v1/bank-statements/{statement.id}",
    )
