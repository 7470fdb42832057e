"""Requests for a session over HTTP: asked, joined, picked up, withdrawn, found."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import StringConstraints
from uuid_utils.compat import uuid7

from dorpsplein.database import Database, Transaction
from dorpsplein.fields import Body, Code, Point, Prose, View, point_of
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, OnlyOnce, answer_once, etag, found, from_cursor, page, permitted, to_cursor
from presence.api.lists import Limit, after_id, listed
from presence.api.places import NearPoint, RadiusM
from presence.api.settings import Configured
from presence.commands import requests as commands
from presence.domain import requests as domain
from presence.domain.counts import shown
from presence.domain.requests import RequestStatus
from presence.permissions import PERMISSIONS
from presence.storage import requests as storage
from presence.storage.requests import Position

router = APIRouter(tags=["session requests"])


class Sort(StrEnum):
    """In which order requests are listed."""

    NEWEST = "newest"
    MOST_JOINED = "most-joined"


class NewRequest(Body):
    """A session that somebody wishes for. Its point is kept no finer than about a hundred metres, and not shown."""

    question: Annotated[Prose, StringConstraints(max_length=1_000)]
    theme: Code
    neighbourhood: Code | None = None
    point: Point | None = None
    initiative_id: UUID | None = None


class PickUp(Body):
    """The session that answers the request: announced already, and hosted by who picks it up."""

    session_id: UUID


class RequestReceipt(View):
    """A request after what was done with it, without its words: an answer is kept longer than words that are erased."""

    id: UUID
    status: RequestStatus
    session_id: UUID | None
    expires_at: datetime
    version: int

    @classmethod
    def of(cls, request: domain.Request) -> dict[str, Any]:
        """The receipt of a request, as JSON."""
        view = cls(
            id=request.id,
            status=request.status,
            session_id=request.session_id,
            expires_at=request.expires_at,
            version=request.version,
        )
        return view.model_dump(mode="json")


class RequestView(View):
    """A request. `joined` is how many ask along, null as long as that is under five; withdrawn, it has no question."""

    id: UUID
    question: str | None
    theme: str
    neighbourhood: str | None
    initiative_id: UUID | None
    status: RequestStatus
    session_id: UUID | None
    asked_at: datetime
    expires_at: datetime
    joined: int | None
    version: int

    @classmethod
    def of(cls, row: asyncpg.Record, **more: Any) -> Self:
        """The view of a request's row."""
        return cls.model_validate({**row, "joined": shown(row["joined"]), **more})


class OwnRequestView(RequestView):
    """A request as one of its people sees it: who asked, or one who asks along."""

    asked_by_you: bool


class JoiningView(View):
    """Whether somebody asks along."""

    request_id: UUID
    joined: bool


@router.post("/session-requests", status_code=201, response_model=RequestReceipt)
async def ask_for_session(
    caller: Annotated[Caller, permitted(PERMISSIONS["ask_for_session"])],
    db: Db,
    now: Now,
    settings: Configured,
    request_once: OnlyOnce,
    body: NewRequest,
) -> Response:
    """Ask for a session around a question; at most ten stand open at a time."""
    point = (body.point.latitude, body.point.longitude) if body.point else None
    asked = domain.Ask(uuid7(), caller.id, body.question, body.theme, body.neighbourhood, point, body.initiative_id)

    async def command(tx: Transaction) -> dict[str, Any]:
        receipt = RequestReceipt.of(await commands.ask(tx, asked, settings, now=now))
        return {**receipt, "location": f"/v1/session-requests/{asked.id}"}

    return await answer_once(db, request_once, 201, command)


@router.put("/session-requests/{request_id}/joining", response_model=JoiningView)
async def join_request(
    caller: Annotated[Caller, permitted(PERMISSIONS["join_request"])], db: Db, request_id: UUID
) -> Response:
    """Ask along; doing it again changes nothing."""
    return await _joining(db, request_id, caller, joins=True)


@router.delete("/session-requests/{request_id}/joining", response_model=JoiningView)
async def leave_request(
    caller: Annotated[Caller, permitted(PERMISSIONS["leave_request"])], db: Db, request_id: UUID
) -> Response:
    """Ask along no longer; doing it again changes nothing."""
    return await _joining(db, request_id, caller, joins=False)


async def _joining(db: Database, request_id: UUID, caller: Caller, *, joins: bool) -> Response:
    done = await db.grouped(commands.change_joinings, commands.Joining(request_id, caller.id, joins))
    return JSONResponse(JoiningView(request_id=request_id, joined=done.joins).model_dump(mode="json"))


@router.post("/session-requests/{request_id}/pick-up", response_model=RequestReceipt)
async def pick_up_request(
    caller: Annotated[Caller, permitted(PERMISSIONS["pick_up_request"])],
    db: Db,
    request_once: OnlyOnce,
    request_id: UUID,
    body: PickUp,
) -> Response:
    """Answer it with a session you host; a session may answer many. Who asked and who asked along are told."""

    async def command(tx: Transaction) -> dict[str, Any]:
        return RequestReceipt.of(await commands.pick_up(tx, request_id, body.session_id, caller.id))

    return await answer_once(db, request_once, 200, command)


@router.post("/session-requests/{request_id}/withdrawal", response_model=RequestReceipt)
async def withdraw_request(
    caller: Annotated[Caller, permitted(PERMISSIONS["withdraw_request"])],
    db: Db,
    request_once: OnlyOnce,
    request_id: UUID,
) -> Response:
    """Ask no longer, or take your words back after it was picked up or expired: they are erased everywhere."""

    async def command(tx: Transaction) -> dict[str, Any]:
        return RequestReceipt.of(await commands.withdraw(tx, request_id, caller.id))

    return await answer_once(db, request_once, 200, command)


@router.get("/session-requests")
async def list_requests(
    request: Request,
    db: Db,
    near: NearPoint = None,
    radius: RadiusM = 5_000,
    theme: Code | None = None,
    initiative: UUID | None = None,
    sort: Annotated[Sort, Query(description="Fewer than five who ask along count as none.")] = Sort.NEWEST,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """Open requests; near a point where they, or else their initiative, have one."""
    after = Position(*from_cursor(cursor, int, datetime, UUID)) if cursor else None
    point = point_of(near) if near else None
    async with db.transaction() as tx:
        rows = await storage.open_ones(
            tx,
            theme=theme,
            initiative_id=initiative,
            around=(point.latitude, point.longitude, float(radius)) if point else None,
            most_joined=sort is Sort.MOST_JOINED,
            after=after,
            limit=limit + 1,
        )
    last = rows[limit - 1] if len(rows) > limit else None
    following = to_cursor(last["rank"], last["asked_at"], last["id"]) if last else None
    return page(request, [RequestView.of(row) for row in rows[:limit]], following)


@router.get("/session-requests/mine")
async def list_own_requests(
    request: Request,
    caller: Annotated[Caller, permitted(PERMISSIONS["list_own_requests"])],
    db: Db,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """What the caller asked or asks along with, the newest first, whatever became of it."""
    after = after_id(cursor)
    async with db.transaction() as tx:
        rows = await storage.of_person(tx, caller.id, after=after, limit=limit + 1)
    return listed(request, rows, limit, lambda row: OwnRequestView.of(row, asked_by_you=row["asked_by"] == caller.id))


@router.get("/session-requests/{request_id}", response_model=RequestView)
async def read_request(db: Db, request_id: UUID) -> Response:
    """One request, and what became of it."""
    async with db.transaction() as tx:
        view = RequestView.of(found(await storage.one(tx, request_id), "session-request", request_id))
    return JSONResponse(view.model_dump(mode="json"), headers={"ETag": etag(view.version)})
