"""Funds: `/funds`."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field
from uuid_utils.compat import uuid7

from dorpsplein.fields import Body, Line, View
from dorpsplein.identity import Caller
from dorpsplein.web import MOST_PAGE, Db, Now, OnlyOnce, found, from_cursor, page, permitted, to_cursor
from funding import commands, storage
from funding.api.fields import KnobValues, RuleName, answer_made
from funding.domain.funds import Fund
from funding.permissions import PERMISSIONS

router = APIRouter(tags=["funds"])


class FundBody(Body):
    """A fund to be opened under a rule; knobs that are not given start where the registry puts them.

    After this only the community turns them. An `id` of one's own makes repeating safe.
    """

    id: UUID | None = None
    name: Line
    rule: RuleName = "ratio"
    knobs: KnobValues = Field(default_factory=dict)


class FundView(View):
    """A source of means."""

    id: UUID
    name: str
    opened_by: UUID
    opened_at: datetime
    paused_until: datetime | None
    location: str


def shown(fund: Fund) -> FundView:
    """A fund as it is shown."""
    return FundView(
        id=fund.id,
        name=fund.name,
        opened_by=fund.opened_by,
        opened_at=fund.opened_at,
        paused_until=fund.paused_until,
        location=f"/v1/funds/{fund.id}",
    )


@router.post("/funds", status_code=201, response_model=FundView)
async def open_fund(
    caller: Annotated[Caller, permitted(PERMISSIONS["open_fund"])], db: Db, once: OnlyOnce, now: Now, body: FundBody
) -> JSONResponse:
    """Open a fund. The same id with the same input answers 200, with other input 409."""
    fund = Fund(body.id or uuid7(), body.name, caller.id, now)
    return await answer_made(db, once, lambda tx: commands.rounds.open_fund(tx, fund, body.rule, body.knobs), shown)


@router.get("/funds", response_model=None)
async def list_funds(
    request: Request, db: Db, cursor: str | None = None, limit: Annotated[int, Query(ge=1, le=MOST_PAGE)] = 50
) -> Response:
    """Funds, newest first."""
    before = from_cursor(cursor, datetime, UUID) if cursor else None
    async with db.transaction() as tx:
        funds = await storage.rounds.funds(tx, (before[0], before[1]) if before else None, limit)
    last = funds[-1] if len(funds) == limit else None
    return page(request, [shown(fund) for fund in funds], to_cursor(last.opened_at, last.id) if last else None)


@router.get("/funds/{fund_id}")
async def show_fund(db: Db, fund_id: UUID) -> FundView:
    """One fund."""
    async with db.transaction() as tx:
        return shown(found(await storage.rounds.fund(tx, fund_id), "fund", fund_id))
