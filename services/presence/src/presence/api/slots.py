"""Presence slots over HTTP, and who is at a place."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import AfterValidator, Field
from uuid_utils.compat import uuid7

from dorpsplein.database import Database, Transaction
from dorpsplein.fields import Body, Code, Moment, View
from dorpsplein.idempotency import Once
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, OnlyOnce, Visitor, answer_once, etag, found, permitted
from presence.api.lists import Limit, after_id, each_once, listed
from presence.commands import slots as commands
from presence.domain import slots as domain
from presence.permissions import PERMISSIONS
from presence.storage import places as stored_places
from presence.storage import slots as storage

router = APIRouter(tags=["presence"])


class NewSlot(Body):
    """Where the caller will be, when, and for which themes."""

    place_id: UUID
    starts_at: Moment
    ends_at: Moment
    themes: Annotated[list[Code], Field(max_length=10, default_factory=list), AfterValidator(each_once)]


class MovedSlot(Body):
    """When the caller will be there instead, and where; at the same place where none is named."""

    place_id: UUID | None = None
    starts_at: Moment
    ends_at: Moment


class SlotView(View):
    """A presence slot, one of a series where there is one."""

    id: UUID
    officer_id: UUID
    place_id: UUID
    starts_at: datetime
    ends_at: datetime
    themes: list[str]
    status: str
    series_id: UUID | None
    version: int

    @classmethod
    def of(cls, row: asyncpg.Record) -> Self:
        """The view of a slot's row."""
        return cls.model_validate(dict(row))


def _answer(slot: domain.Slot) -> dict[str, Any]:
    view = SlotView(
        id=slot.id,
        officer_id=slot.officer_id,
        place_id=slot.place_id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        themes=list(slot.themes),
        status=slot.status,
        series_id=slot.series_id,
        version=slot.version,
    )
    return view.model_dump(mode="json")


@router.post("/presence-slots", status_code=201, response_model=SlotView)
async def announce_presence(
    caller: Annotated[Caller, permitted(PERMISSIONS["announce_presence"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    body: NewSlot,
) -> Response:
    """Announce where you will be. 422 `slots-overlap` where you announced something else in that time."""
    announce = domain.Announce(uuid7(), caller.id, body.place_id, body.starts_at, body.ends_at, tuple(body.themes))

    async def command(tx: Transaction) -> dict[str, Any]:
        slot = await commands.announce_presence(tx, announce, now=now)
        return {**_answer(slot), "location": f"/v1/presence-slots/{slot.id}"}

    return await answer_once(db, request_once, 201, command)


async def change(
    db: Database, request_once: Once, slot_id: UUID, caller: Caller, decide: commands.Decide, now: datetime
) -> Response:
    """Change the caller's slot as `decide` says, and answer with it."""

    async def command(tx: Transaction) -> dict[str, Any]:
        return _answer(await commands.change_slot(tx, slot_id, caller.id, decide, now=now))

    return await answer_once(db, request_once, 200, command)


@router.post("/presence-slots/{slot_id}/move", response_model=SlotView)
async def move_presence(
    caller: Annotated[Caller, permitted(PERMISSIONS["move_presence"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    slot_id: UUID,
    body: MovedSlot,
) -> Response:
    """Say that you will come at another time, or to another place; until the slot ends."""
    to = domain.Move(body.place_id, body.starts_at, body.ends_at)
    return await change(db, request_once, slot_id, caller, partial(domain.move, to=to), now)


@router.post("/presence-slots/{slot_id}/cancellation", response_model=SlotView)
async def cancel_presence(
    caller: Annotated[Caller, permitted(PERMISSIONS["cancel_presence"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    slot_id: UUID,
) -> Response:
    """Say that you will not come."""
    return await change(db, request_once, slot_id, caller, domain.cancel, now)


@router.get("/presence-slots/mine")
async def list_own_slots(
    request: Request,
    caller: Annotated[Caller, permitted(PERMISSIONS["list_own_slots"])],
    db: Db,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """The caller's slots, the latest first."""
    after = after_id(cursor)
    async with db.transaction() as tx:
        rows = await storage.of_officer(tx, caller.id, after=after, limit=limit + 1)
    return listed(request, rows, limit, SlotView.of)


@router.get("/presence-slots/{slot_id}", response_model=SlotView)
async def read_slot(db: Db, now: Now, visitor: Visitor, slot_id: UUID) -> Response:
    """One slot. What is over only its officer can read: nobody's past is public."""
    async with db.transaction() as tx:
        row = found(await storage.one(tx, slot_id), "presence-slot", slot_id)
    is_own = visitor is not None and visitor.id == row["officer_id"]
    view: SlotView = SlotView.of(
        found(row if is_own or not storage.slot_of(row).is_over(now) else None, "presence-slot", slot_id)
    )
    return JSONResponse(view.model_dump(mode="json"), headers={"ETag": etag(view.version)})


@router.get("/places/{place_id}/presence")
async def list_presence(
    request: Request, db: Db, now: Now, place_id: UUID, cursor: str | None = None, limit: Limit = 50
) -> Response:
    """Who is at a place and who will be, in order of time; nothing of what is over."""
    after = after_id(cursor)
    async with db.transaction() as tx:
        rows = await storage.at_place(tx, place_id, now, after=after, limit=limit + 1)
        if not rows:
            found(await stored_places.one(tx, place_id), "place", place_id)
    return listed(request, rows, limit, SlotView.of)
