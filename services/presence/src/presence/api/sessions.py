"""Sessions over HTTP: announced, live, cancelled, found."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import AfterValidator, Field, StringConstraints
from uuid_utils.compat import uuid7

from dorpsplein.database import Transaction
from dorpsplein.fields import Body, Code, Line, Moment, Prose, View
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, OnlyOnce, answer_once, etag, found, permitted
from presence.api.lists import Limit, after_id, each_once, listed
from presence.commands import sessions as commands
from presence.domain import sessions as domain
from presence.domain.sessions import CancelReason, Session, SessionStatus
from presence.permissions import PERMISSIONS
from presence.storage import sessions as storage
from presence.storage.reach import people_reached

MOST_INITIATIVES = 10

router = APIRouter(tags=["sessions"])


class NewSession(Body):
    """A session the caller will host: a question and a working form. Without `placeId` it is online."""

    working_form: Code
    question: Annotated[Prose, StringConstraints(max_length=1_000)]
    title: Line | None = None
    place_id: UUID | None = None
    starts_at: Moment
    ends_at: Moment
    initiative_ids: Annotated[
        list[UUID], Field(max_length=MOST_INITIATIVES, default_factory=list), AfterValidator(each_once)
    ]


class Cancellation(Body):
    """A session does not take place."""

    reason: CancelReason = Field(description="Why, as one of these codes.")


class SessionPlace(View):
    """Where a session is."""

    id: UUID
    name: str
    address: str


class SessionView(View):
    """A session; `lines` is what its harvest holds by now, also what stays without words."""

    id: UUID
    host_id: UUID
    working_form: str
    title: str | None
    question: str
    place_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    initiative_ids: list[UUID]
    status: SessionStatus
    cancel_reason: CancelReason | None
    lines: int
    version: int

    @classmethod
    def of(cls, session: Session, **more: Any) -> Self:
        """The view of a session."""
        return cls(
            id=session.id,
            host_id=session.host_id,
            working_form=session.working_form,
            title=session.title,
            question=session.question,
            place_id=session.place_id,
            starts_at=session.starts_at,
            ends_at=session.ends_at,
            initiative_ids=list(session.initiative_ids),
            status=session.status,
            cancel_reason=session.cancel_reason,
            lines=session.lines,
            version=session.version,
            **more,
        )


class PlacedSessionView(SessionView):
    """A session with its place; null when it is online."""

    place: SessionPlace | None

    @classmethod
    def of_row(cls, row: asyncpg.Record) -> Self:
        """The view of a session's row with its place."""
        place = None
        if row["place_id"]:
            place = SessionPlace(id=row["place_id"], name=row["place_name"], address=row["place_address"])
        return cls.of(storage.session_of(row), place=place)


@router.post("/sessions", status_code=201, response_model=SessionView)
async def announce_session(
    caller: Annotated[Caller, permitted(PERMISSIONS["announce_session"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    body: NewSession,
) -> Response:
    """Announce a session that you will host."""
    session = Session(
        id=uuid7(),
        host_id=caller.id,
        working_form=body.working_form,
        question=body.question,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        title=body.title,
        place_id=body.place_id,
        initiative_ids=tuple(body.initiative_ids),
    )

    async def command(tx: Transaction) -> dict[str, Any]:
        view = SessionView.of(await commands.announce_session(tx, session, now=now))
        return {**view.model_dump(mode="json"), "location": f"/v1/sessions/{view.id}"}

    return await answer_once(db, request_once, 201, command)


@router.post("/sessions/{session_id}/start", response_model=SessionView)
async def start_session(
    caller: Annotated[Caller, permitted(PERMISSIONS["start_session"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    session_id: UUID,
) -> Response:
    """Say that the people are there: from 30 minutes before it begins, and late where it was forgotten."""

    async def command(tx: Transaction) -> dict[str, Any]:
        session = await commands.change_session(tx, session_id, lambda there: domain.start(there, caller.id, now))
        return SessionView.of(session).model_dump(mode="json")

    return await answer_once(db, request_once, 200, command)


@router.post("/sessions/{session_id}/cancellation", response_model=SessionView)
async def cancel_session(
    caller: Annotated[Caller, permitted(PERMISSIONS["cancel_session"])],
    db: Db,
    request_once: OnlyOnce,
    session_id: UUID,
    body: Cancellation,
) -> Response:
    """Say that a session does not take place, or was broken off, and why."""

    async def command(tx: Transaction) -> dict[str, Any]:
        session = await commands.change_session(
            tx, session_id, lambda there: domain.cancel(there, caller.id, body.reason)
        )
        return SessionView.of(session).model_dump(mode="json")

    return await answer_once(db, request_once, 200, command)


@router.get("/sessions")
async def list_sessions(
    request: Request,
    db: Db,
    initiative: UUID | None = None,
    since: Annotated[
        Moment | None, Query(alias="from", description="Those that start at this moment or later.")
    ] = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """Sessions in order of time, of one initiative or of all."""
    after = after_id(cursor)
    async with db.transaction() as tx:
        rows = await storage.in_time(tx, initiative_id=initiative, since=since, after=after, limit=limit + 1)
    return listed(request, rows, limit, PlacedSessionView.of_row)


class ReachedSessionView(PlacedSessionView):
    """A session with its place, and how many different people were mailed about it; null while that is under five."""

    reach: int | None = None


@router.get("/sessions/{session_id}", response_model=ReachedSessionView)
async def read_session(db: Db, session_id: UUID) -> Response:
    """One session."""
    async with db.transaction() as tx:
        view = ReachedSessionView.of_row(found(await storage.one(tx, session_id), "session", session_id))
        view = view.model_copy(update={"reach": await people_reached(tx, session_id)})
    return JSONResponse(view.model_dump(mode="json"), headers={"ETag": etag(view.version)})
