"""Milestones over HTTP; they are read on the page of their initiative."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from uuid_utils.compat import uuid7

from dorpsplein.fields import Body, Line
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, OnlyOnce, answer_once, permitted
from initiatives.api import views
from initiatives.commands import milestones as commands
from initiatives.domain.milestones import Milestone
from initiatives.permissions import PERMISSIONS

router = APIRouter(tags=["milestones"])

ANSWERS: dict[int | str, dict[str, Any]] = {200: {"model": views.milestones.MilestoneMoved}}


class NewMilestone(Body):
    """A mark on the way, with the day it should be reached, if there is one."""

    title: Line
    due_on: date | None = None


@router.post(
    "/initiatives/{initiative_id}/milestones",
    status_code=201,
    responses={201: {"model": views.milestones.MilestoneMoved}},
)
async def set_milestone(
    initiative_id: UUID,
    sent: NewMilestone,
    caller: Annotated[Caller, permitted(PERMISSIONS["set_milestone"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Set a milestone; an initiator does."""
    milestone = Milestone(uuid7(), initiative_id, sent.title, sent.due_on)
    return await answer_once(db, once, 201, lambda tx: commands.place(tx, milestone, person=caller.id, now=now))


@router.post("/milestones/{milestone_id}/reaching", responses=ANSWERS)
async def reach_milestone(
    milestone_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["reach_milestone"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Say that a milestone is reached; everyone who brought something in hears of it."""
    return await answer_once(
        db, once, 200, lambda tx: commands.move(tx, milestone_id, "reach", person=caller.id, now=now)
    )


@router.post("/milestones/{milestone_id}/letting-go", responses=ANSWERS)
async def let_milestone_go(
    milestone_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["let_milestone_go"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Let a milestone go; it stays to be seen."""
    return await answer_once(
        db, once, 200, lambda tx: commands.move(tx, milestone_id, "let go", person=caller.id, now=now)
    )
