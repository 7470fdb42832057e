"""Promises of the municipality over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import StringConstraints

from dorpsplein.fields import Body, Prose
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, OnlyOnce, answer_once, etag, found, permitted
from initiatives.api.lists import Cursor, Limit, listed, moment_and_id
from initiatives.api.views import responses as views
from initiatives.commands import promises as commands
from initiatives.domain.promises import Release, Status
from initiatives.permissions import PERMISSIONS
from initiatives.storage import moderation
from initiatives.storage import promises as storage

router = APIRouter(tags=["responses"])

Why = Annotated[Prose, StringConstraints(max_length=1_000)]


class ContestBody(Body):
    """Why it was not kept; it is public."""

    why: Why


class ReleaseBody(Body):
    """Why it will not be kept: a code, and words, which the municipality cannot leave out; they are public."""

    reason: Release
    why: Why | None = None


@router.get("/promises", responses={200: {"model": views.PromiseList}})
async def list_promises(
    request: Request,
    db: Db,
    state: Status | None = None,
    initiative: UUID | None = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Response:
    """What the municipality promised, what is due first on top."""
    async with db.connection() as connection:
        rows = await storage.by_due(connection, state, initiative, moment_and_id(cursor), limit + 1)
    return listed(request, rows, limit, "at")


@router.get("/promises/{promise_id}", responses={200: {"model": views.Promise}})
async def read_promise(promise_id: UUID, db: Db) -> Response:
    """A promise and what became of it."""
    async with db.connection() as connection:
        shown = found(await storage.shown(connection, promise_id), "promise", promise_id)
        await moderation.refuse_hidden(connection, "initiative", UUID(shown["initiativeId"]))
    return JSONResponse(shown, headers={"ETag": etag(shown["version"])})


@router.post("/promises/{promise_id}/keeping", responses={200: {"model": views.Promise}})
async def keep_promise(
    promise_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["keep_promise"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Say that it was kept: an initiator does, or the municipality, and then initiators may contest it for a while."""
    return await answer_once(db, once, 200, lambda tx: commands.keep_promise(tx, promise_id, caller, now))


@router.post("/promises/{promise_id}/contest", responses={200: {"model": views.Promise}})
async def contest_promise(
    promise_id: UUID,
    body: ContestBody,
    caller: Annotated[Caller, permitted(PERMISSIONS["contest_promise"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Say, as an initiator, that what the municipality calls kept is not: it is open again."""
    return await answer_once(db, once, 200, lambda tx: commands.contest(tx, promise_id, body.why, caller, now))


@router.post("/promises/{promise_id}/release", responses={200: {"model": views.Promise}})
async def release_promise(
    promise_id: UUID,
    body: ReleaseBody,
    caller: Annotated[Caller, permitted(PERMISSIONS["release_promise"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Let it go: the initiators need it no longer, or the municipality cannot and says why."""
    return await answer_once(
        db, once, 200, lambda tx: commands.release(tx, promise_id, body.reason, body.why, caller, now)
    )
