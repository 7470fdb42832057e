"""Sessions over HTTP: announced and found. What its host does next is in `presence.api.hosting`."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import AfterValidator, Field, StrictInt, StringConstraints
from uuid_utils.compat import uuid7

from dorpsplein.database import Transaction
from dorpsplein.fields import Body, Code, Line, Moment, Prose, View
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, OnlyOnce, answer_once, etag, found, permitted
from presence.api.lists import Limit, after_id, each_once, listed
from presence.api.settings import Configured
from presence.commands import sessions as commands
from presence.domain.sessions import CancelReason, Session, SessionStatus
from presence.permissions import PERMISSIONS
from presence.storage import sessions as storage
from presence.storage.reach import people_reached

MOST_INITIATIVES = 10
MOST_THEMES = 10
MOST_SEATS = 10_000
Capacity = Annotated[StrictInt, Field(gt=0, le=MOST_SEATS)]
"""How many seats there are."""

router = APIRouter(tags=["sessions"])


class NewSession(Body):
    """A session the caller will host: a question and a working form.

    Without `placeId` it is online, without `capacity` there is room for all; seats can be taken from `opensAt`, or at
    once.
    """

    working_form: Code
    question: Annotated[Prose, StringConstraints(max_length=1_000)]
    title: Line | None = None
    place_id: UUID | None = None
    starts_at: Moment
    ends_at: Moment
    initiative_ids: Annotated[
        list[UUID], Field(max_length=MOST_INITIATIVES, default_factory=list), AfterValidator(each_once)
    ]
    themes: Annotated[list[Code], Field(max_length=MOST_THEMES, default_factory=list), AfterValidator(each_once)]
    capacity: Capacity | None = None
    opens_at: Moment | None = None


class SessionPlace(View):
    """Where a session is."""

    id: UUID
    name: str
    address: str


class SessionView(View):
    """A session; `lines` is what its harvest holds by now, also what stays without words.

    `taken` is how many seats are taken, null as long as that is under five; `thanks` is what its host said at the end.
    """

    id: UUID
    host_id: UUID
    working_form: str
    title: str | None
    question: str
    place_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    initiative_ids: list[UUID]
    themes: list[str]
    capacity: int | None
    opens_at: datetime | None
    status: SessionStatus
    cancel_reason: CancelReason | None
    taken: int | None
    is_full: bool
    lines: int
    thanks: str | None
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
            themes=list(session.themes),
            capacity=session.capacity,
            opens_at=session.opens_at,
            status=session.status,
            cancel_reason=session.cancel_reason,
            taken=session.taken_shown,
            is_full=not session.has_room,
            lines=session.lines,
            thanks=session.thanks,
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
    settings: Configured,
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
        themes=tuple(body.themes),
        capacity=body.capacity,
        opens_at=body.opens_at,
    )

    async def command(tx: Transaction) -> dict[str, Any]:
        view = SessionView.of(await commands.announce_session(tx, session, settings, now=now))
        return {**view.model_dump(mode="json"), "location": f"/v1/sessions/{view.id}"}

    return await answer_once(db, request_once, 201, command)


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
