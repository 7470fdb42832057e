"""The life of an initiative over HTTP: what its initiators may do with it when, each step with its reason."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from dorpsplein.fields import Body, Prose
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, OnlyOnce, answer_once, permitted
from initiatives.api import views
from initiatives.commands.life import decide, end, resume
from initiatives.domain import life
from initiatives.domain.moves import PauseReason, Reason
from initiatives.permissions import PERMISSIONS

router = APIRouter(tags=["initiatives"])

ANSWERS: dict[int | str, dict[str, Any]] = {200: {"model": views.initiatives.Initiative}}


class Withdrawal(Body):
    """Taking an initiative back."""

    reason: Reason = Field(description="Why, as one of these codes.")


class Pause(Body):
    """Letting an initiative rest."""

    reason: PauseReason = Field(description="Why, as one of these codes.")


class Celebration(Body):
    """The end that was hoped for, with words to all who took part."""

    thanks: Prose


@router.post("/initiatives/{initiative_id}/co-creation", responses=ANSWERS)
async def start_co_creation(
    initiative_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["start_co_creation"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Open a supported initiative to the community, which fills it in from now on."""
    return await answer_once(
        db,
        once,
        200,
        lambda tx: decide(tx, initiative_id, lambda it: life.start_co_creation(it, person=caller.id), now=now),
    )


@router.post("/initiatives/{initiative_id}/start", responses=ANSWERS)
async def start(
    initiative_id: UUID, caller: Annotated[Caller, permitted(PERMISSIONS["start"])], db: Db, now: Now, once: OnlyOnce
) -> Response:
    """Get under way, once the dream vision is public."""
    return await answer_once(
        db, once, 200, lambda tx: decide(tx, initiative_id, lambda it: life.start(it, person=caller.id), now=now)
    )


@router.post("/initiatives/{initiative_id}/celebration", responses=ANSWERS)
async def celebrate(
    initiative_id: UUID,
    celebration: Celebration,
    caller: Annotated[Caller, permitted(PERMISSIONS["celebrate"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Finish and celebrate, with thanks to all who took part."""
    return await answer_once(
        db,
        once,
        200,
        lambda tx: end(tx, initiative_id, lambda it: life.celebrate(it, celebration.thanks, person=caller.id), now=now),
    )


@router.post("/initiatives/{initiative_id}/pause", responses=ANSWERS)
async def pause(
    initiative_id: UUID,
    wish: Pause,
    caller: Annotated[Caller, permitted(PERMISSIONS["pause"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Let an initiative rest; the time to support it stands still as long."""
    return await answer_once(
        db,
        once,
        200,
        lambda tx: decide(
            tx, initiative_id, lambda it: life.pause(it, wish.reason, person=caller.id, now=now), now=now
        ),
    )


@router.post("/initiatives/{initiative_id}/resumption", responses=ANSWERS)
async def go_on(
    initiative_id: UUID, caller: Annotated[Caller, permitted(PERMISSIONS["go_on"])], db: Db, now: Now, once: OnlyOnce
) -> Response:
    """Let an initiative go on where it was."""
    return await answer_once(db, once, 200, lambda tx: resume(tx, initiative_id, person=caller.id, now=now))


@router.post("/initiatives/{initiative_id}/withdrawal", responses=ANSWERS)
async def withdraw(
    initiative_id: UUID,
    withdrawal: Withdrawal,
    caller: Annotated[Caller, permitted(PERMISSIONS["withdraw"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Take an initiative back for good; its initiators do."""
    return await answer_once(
        db,
        once,
        200,
        lambda tx: end(tx, initiative_id, lambda it: life.withdraw(it, withdrawal.reason, person=caller.id), now=now),
    )
