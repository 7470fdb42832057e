"""Who carries an initiative, over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from dorpsplein.fields import Body
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, OnlyOnce, answer_once, permitted
from initiatives.api import views
from initiatives.commands.life import decide
from initiatives.domain import initiators
from initiatives.permissions import PERMISSIONS

router = APIRouter(tags=["initiators"])

ANSWERS: dict[int | str, dict[str, Any]] = {200: {"model": views.initiatives.Initiative}}


class Invitation(Body):
    """Who is asked, by the id that `GET /people` and every contribution of theirs shows."""

    person_id: UUID


@router.post("/initiatives/{initiative_id}/invitations", responses=ANSWERS)
async def invite(
    initiative_id: UUID,
    invitation: Invitation,
    caller: Annotated[Caller, permitted(PERMISSIONS["invite"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Ask somebody to carry the initiative too; asking again changes nothing."""
    return await answer_once(
        db,
        once,
        200,
        lambda tx: decide(
            tx, initiative_id, lambda it: initiators.invite(it, invitation.person_id, person=caller.id), now=now
        ),
    )


@router.post("/initiatives/{initiative_id}/invitations/acceptance", responses=ANSWERS)
async def accept_invitation(
    initiative_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["accept_invitation"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Carry the initiative too; who was asked does."""
    return await answer_once(
        db, once, 200, lambda tx: decide(tx, initiative_id, lambda it: initiators.accept(it, person=caller.id), now=now)
    )


@router.delete("/initiatives/{initiative_id}/invitations/{person_id}", responses=ANSWERS)
async def decline_invitation(
    initiative_id: UUID,
    person_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["decline_invitation"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Say no to an invitation, or take it back; who was asked, or an initiator does."""
    return await answer_once(
        db,
        once,
        200,
        lambda tx: decide(tx, initiative_id, lambda it: initiators.decline(it, person_id, person=caller.id), now=now),
    )


@router.delete("/initiatives/{initiative_id}/initiators/me", responses=ANSWERS)
async def leave(
    initiative_id: UUID, caller: Annotated[Caller, permitted(PERMISSIONS["leave"])], db: Db, now: Now, once: OnlyOnce
) -> Response:
    """Carry the initiative no more; the last one cannot leave."""
    return await answer_once(
        db, once, 200, lambda tx: decide(tx, initiative_id, lambda it: initiators.leave(it, person=caller.id), now=now)
    )
