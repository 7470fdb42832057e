"""Halts over HTTP: a stop on a legal or safety ground, in public, with an appeal. There is no other stop."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import StringConstraints
from uuid_utils.compat import uuid7

from dorpsplein.fields import Body, Prose
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, OnlyOnce, answer_once, permitted
from initiatives.api.views import responses as views
from initiatives.commands import halts as commands
from initiatives.domain.moves import Ground, LiftReason
from initiatives.permissions import PERMISSIONS

router = APIRouter(tags=["halts"])

Words = Annotated[Prose, StringConstraints(max_length=5_000)]
ANSWER = {"model": views.Halt}


class HaltBody(Body):
    """The ground, as one of these codes, and the reason in words, which are public."""

    ground: Ground
    reason: Words


class HaltAppealBody(Body):
    """Why it should go on; the words are public, beside the reason."""

    words: Words


class UpholdBody(Body):
    """Why the halt stays; the words are public."""

    answer: Words


class LiftBody(Body):
    """Why the halt is over: a code, and words, which are public."""

    reason: LiftReason
    answer: Words


@router.post("/initiatives/{initiative_id}/halt", status_code=201, responses={201: ANSWER})
async def halt(
    initiative_id: UUID,
    body: HaltBody,
    caller: Annotated[Caller, permitted(PERMISSIONS["halt"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Stop an initiative from outside, on a ground in public law. Its initiators may appeal for six weeks."""
    halt_id = uuid7()
    return await answer_once(
        db,
        once,
        201,
        lambda tx: commands.halt(
            tx, initiative_id, body.ground, body.reason, halt_id=halt_id, alderman=caller.id, now=now
        ),
    )


@router.post("/initiatives/{initiative_id}/halt/appeal", responses={200: ANSWER})
async def appeal_halt(
    initiative_id: UUID,
    body: HaltAppealBody,
    caller: Annotated[Caller, permitted(PERMISSIONS["appeal_halt"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Ask, as an initiator, that another alderman looks at it."""
    return await answer_once(
        db, once, 200, lambda tx: commands.appeal(tx, initiative_id, body.words, person=caller.id, now=now)
    )


@router.post("/initiatives/{initiative_id}/halt/upholding", responses={200: ANSWER})
async def uphold_halt(
    initiative_id: UUID,
    body: UpholdBody,
    caller: Annotated[Caller, permitted(PERMISSIONS["uphold_halt"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Answer an appeal: the halt stays. Another alderman than who halted it does."""
    return await answer_once(
        db, once, 200, lambda tx: commands.uphold(tx, initiative_id, body.answer, alderman=caller.id, now=now)
    )


@router.post("/initiatives/{initiative_id}/halt/lifting", responses={200: ANSWER})
async def lift_halt(
    initiative_id: UUID,
    body: LiftBody,
    caller: Annotated[Caller, permitted(PERMISSIONS["lift_halt"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Let the initiative go on where it was. To grant an appeal takes another alderman than who halted it."""
    return await answer_once(
        db,
        once,
        200,
        lambda tx: commands.lift(tx, initiative_id, body.reason, body.answer, alderman=caller.id, now=now),
    )
