"""What the host of a session does with it, over HTTP."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import Field, StringConstraints

from dorpsplein.database import Transaction
from dorpsplein.fields import Body, Moment, Prose, View
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, OnlyOnce, answer_once, permitted
from presence.api.sessions import Capacity, SessionView
from presence.api.settings import Configured
from presence.commands import checking_in, seats
from presence.commands import sessions as commands
from presence.domain import hosting
from presence.domain.codes import key_of
from presence.domain.sessions import CancelReason
from presence.permissions import PERMISSIONS

router = APIRouter(tags=["sessions"])


class Cancellation(Body):
    """A session does not take place."""

    reason: CancelReason = Field(description="Why, as one of these codes.")


class Move(Body):
    """When it will be, and where: without `placeId` where it was, with null online."""

    place_id: UUID | None = None
    starts_at: Moment
    ends_at: Moment


class Room(Body):
    """How many seats there are; null is room for all."""

    capacity: Capacity | None


class Thanks(Body):
    """What the host says at the end; all can read it."""

    words: Annotated[Prose, StringConstraints(max_length=4_000)]


class SessionCode(View):
    """What those who are there scan to check in, until when it counts."""

    code: str
    until: datetime


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
        session = await commands.change_session(
            tx, session_id, lambda there: hosting.start(there, caller.id, now), now=now
        )
        return SessionView.of(session).model_dump(mode="json")

    return await answer_once(db, request_once, 200, command)


@router.post("/sessions/{session_id}/cancellation", response_model=SessionView)
async def cancel_session(
    caller: Annotated[Caller, permitted(PERMISSIONS["cancel_session"])],
    db: Db,
    now: Now,
    settings: Configured,
    request_once: OnlyOnce,
    session_id: UUID,
    body: Cancellation,
) -> Response:
    """Say that a session does not take place, or was broken off, and why; everyone with a seat is told."""

    async def command(tx: Transaction) -> dict[str, Any]:
        session = await commands.cancel_session(tx, session_id, body.reason, caller.id, settings, now=now)
        return SessionView.of(session).model_dump(mode="json")

    return await answer_once(db, request_once, 200, command)


@router.post("/sessions/{session_id}/move", response_model=SessionView)
async def move_session(
    caller: Annotated[Caller, permitted(PERMISSIONS["move_session"])],
    db: Db,
    now: Now,
    settings: Configured,
    request_once: OnlyOnce,
    session_id: UUID,
    body: Move,
) -> Response:
    """Move a session that has not begun to another time or place; everyone with a seat keeps it, and is told."""
    window = body.starts_at, body.ends_at

    async def command(tx: Transaction) -> dict[str, Any]:
        session = await commands.move_session(
            tx,
            session_id,
            lambda there: body.place_id if "place_id" in body.model_fields_set else there.place_id,
            window,
            caller.id,
            settings,
            now=now,
        )
        return SessionView.of(session).model_dump(mode="json")

    return await answer_once(db, request_once, 200, command)


@router.post("/sessions/{session_id}/capacity", response_model=SessionView)
async def resize_session(
    caller: Annotated[Caller, permitted(PERMISSIONS["resize_session"])],
    db: Db,
    now: Now,
    settings: Configured,
    request_once: OnlyOnce,
    session_id: UUID,
    body: Room,
) -> Response:
    """Make room for more people, so that who waits moves up, or for fewer, but no fewer than have a seat."""

    async def command(tx: Transaction) -> dict[str, Any]:
        session = await seats.resize(tx, session_id, body.capacity, caller.id, settings, now=now)
        return SessionView.of(session).model_dump(mode="json")

    return await answer_once(db, request_once, 200, command)


@router.post("/sessions/{session_id}/thanks", response_model=SessionView)
async def thank_for_session(
    caller: Annotated[Caller, permitted(PERMISSIONS["thank_for_session"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    session_id: UUID,
    body: Thanks,
) -> Response:
    """Thank everyone, once it was harvested; who was there is told."""

    async def command(tx: Transaction) -> dict[str, Any]:
        session = await commands.thank(tx, session_id, body.words, caller.id, now=now)
        return SessionView.of(session).model_dump(mode="json")

    return await answer_once(db, request_once, 200, command)


@router.get("/sessions/{session_id}/code", response_model=SessionCode)
async def read_session_code(
    caller: Annotated[Caller, permitted(PERMISSIONS["read_session_code"])],
    db: Db,
    now: Now,
    settings: Configured,
    session_id: UUID,
) -> Response:
    """The code to lay on the table as a QR code; ask for a new one before it no longer counts."""
    key = key_of(settings.pseudonym_secret.get_secret_value())
    async with db.transaction() as tx:
        code, until = await checking_in.code_of(tx, session_id, caller.id, key, now=now)
    view = SessionCode(code=code, until=until)
    return JSONResponse(view.model_dump(mode="json"), headers={"Cache-Control": "no-store"})
