"""Changes of knobs: drafted, listed, shown."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field
from uuid_utils.compat import uuid7

from dorpsplein.fields import Body, Prose
from dorpsplein.identity import Caller
from dorpsplein.web import MOST_PAGE, Db, Now, OnlyOnce, found, from_cursor, page, permitted, to_cursor
from funding import commands, storage
from funding.api.fields import KnobValues, answer_made
from funding.api.knobs.fields import KnobBounds, pairs
from funding.api.knobs.views import KnobChangeView, shown
from funding.domain.knobs.changes import DraftChange, KnobChange, Status
from funding.permissions import PERMISSIONS

router = APIRouter()


class KnobChangeBody(Body):
    """New values by knob, new bounds by knob (a change of the constitution), or both, with a reason."""

    id: UUID | None = None
    fund_id: UUID
    values: Annotated[KnobValues, Field(default_factory=dict)]
    bounds: Annotated[KnobBounds, Field(default_factory=dict)]
    reason: Prose


@router.post("/knob-changes", status_code=201, response_model=KnobChangeView)
async def draft_knob_change(
    caller: Annotated[Caller, permitted(PERMISSIONS["draft_knob_change"])],
    db: Db,
    once: OnlyOnce,
    now: Now,
    body: KnobChangeBody,
) -> JSONResponse:
    """Draft a change, as a resident of the electorate. The same id and input again answers 200."""
    command = DraftChange(
        body.id or uuid7(), body.fund_id, body.values, pairs(body.bounds), body.reason, caller.id, now
    )
    return await answer_made(
        db, once, lambda tx: commands.knobs.changes.draft(tx, command), lambda change: shown(change, None)
    )


@router.get("/knob-changes", response_model=None)
async def list_knob_changes(
    request: Request,
    db: Db,
    fund_id: Annotated[UUID | None, Query(alias="fundId")] = None,
    status: Status | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST_PAGE)] = 50,
) -> Response:
    """Changes, newest first. Of a simulation its summary and versions; its cases stand with the change itself."""
    before = from_cursor(cursor, datetime, UUID) if cursor else None
    async with db.transaction() as tx:
        changes = await storage.knobs.changes.listed(
            tx, (before[0], before[1]) if before else None, fund_id, status, limit
        )
        reports = await storage.knobs.simulations.reports(tx, [change.id for change in changes])
    last = changes[-1] if len(changes) == limit else None
    following = to_cursor(last.drafted_at, last.id) if last else None
    return page(request, [shown(change, _in_short(reports.get(change.id))) for change in changes], following)


def _in_short(report: dict[str, Any] | None) -> dict[str, Any] | None:
    return report and {part: value for part, value in report.items() if part != "cases"}


@router.get("/knob-changes/{change_id}")
async def show_knob_change(db: Db, change_id: UUID) -> KnobChangeView:
    """One change with its simulation; with its tally once the vote is over."""
    async with db.transaction() as tx:
        change: KnobChange = found(await storage.knobs.changes.change(tx, change_id), "knob-change", change_id)
        reports = await storage.knobs.simulations.reports(tx, [change_id])
    return shown(change, reports.get(change_id))
