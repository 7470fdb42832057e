"""Pay-outs and files for the bank: `/payouts` and `/payout-batches`."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import model_validator
from pydantic_core import PydanticCustomError
from uuid_utils.compat import uuid7

from dorpsplein.database import Transaction
from dorpsplein.errors import NotFound
from dorpsplein.fields import Body, View
from dorpsplein.identity import Caller
from dorpsplein.web import MOST_PAGE, Db, Now, OnlyOnce, answer_once, found, from_cursor, page, permitted, to_cursor
from funding import commands, storage
from funding.api.fields import Amount, answer_made
from funding.domain.payouts import Debtor, OrderPayout, Payout, Status
from funding.permissions import PERMISSIONS
from funding.settings import FundingSettings
from funding.storage.payouts import Batch

router = APIRouter(tags=["payouts"])

Limit = Annotated[int, Query(ge=1, le=MOST_PAGE)]


class PayoutBody(Body):
    """An order to pay an initiative: so many cents, or all that waits for it. An `id` of one's own makes it safe."""

    id: UUID | None = None
    initiative_id: UUID
    amount_cents: Amount | None = None
    all: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.amount_cents is None) == (self.all is None):
            raise PydanticCustomError("amount_or_all", "send either amountCents or all: true")
        return self


class PayoutView(View):
    """A pay-out. `status` is `ordered`, `sent` (in a file for the bank), `booked` or `returned`."""

    id: UUID
    initiative_id: UUID
    amount_cents: int
    status: Status
    version: int
    ordered_by: UUID
    ordered_at: datetime
    batch_id: UUID | None
    end_to_end_id: str
    location: str


class BatchBody(Body):
    """The day the bank is asked to pay on, for everything that waits; an `id` of one's own makes it safe."""

    id: UUID | None = None
    execution_date: date


class BatchView(View):
    """A file for the bank: what it asks for, and where it is."""

    id: UUID
    execution_date: date
    made_by: UUID
    made_at: datetime
    payouts: int
    amount_cents: int
    file: str
    location: str


def shown(payout: Payout) -> PayoutView:
    """A pay-out as it is shown."""
    return PayoutView(
        id=payout.id,
        initiative_id=payout.initiative,
        amount_cents=payout.cents,
        status=payout.status,
        version=payout.version,
        ordered_by=payout.ordered_by,
        ordered_at=payout.ordered_at,
        batch_id=payout.batch,
        end_to_end_id=payout.id.hex,
        location=f"/v1/payouts/{payout.id}",
    )


def batch_shown(batch: Batch) -> BatchView:
    """A batch as it is shown."""
    return BatchView(
        id=batch.id,
        execution_date=batch.execution_date,
        made_by=batch.made_by,
        made_at=batch.made_at,
        payouts=batch.payouts,
        amount_cents=batch.cents,
        file=f"/v1/payout-batches/{batch.id}/file",
        location=f"/v1/payout-batches/{batch.id}",
    )


def debtor_of(request: Request) -> Debtor | None:
    """The account this deployment pays from; None where it is not set."""
    settings = request.app.state.runtime.settings
    assert isinstance(settings, FundingSettings)
    return settings.debtor


@router.post("/payouts", status_code=201, response_model=PayoutView)
async def order_payout(
    caller: Annotated[Caller, permitted(PERMISSIONS["order_payout"])],
    db: Db,
    once: OnlyOnce,
    now: Now,
    body: PayoutBody,
) -> JSONResponse:
    """Order a pay-out of committed euros: they are held at once. The same id and input again answers 200."""
    asked = OrderPayout(body.id or uuid7(), body.initiative_id, body.amount_cents, caller.id, now)
    return await answer_made(db, once, lambda tx: commands.payouts.order(tx, asked), shown)


@router.get("/payouts", response_model=None)
async def list_payouts(
    request: Request,
    _: Annotated[Caller, permitted(PERMISSIONS["list_payouts"])],
    db: Db,
    initiative_id: Annotated[UUID | None, Query(alias="initiativeId")] = None,
    status: Status | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """Pay-outs, newest first."""
    before = from_cursor(cursor, datetime, UUID) if cursor else None
    async with db.transaction() as tx:
        rows = await storage.payouts.payouts(
            tx, (before[0], before[1]) if before else None, initiative_id, status, limit
        )
    last = rows[-1] if len(rows) == limit else None
    return page(request, [shown(one) for one in rows], to_cursor(last.ordered_at, last.id) if last else None)


@router.get("/payouts/{payout_id}")
async def read_payout(
    _: Annotated[Caller, permitted(PERMISSIONS["list_payouts"])], db: Db, payout_id: UUID
) -> PayoutView:
    """One pay-out."""
    async with db.transaction() as tx:
        return shown(found(await storage.payouts.payout(tx, payout_id), "payout", payout_id))


@router.post("/payouts/{payout_id}/cancellation", response_model=PayoutView)
async def cancel_payout(
    _: Annotated[Caller, permitted(PERMISSIONS["cancel_payout"])], db: Db, once: OnlyOnce, now: Now, payout_id: UUID
) -> JSONResponse:
    """Give back what a pay-out holds: ordered by mistake, or its file was refused by the bank and never booked."""

    async def cancel(tx: Transaction) -> dict[str, Any]:
        return shown(await commands.payouts.cancel(tx, payout_id, now)).model_dump(mode="json")

    return await answer_once(db, once, 200, cancel)


@router.post("/payout-batches", status_code=201, response_model=BatchView)
async def make_payout_batch(
    request: Request,
    caller: Annotated[Caller, permitted(PERMISSIONS["make_payout_batch"])],
    db: Db,
    once: OnlyOnce,
    now: Now,
    body: BatchBody,
) -> JSONResponse:
    """Collect every pay-out that waits in one file for the bank. The same id and date again answers 200."""
    debtor, batch_id = debtor_of(request), body.id or uuid7()
    return await answer_made(
        db,
        once,
        lambda tx: commands.payouts.make_batch(tx, batch_id, body.execution_date, debtor, caller, now),
        batch_shown,
    )


@router.get("/payout-batches", response_model=None)
async def list_payout_batches(
    request: Request,
    _: Annotated[Caller, permitted(PERMISSIONS["list_payouts"])],
    db: Db,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """Files for the bank, newest first."""
    before = from_cursor(cursor, datetime, UUID) if cursor else None
    async with db.transaction() as tx:
        rows = await storage.payouts.batches(tx, (before[0], before[1]) if before else None, limit)
    last = rows[-1] if len(rows) == limit else None
    return page(request, [batch_shown(one) for one in rows], to_cursor(last.made_at, last.id) if last else None)


@router.get("/payout-batches/{batch_id}")
async def read_payout_batch(
    _: Annotated[Caller, permitted(PERMISSIONS["list_payouts"])], db: Db, batch_id: UUID
) -> BatchView:
    """One file for the bank, without its content."""
    async with db.transaction() as tx:
        return batch_shown(found(await storage.payouts.batch(tx, batch_id), "payout-batch", batch_id))


@router.get("/payout-batches/{batch_id}/file", response_class=Response)
async def download_payout_batch(
    _: Annotated[Caller, permitted(PERMISSIONS["download_payout_batch"])], db: Db, batch_id: UUID
) -> Response:
    """The file to give to the bank (pain.001.001.09): always the same bytes, until an account in it is erased."""
    async with db.transaction() as tx:
        found(await storage.payouts.batch(tx, batch_id), "payout-batch", batch_id)
        content = await storage.payouts.file(tx, batch_id)
    if content is None:
        raise NotFound("file-erased", "A bank account in this file was erased, and the file with it.")
    headers = {"Content-Disposition": f'attachment; filename="{batch_id}.xml"', "Cache-Control": "no-store"}
    return Response(content, media_type="application/xml", headers=headers)
