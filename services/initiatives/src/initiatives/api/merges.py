"""Merging by consent over HTTP: initiators agree, and every supporter decides about their own yes."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic_core import to_json
from uuid_utils.compat import uuid7

from dorpsplein.fields import Body
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, OnlyOnce, answer_once, found, permitted
from initiatives.api import views
from initiatives.api.lists import Cursor, Limit, listed, moment_and_id
from initiatives.api.settings import Configured
from initiatives.api.supports import receipt
from initiatives.commands import knobs, merges, moving, parting
from initiatives.permissions import PERMISSIONS
from initiatives.storage import merges as storage

router = APIRouter(tags=["merges"])


class MergeProposal(Body):
    """Which initiative to join."""

    into_id: UUID


@router.post("/initiatives/{initiative_id}/merges", status_code=201, responses={201: {"model": views.merges.Merge}})
async def propose_merge(
    initiative_id: UUID,
    proposal: MergeProposal,
    caller: Annotated[Caller, permitted(PERMISSIONS["propose_merge"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Ask that this initiative may join another; one of its initiators does."""
    merge_id = uuid7()
    return await answer_once(
        db,
        once,
        201,
        lambda tx: merges.propose(tx, initiative_id, proposal.into_id, merge_id=merge_id, person=caller.id, now=now),
    )


@router.get("/initiatives/{initiative_id}/merges", responses={200: {"model": views.merges.MergeList}})
async def list_merges(
    request: Request, initiative_id: UUID, db: Db, cursor: Cursor = None, limit: Limit = 20
) -> Response:
    """The merges of an initiative, whether it joined or was joined, the newest first."""
    after = moment_and_id(cursor)
    async with db.connection() as connection:
        rows = await storage.of_initiative(connection, initiative_id, after, limit + 1)
    return listed(request, rows, limit, "at")


@router.get("/merges/{merge_id}", responses={200: {"model": views.merges.Merge}})
async def read_merge(merge_id: UUID, db: Db) -> Response:
    """A merge."""
    async with db.transaction() as tx:
        return JSONResponse(found(await storage.shown(tx, merge_id), "merge", merge_id))


@router.post("/merges/{merge_id}/agreement", responses={200: {"model": views.merges.Merge}})
async def agree_to_merge(
    merge_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["agree_to_merge"])],
    db: Db,
    now: Now,
    settings: Configured,
    once: OnlyOnce,
) -> Response:
    """Agree to being joined; an initiator of the other initiative does. Supporters can decide from now on."""

    async def command(tx: Any) -> dict[str, Any]:
        days = (await knobs.in_effect(tx, settings)).merge_window_days
        return await merges.agree(tx, merge_id, person=caller.id, window_days=days, now=now)

    return await answer_once(db, once, 200, command)


@router.post("/merges/{merge_id}/refusal", responses={200: {"model": views.merges.Merge}})
async def decline_merge(
    merge_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["decline_merge"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Say no to being joined; an initiator of the other initiative does."""
    return await answer_once(db, once, 200, lambda tx: merges.decline(tx, merge_id, person=caller.id, now=now))


@router.post("/merges/{merge_id}/withdrawal", responses={200: {"model": views.merges.Merge}})
async def withdraw_merge(
    merge_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["withdraw_merge"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Take the proposal back before anyone agreed; an initiator of the one that would join does."""
    return await answer_once(db, once, 200, lambda tx: merges.withdraw(tx, merge_id, person=caller.id, now=now))


@router.post("/merges/{merge_id}/undoing", responses={200: {"model": views.merges.Merge}})
async def undo_merge(
    merge_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["undo_merge"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Undo a merge: within the window any initiator of either side does at once, after it both sides must ask."""
    return await answer_once(db, once, 200, lambda tx: parting.undo(tx, merge_id, person=caller.id, now=now))


@router.put("/merges/{merge_id}/consent", responses={200: {"model": views.merges.Consent}})
async def move_support(
    merge_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["move_support"])],
    db: Db,
    now: Now,
    settings: Configured,
) -> Response:
    """Let one's own yes go along to the initiative that was joined; doing it again changes nothing."""
    secret = settings.pseudonym_secret.get_secret_value()
    async with db.transaction() as tx:
        answer = await moving.consent(tx, merge_id, caller.id, secret=secret, now=now)
    return _consent(answer)


@router.delete("/merges/{merge_id}/consent", responses={200: {"model": views.merges.Consent}})
async def return_support(
    merge_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["return_support"])],
    db: Db,
    now: Now,
    settings: Configured,
) -> Response:
    """Let one's own yes come back, within the window; doing it again changes nothing."""
    secret = settings.pseudonym_secret.get_secret_value()
    async with db.transaction() as tx:
        answer = await moving.take_consent_back(tx, merge_id, caller.id, secret=secret, now=now)
    return _consent(answer)


def _consent(answer: moving.Consent) -> Response:
    there = receipt(answer.there, answer.supports_there) if answer.there.sequence else None
    document = {
        "mergeId": answer.merge_id,
        "moved": answer.moved,
        "here": receipt(answer.here, answer.supports_here),
        "there": there,
    }
    return Response(to_json(document), media_type="application/json")
