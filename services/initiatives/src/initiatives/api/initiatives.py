"""Initiatives over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field
from uuid_utils.compat import uuid7

from dorpsplein.errors import Invalid
from dorpsplein.fields import Body, Cents, Code, Line, Near, Point, Prose, point_of
from dorpsplein.identity import Caller
from dorpsplein.web import (
    Db,
    IfMatch,
    Now,
    OnlyOnce,
    answer_once,
    etag,
    found,
    from_cursor,
    permitted,
)
from initiatives.api import views
from initiatives.api.lists import Cursor, Limit, listed
from initiatives.api.settings import Configured
from initiatives.commands import initiatives as commands
from initiatives.domain.initiative import Content, Reason, Spot, Status
from initiatives.permissions import PERMISSIONS
from initiatives.storage import pages

NEAR_RADIUS_M = 1_000.0
LARGEST_RADIUS_M = 100_000

router = APIRouter(tags=["initiatives"])


class Proposal(Body):
    """A new initiative; `meansNeededCents` is what it would cost, left out while unknown."""

    title: Line
    summary: Prose
    theme: Code
    neighbourhood: Code | None = None
    place: Point | None = None
    means_needed_cents: Cents | None = None


class Changes(Body):
    """What to change: only fields that are sent count; null takes away place, neighbourhood or means needed."""

    title: Line = ""
    summary: Prose = ""
    theme: Code = ""
    neighbourhood: Code | None = None
    place: Point | None = None
    means_needed_cents: Cents | None = None


class Withdrawal(Body):
    """Taking an initiative back."""

    reason: Reason = Field(description="Why, as one of these codes.")


@router.post("/initiatives", status_code=201, responses={201: {"model": views.initiatives.Initiative}})
async def propose(
    proposal: Proposal,
    caller: Annotated[Caller, permitted(PERMISSIONS["propose"])],
    db: Db,
    now: Now,
    settings: Configured,
    once: OnlyOnce,
) -> Response:
    """Propose an initiative. From the number of supports that is asked at this moment on it counts as supported."""
    content = Content(
        proposal.title,
        proposal.summary,
        proposal.theme,
        _spot(proposal.place),
        proposal.means_needed_cents or 0,
        proposal.neighbourhood,
    )
    return await answer_once(
        db,
        once,
        201,
        lambda tx: commands.propose(
            tx,
            content,
            initiative_id=UUID(int=uuid7().int),
            initiator=caller.id,
            threshold=settings.support_threshold,
            now=now,
        ),
    )


@router.get("/initiatives", responses={200: {"model": views.initiatives.InitiativeList}})
async def find(
    request: Request,
    db: Db,
    query: Annotated[
        Line | None, Query(description="Words, as in a search engine; the best match comes first.")
    ] = None,
    status: Annotated[Status | None, Query(description="Without it: all but the withdrawn ones.")] = None,
    theme: Code | None = None,
    neighbourhood: Code | None = None,
    near: Annotated[Near | None, Query(description="A point, as latitude,longitude.")] = None,
    radius: Annotated[float | None, Query(gt=0, le=LARGEST_RADIUS_M, description="In metres from `near`.")] = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Response:
    """Find initiatives, the newest first, or the best match where words are asked for."""
    if radius is not None and near is None:
        raise Invalid("radius-without-near", "A radius needs a point: send near=latitude,longitude too.")
    spot = _spot(point_of(near)) if near else None
    search = pages.Search(query, status, theme, neighbourhood, spot, radius or NEAR_RADIUS_M)
    after = None
    if cursor:
        position, last = from_cursor(cursor, float if query else datetime, UUID)
        after = (position, last)
    async with db.connection() as connection:
        rows = await pages.found(connection, search, after, limit + 1)
    return listed(request, rows, limit, "position")


@router.get("/initiatives/{initiative_id}", responses={200: {"model": views.initiatives.InitiativePage}})
async def read(initiative_id: UUID, db: Db) -> Response:
    """An initiative's whole page."""
    async with db.connection() as connection:
        row = found(await pages.page(connection, initiative_id), "initiative", initiative_id)
    return Response(row["document"], media_type="application/json", headers={"ETag": etag(row["version"])})


@router.patch("/initiatives/{initiative_id}", responses={200: {"model": views.initiatives.Initiative}})
async def edit(
    initiative_id: UUID,
    changes: Changes,
    caller: Annotated[Caller, permitted(PERMISSIONS["edit"])],
    db: Db,
    now: Now,
    version: IfMatch,
) -> Response:
    """Change an initiative; its initiator does, on the newest version."""
    sent = {name: getattr(changes, name) for name in changes.model_fields_set}
    if "place" in sent:
        sent["place"] = _spot(changes.place)
    if "means_needed_cents" in sent:
        sent["means_needed_cents"] = changes.means_needed_cents or 0
    if not sent:
        raise Invalid(
            "nothing-to-change", "Send at least one of title, summary, theme, neighbourhood, place, meansNeededCents."
        )
    async with db.transaction() as tx:
        answer = await commands.edit(tx, initiative_id, sent, person=caller.id, version=version, now=now)
    return JSONResponse(answer, headers={"ETag": etag(answer["version"])})


@router.post("/initiatives/{initiative_id}/withdrawal", responses={200: {"model": views.initiatives.Initiative}})
async def withdraw(
    initiative_id: UUID,
    withdrawal: Withdrawal,
    caller: Annotated[Caller, permitted(PERMISSIONS["withdraw"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Take an initiative back for good; its initiator does."""
    return await answer_once(
        db,
        once,
        200,
        lambda tx: commands.withdraw(tx, initiative_id, withdrawal.reason, person=caller.id, now=now),
    )


def _spot(point: Point | None) -> Spot | None:
    return Spot(point.latitude, point.longitude) if point else None
