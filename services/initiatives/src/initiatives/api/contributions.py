"""Contributions over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field
from uuid_utils.compat import uuid7

from dorpsplein.fields import Body, Code, Prose
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, OnlyOnce, Someone, answer_once, etag, found, permitted
from initiatives.api.lists import Cursor, Limit, listed, moment_and_id
from initiatives.api.views import contributions as views
from initiatives.commands import contributions as commands
from initiatives.commands import withdrawing
from initiatives.commands.contributions import Offer
from initiatives.domain.contributions import SetAsideReason, Status
from initiatives.permissions import PERMISSIONS
from initiatives.storage import contributions as storage
from initiatives.storage.moderation import refuse_hidden

router = APIRouter(tags=["contributions"])


class Offering(Body):
    """Something to bring in: words, and with them perhaps media that were uploaded before."""

    words: Prose
    media_id: UUID | None = None
    anonymous: Annotated[bool, Field(strict=True, description="Nobody is told who offers it, now or later.")] = False
    lived_experience: Annotated[
        Code | None, Field(description="A topic that the contributor claimed themselves, to be shown beside it.")
    ] = None
    scene_id: Annotated[UUID | None, Field(description="The scene of a dream vision it is meant for.")] = None
    session_id: Annotated[UUID | None, Field(description="The session it came up in.")] = None


class Placing(Body):
    """Where a contribution belongs: in its initiative, and more precisely where that is said."""

    scene_id: UUID | None = None
    session_id: UUID | None = None


class SettingAside(Body):
    """Why a contribution is left out, for everybody as a code and for its contributor in words."""

    reason: SetAsideReason
    answer: Prose


@router.post(
    "/initiatives/{initiative_id}/contributions",
    status_code=201,
    responses={201: {"model": views.WholeContribution}},
)
async def offer_contribution(
    initiative_id: UUID,
    offering: Offering,
    caller: Annotated[Caller, permitted(PERMISSIONS["offer_contribution"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Bring something in. It is public at once; an initiator finds it a place, or sets it aside with a reason."""
    wish = Offer(
        offering.words,
        offering.media_id,
        offering.anonymous,
        offering.lived_experience,
        offering.scene_id,
        offering.session_id,
    )
    return await answer_once(
        db,
        once,
        201,
        lambda tx: commands.offer(tx, initiative_id, wish, contribution_id=uuid7(), person=caller.id, now=now),
    )


@router.get("/initiatives/{initiative_id}/contributions", responses={200: {"model": views.ContributionList}})
async def list_contributions(
    request: Request,
    initiative_id: UUID,
    db: Db,
    status: Status | None = None,
    scene: UUID | None = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Response:
    """What was brought in for an initiative by people who agreed to share it, the newest first."""
    async with db.connection() as connection:
        rows = await storage.newest(
            connection, initiative_id, moment_and_id(cursor), limit + 1, status=status, scene_id=scene
        )
    return listed(request, found(rows, "initiative", initiative_id), limit, "at")


@router.get("/contributions/{contribution_id}", responses={200: {"model": views.WholeContribution}})
async def read_contribution(contribution_id: UUID, db: Db) -> Response:
    """One contribution, as everybody may read it."""
    async with db.transaction() as tx:
        await refuse_hidden(tx, "contribution", contribution_id)
        shown = await storage.shown(tx, contribution_id)
    found(shown.get("words"), "contribution", contribution_id)
    return JSONResponse(shown, headers={"ETag": etag(shown["version"])})


@router.get("/me/contributions", responses={200: {"model": views.OwnContributionList}})
async def list_own_contributions(
    request: Request, caller: Someone, db: Db, cursor: Cursor = None, limit: Limit = 20
) -> Response:
    """What I brought in, anonymously or not, and told where I agreed to be named; the newest first."""
    async with db.connection() as connection:
        rows = await storage.of_person(connection, caller.id, moment_and_id(cursor), limit + 1)
    return listed(request, rows, limit, "at")


@router.post("/contributions/{contribution_id}/placing", responses={200: {"model": views.WholeContribution}})
async def place_contribution(
    contribution_id: UUID,
    placing: Placing,
    caller: Annotated[Caller, permitted(PERMISSIONS["place_contribution"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Take a contribution in; an initiator does. One that was set aside can still be placed."""
    return await answer_once(
        db,
        once,
        200,
        lambda tx: commands.place(
            tx,
            contribution_id,
            scene_id=placing.scene_id,
            session_id=placing.session_id,
            person=caller.id,
            now=now,
        ),
    )


@router.post("/contributions/{contribution_id}/setting-aside", responses={200: {"model": views.WholeContribution}})
async def set_contribution_aside(
    contribution_id: UUID,
    setting: SettingAside,
    caller: Annotated[Caller, permitted(PERMISSIONS["set_contribution_aside"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Leave a contribution out, and say why; an initiator does. It stays readable, with the reason."""
    return await answer_once(
        db,
        once,
        200,
        lambda tx: commands.set_aside(tx, contribution_id, setting.reason, setting.answer, person=caller.id, now=now),
    )


@router.post("/contributions/{contribution_id}/withdrawal", responses={200: {"model": views.WithdrawnContribution}})
async def withdraw_contribution(
    contribution_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["withdraw_contribution"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Take my contribution back for good: its words go everywhere, and where it was used that ends."""
    return await answer_once(
        db, once, 200, lambda tx: withdrawing.withdraw(tx, contribution_id, person=caller.id, now=now)
    )
