"""Lone visits over HTTP: only for who goes out alone, and the colleague they chose."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from uuid_utils.compat import uuid7

from dorpsplein.database import Transaction
from dorpsplein.fields import Body, Line, Moment, View
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, OnlyOnce, answer_once, etag, found, permitted
from presence.api.lists import Limit, after_id, listed
from presence.commands import lone_visits as commands
from presence.domain import lone_visits as domain
from presence.permissions import PERMISSIONS
from presence.storage import lone_visits as storage

router = APIRouter(tags=["lone visits"])


class NewLoneVisit(Body):
    """Where the caller goes alone (a place, or a note such as an address), by when they are back, and who is rung."""

    place_id: UUID | None = None
    note: Line | None = None
    colleague_id: UUID
    back_by: Moment


class CheckIn(Body):
    """By when the caller is back now."""

    back_by: Moment


class LoneVisitView(View):
    """How a lone visit stands. `rings` counts those since `backBy`; it is gone a day after `endedAt`."""

    id: UUID
    visitor_id: UUID
    colleague_id: UUID
    back_by: datetime
    status: str
    rings: int
    ended_at: datetime | None
    version: int


class WholeLoneVisitView(LoneVisitView):
    """A lone visit with where to; answers to commands do not say that, as they are kept for who repeats a request."""

    place_id: UUID | None
    note: str | None

    @classmethod
    def of(cls, row: asyncpg.Record) -> Self:
        """The view of a visit's row."""
        return cls.model_validate(dict(row))


def _answer(visit: domain.LoneVisit) -> dict[str, Any]:
    view = LoneVisitView(**{name: getattr(visit, name) for name in LoneVisitView.model_fields})
    return view.model_dump(mode="json")


@router.post("/lone-visits", status_code=201, response_model=LoneVisitView)
async def go_out_alone(
    caller: Annotated[Caller, permitted(PERMISSIONS["go_out_alone"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    body: NewLoneVisit,
) -> Response:
    """Go out alone: when you are not back in time, your colleague is rung, and again three times, every 15 minutes."""
    visit = domain.LoneVisit(
        id=uuid7(),
        visitor_id=caller.id,
        colleague_id=body.colleague_id,
        back_by=body.back_by,
        place_id=body.place_id,
        note=body.note,
    )

    async def command(tx: Transaction) -> dict[str, Any]:
        return {**_answer(await commands.go_out(tx, visit, now=now)), "location": f"/v1/lone-visits/{visit.id}"}

    return await answer_once(db, request_once, 201, command)


@router.post("/lone-visits/{visit_id}/check-in", response_model=LoneVisitView)
async def put_off_return(
    caller: Annotated[Caller, permitted(PERMISSIONS["put_off_return"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    visit_id: UUID,
    body: CheckIn,
) -> Response:
    """All is well, and you are back later: at most 12 hours from now."""

    async def command(tx: Transaction) -> dict[str, Any]:
        return _answer(await commands.check_in(tx, visit_id, caller.id, body.back_by, now=now))

    return await answer_once(db, request_once, 200, command)


@router.post("/lone-visits/{visit_id}/return", response_model=LoneVisitView)
async def come_back(
    caller: Annotated[Caller, permitted(PERMISSIONS["come_back"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    visit_id: UUID,
) -> Response:
    """You are back; your colleague hears so where they were rung."""

    async def command(tx: Transaction) -> dict[str, Any]:
        return _answer(await commands.come_back(tx, visit_id, caller.id, now=now))

    return await answer_once(db, request_once, 200, command)


@router.get("/lone-visits/mine")
async def list_own_lone_visits(
    request: Request,
    caller: Annotated[Caller, permitted(PERMISSIONS["list_own_lone_visits"])],
    db: Db,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """The visits you make, and those for which you would be rung; the newest first."""
    after = after_id(cursor)
    async with db.transaction() as tx:
        rows = await storage.of_person(tx, caller.id, after=after, limit=limit + 1)
    return listed(request, rows, limit, WholeLoneVisitView.of)


@router.get("/lone-visits/{visit_id}", response_model=WholeLoneVisitView)
async def read_lone_visit(
    caller: Annotated[Caller, permitted(PERMISSIONS["read_lone_visit"])], db: Db, visit_id: UUID
) -> Response:
    """One visit, with where to. For anyone else it is not there."""
    async with db.transaction() as tx:
        row = found(await storage.one(tx, visit_id, caller.id), "lone-visit", visit_id)
    view = WholeLoneVisitView.of(row)
    return JSONResponse(view.model_dump(mode="json"), headers={"ETag": etag(view.version)})
