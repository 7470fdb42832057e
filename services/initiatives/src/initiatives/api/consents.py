"""Consents over HTTP: what I am asked, and what I answer."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Request
from fastapi.responses import Response
from pydantic import Field

from dorpsplein import fields
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, OnlyOnce, answer_once, permitted
from initiatives.api.lists import Cursor, Limit, listed, moment_and_id
from initiatives.api.views import consents as views
from initiatives.commands import consenting as commands
from initiatives.domain.consents import Status
from initiatives.permissions import PERMISSIONS
from initiatives.storage import consents as storage

router = APIRouter(tags=["consents"])


class Giving(fields.Body):
    """Agreeing to what one has seen."""

    subject_version: Annotated[
        int, Field(strict=True, ge=1, le=2**31 - 1, description="Of what you saw; needed once there is more than one.")
    ] = 1


@router.get("/me/consents", responses={200: {"model": views.ConsentList}})
async def list_own_consents(
    request: Request,
    caller: Annotated[Caller, permitted(PERMISSIONS["list_own_consents"])],
    db: Db,
    status: Status | None = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Response:
    """What I am asked to agree to and what I answered, what was asked last first."""
    after = moment_and_id(cursor)
    async with db.connection() as connection:
        rows = await storage.of_person(connection, caller.id, status, after, limit + 1)
    return listed(request, rows, limit, "askedAt")


@router.post("/consents/{consent_id}/giving", responses={200: {"model": views.Consent}})
async def give_consent(
    consent_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["give_consent"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
    giving: Annotated[Giving, Body()] = Giving(),
) -> Response:
    """Agree. It holds for this use of this version only, and can be withdrawn at any time."""
    return await answer_once(
        db,
        once,
        200,
        lambda tx: commands.give_consent(
            tx, consent_id, person=caller.id, subject_version=giving.subject_version, now=now
        ),
    )


@router.post("/consents/{consent_id}/declining", responses={200: {"model": views.Consent}})
async def decline_consent(
    consent_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["decline_consent"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Say no. Nobody has to say why."""
    return await answer_once(
        db, once, 200, lambda tx: commands.decline_consent(tx, consent_id, person=caller.id, now=now)
    )


@router.post("/consents/{consent_id}/withdrawal", responses={200: {"model": views.Consent}})
async def withdraw_consent(
    consent_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["withdraw_consent"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Take back what was given: what it was used in is taken from view at once."""
    return await answer_once(
        db, once, 200, lambda tx: commands.withdraw_consent(tx, consent_id, person=caller.id, now=now)
    )
