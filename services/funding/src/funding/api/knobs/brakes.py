"""A fund's emergency brake: pulled and released by two people in two of three roles, with a reason, in public."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field, StrictInt

from dorpsplein.database import Transaction
from dorpsplein.fields import Body, Prose, View
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, OnlyOnce, answer_once, found, permitted
from funding import commands, storage
from funding.domain.knobs.brake import ASKED_FOR, MOST_HOURS, Brake, Call
from funding.permissions import PERMISSIONS

router = APIRouter()


class BrakeBody(Body):
    """Why matching must pause, and for how many hours at most."""

    reason: Prose
    hours: Annotated[StrictInt, Field(ge=1, le=MOST_HOURS)]


class ReleaseBody(Body):
    """Why matching can go on."""

    reason: Prose


class CallView(View):
    """A call by one person in one role."""

    role: str
    reason: str
    at: datetime


class BrakeView(View):
    """A fund's brake. `status` is `free`, `called` (by one, so far) or `pulled` (until `until`)."""

    fund_id: UUID
    status: str
    until: datetime | None
    calls: list[CallView]
    release_calls: list[CallView]
    version: int


def shown(brake: Brake, now: datetime) -> BrakeView:
    """A brake as it is shown."""
    pulled = brake.is_pulled(now)
    waiting = brake.until is None and brake.first is not None and now < brake.first.at + ASKED_FOR
    return BrakeView(
        fund_id=brake.fund,
        status="pulled" if pulled else "called" if waiting else "free",
        until=brake.until if pulled else None,
        calls=_calls(brake.first, brake.second) if pulled or waiting else [],
        release_calls=_calls(brake.release) if pulled else [],
        version=brake.version,
    )


def _calls(*calls: Call | None) -> list[CallView]:
    return [CallView(role=call.role, reason=call.reason, at=call.at) for call in calls if call]


@router.post("/funds/{fund_id}/brake", response_model=BrakeView)
async def pull_brake(
    caller: Annotated[Caller, permitted(PERMISSIONS["pull_brake"])],
    db: Db,
    once: OnlyOnce,
    now: Now,
    fund_id: UUID,
    body: BrakeBody,
) -> JSONResponse:
    """Call for the brake. A second call within a day, by another person in another role, pauses matching."""

    async def run(tx: Transaction) -> dict[str, Any]:
        brake = await commands.knobs.brakes.pull(tx, fund_id, caller, body.reason, body.hours, now)
        return shown(brake, now).model_dump(mode="json")

    return await answer_once(db, once, 200, run)


@router.post("/funds/{fund_id}/brake/release", response_model=BrakeView)
async def release_brake(
    caller: Annotated[Caller, permitted(PERMISSIONS["release_brake"])],
    db: Db,
    once: OnlyOnce,
    now: Now,
    fund_id: UUID,
    body: ReleaseBody,
) -> JSONResponse:
    """Call for an early end of the pause. A second call, by another person in another role, ends it."""

    async def run(tx: Transaction) -> dict[str, Any]:
        brake = await commands.knobs.brakes.release(tx, fund_id, caller, body.reason, now)
        return shown(brake, now).model_dump(mode="json")

    return await answer_once(db, once, 200, run)


@router.get("/funds/{fund_id}/brake")
async def show_brake(db: Db, now: Now, fund_id: UUID) -> BrakeView:
    """Whether matching in a fund is paused, until when, by which roles and why."""
    async with db.transaction() as tx:
        found(await storage.rounds.fund(tx, fund_id), "fund", fund_id)
        return shown(await storage.knobs.brakes.brake(tx, fund_id), now)
