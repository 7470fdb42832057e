"""Seats over HTTP. They are the busiest path when a session opens or begins, so what waits at once goes together."""

import secrets
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import StringConstraints
from uuid_utils.compat import uuid7

from dorpsplein.errors import NotFound, Unauthenticated
from dorpsplein.fields import Body, Line, View
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, Visitor, found, permitted
from presence.api.lists import Limit, after_id, listed
from presence.api.settings import Configured
from presence.commands import checking_in
from presence.commands import seats as commands
from presence.commands.seats import Answered, change_seats
from presence.domain.codes import LONGEST, key_of
from presence.domain.seats import CODE_BYTES, Holder, Seat, SeatRole, SeatStatus, code_of, hash_of
from presence.domain.sessions import SessionStatus, only_its_host
from presence.permissions import PERMISSIONS
from presence.storage import seats as storage
from presence.storage import sessions as stored_sessions

router = APIRouter(tags=["seats"])


class GivingUp(Body):
    """Which seat is given up by who has no login: the code that came with it."""

    code: Line | None = None


class CheckIn(Body):
    """The code that lies on the table; who has a seat without a name adds the code of that."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST)]
    seat_code: Line | None = None


class Role(Body):
    """What somebody is asked to be."""

    role: SeatRole


class SeatView(View):
    """A seat, or with `waiting` a place on the waiting list: `position` counts from 1."""

    id: UUID
    session_id: UUID
    status: SeatStatus
    role: SeatRole
    position: int | None = None

    @classmethod
    def of(cls, seat: Seat, **more: Any) -> Self:
        """The view of a seat."""
        return cls(id=seat.id, session_id=seat.session_id, status=seat.status, role=seat.role, **more)


class TakenSeatView(SeatView):
    """A seat as it was given; `code` is shown this once, to who gives no name: it is all that says whose it is."""

    code: str | None = None


class OwnSeatView(SeatView):
    """A seat with its session, as its person sees it."""

    title: str | None
    question: str
    starts_at: datetime
    ends_at: datetime
    session_status: SessionStatus


class HeldSeatView(View):
    """A seat as the host sees it; without a name `personId` is null."""

    id: UUID
    person_id: UUID | None
    status: SeatStatus
    role: SeatRole

    @classmethod
    def of_row(cls, row: asyncpg.Record) -> Self:
        """The view of a seat's row."""
        return cls.model_validate(dict(row))


@router.post("/sessions/{session_id}/seats", status_code=201, response_model=TakenSeatView)
async def take_seat(visitor: Visitor, db: Db, now: Now, session_id: UUID) -> Response:
    """Take a seat, or a place on the waiting list where none is free; asking again is answered with the same.

    Without a login the seat has no name: it comes with a code, and only where one is free.
    """
    code = None if visitor else code_of(secrets.token_bytes(CODE_BYTES))
    holder = Holder(code_hash=hash_of(code)) if code else _holder(visitor, None)
    answer = await db.grouped(change_seats, commands.take(session_id, uuid7(), holder, now))
    view = TakenSeatView.of(answer.seat, position=answer.position, code=code)
    return JSONResponse(view.model_dump(mode="json"), 201, headers={"Cache-Control": "no-store"})


@router.post("/seats/{seat_id}/giving-up", response_model=SeatView)
async def give_up_seat(visitor: Visitor, db: Db, now: Now, seat_id: UUID, body: GivingUp | None = None) -> Response:
    """Give up a seat, or a place on the waiting list, so that who waits longest moves up."""
    holder = _holder(visitor, body.code if body else None)
    return _answered(await db.grouped(change_seats, commands.give_up(seat_id, holder, now)))


@router.post("/sessions/{session_id}/check-in", response_model=SeatView)
async def check_in(
    visitor: Visitor, db: Db, now: Now, settings: Configured, session_id: UUID, body: CheckIn
) -> Response:
    """Say that you are there, with the code that lies on the table: with a seat, or without one where one is free."""
    holder = _holder(visitor, body.seat_code)
    key = key_of(settings.pseudonym_secret.get_secret_value())
    return _answered(await checking_in.scan(db, session_id, body.code, key, uuid7(), holder, now=now))


@router.post("/seats/{seat_id}/check-in", response_model=SeatView)
async def check_in_by_hand(
    caller: Annotated[Caller, permitted(PERMISSIONS["check_in_by_hand"])], db: Db, now: Now, seat_id: UUID
) -> Response:
    """Say as the host that somebody is there who cannot scan the code."""
    return _answered(await db.grouped(change_seats, commands.check_in_by_hand(seat_id, caller.id, now)))


@router.put("/seats/{seat_id}/role", response_model=SeatView)
async def give_role(
    caller: Annotated[Caller, permitted(PERMISSIONS["give_role"])], db: Db, now: Now, seat_id: UUID, body: Role
) -> Response:
    """Ask somebody as the host to write down the harvest, or to inspire; or to take part like everyone."""
    async with db.transaction() as tx:
        seat = await commands.change_role(tx, seat_id, body.role, caller.id, now=now)
        position = (await storage.positions(tx, [seat_id])).get(seat_id)
    return _answered(Answered(seat, position))


@router.get("/sessions/{session_id}/seats")
async def list_seats(
    request: Request,
    caller: Annotated[Caller, permitted(PERMISSIONS["list_seats"])],
    db: Db,
    session_id: UUID,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """The seats of a session you host, in the order in which they were asked for."""
    after = after_id(cursor)
    async with db.transaction() as tx:
        session = stored_sessions.session_of(found(await stored_sessions.one(tx, session_id), "session", session_id))
        only_its_host(session, caller.id)
        rows = await storage.of_session(tx, session_id, after=after, limit=limit + 1)
    return listed(request, rows, limit, HeldSeatView.of_row)


@router.get("/sessions/{session_id}/seats/mine", response_model=OwnSeatView)
async def read_own_seat(
    caller: Annotated[Caller, permitted(PERMISSIONS["read_own_seat"])], db: Db, session_id: UUID
) -> Response:
    """Your seat at a session, the last one you asked for."""
    async with db.transaction() as tx:
        rows = await storage.of_person(tx, caller.id, session_id=session_id)
        if not rows:
            raise NotFound("seat-unknown", "You have no seat at this session.")
        positions = await storage.positions(tx, [rows[0]["id"]])
    return JSONResponse(_own(rows[0], positions).model_dump(mode="json"))


@router.get("/me/seats")
async def list_own_seats(
    request: Request,
    caller: Annotated[Caller, permitted(PERMISSIONS["list_own_seats"])],
    db: Db,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """Your seats, until a month after each session; the latest first."""
    after = after_id(cursor)
    async with db.transaction() as tx:
        rows = await storage.of_person(tx, caller.id, after=after, limit=limit + 1)
        positions = await storage.positions(tx, [row["id"] for row in rows])
    return listed(request, rows, limit, lambda row: _own(row, positions))


def _holder(visitor: Caller | None, code: str | None) -> Holder:
    if code is not None:
        return Holder(code_hash=hash_of(code))
    if visitor is None:
        raise Unauthenticated("token-missing", "Send 'Authorization: Bearer <token>', or the code of your seat.")
    return Holder(person_id=visitor.id)


def _own(row: asyncpg.Record, positions: dict[UUID, int]) -> OwnSeatView:
    return OwnSeatView(
        **{name: row[name] for name in OwnSeatView.model_fields if name != "position"},
        position=positions.get(row["id"]),
    )


def _answered(answer: Answered) -> Response:
    view = SeatView.of(answer.seat, position=answer.position)
    return JSONResponse(view.model_dump(mode="json"))
