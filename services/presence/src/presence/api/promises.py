"""Promises of the inspiration council over HTTP."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import StringConstraints
from uuid_utils.compat import uuid7

from dorpsplein.database import Database, Transaction
from dorpsplein.fields import Body, Day, Prose, View
from dorpsplein.idempotency import Once
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, OnlyOnce, answer_once, etag, found, permitted
from presence.api.lists import Limit, after_id, listed
from presence.commands import promises as commands
from presence.domain.promises import LetGoReason, Promise, Status
from presence.permissions import PERMISSIONS
from presence.storage import promises as storage

router = APIRouter(tags=["council"])

Words = Annotated[Prose, StringConstraints(max_length=1_000)]


class NewPromise(Body):
    """Something is promised by the end of a day here; it is public."""

    text: Words
    due_on: Day


class Keeping(Body):
    """A promise was kept; `words` say what came of it, and are public."""

    words: Words | None = None


class LettingGo(Body):
    """A promise will not be kept: a code, and why, which is public."""

    reason: LetGoReason
    why: Words


class PromiseView(View):
    """A promise; `outcome` says what came of it where it was kept, `why` why it was let go."""

    id: UUID
    visit_id: UUID
    initiative_id: UUID
    member_id: UUID
    status: Status
    text: str
    due_on: date
    due_at: datetime
    reason: LetGoReason | None
    why: str | None
    outcome: str | None
    version: int

    @classmethod
    def of(cls, promise: Promise) -> Self:
        """The view of a promise."""
        return cls.model_validate({name: getattr(promise, name) for name in cls.model_fields})

    @classmethod
    def of_row(cls, row: asyncpg.Record) -> Self:
        """The view of a promise's row."""
        return cls.model_validate({name: row[name] for name in cls.model_fields})


async def _answer(db: Database, once: Once, command: Callable[[Transaction], Awaitable[Promise]]) -> Response:
    async def run(tx: Transaction) -> dict[str, Any]:
        return PromiseView.of(await command(tx)).model_dump(mode="json")

    return await answer_once(db, once, 200, run)


@router.post("/visits/{visit_id}/promises", status_code=201, response_model=PromiseView)
async def make_council_promise(
    caller: Annotated[Caller, permitted(PERMISSIONS["make_council_promise"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    visit_id: UUID,
    body: NewPromise,
) -> Response:
    """Promise something, as a member who was there. It rings when it is due, and stays in sight."""
    promise_id = uuid7()

    async def command(tx: Transaction) -> dict[str, Any]:
        promise = await commands.make_promise(
            tx, visit_id, promise_id, body.text, body.due_on, person=caller.id, now=now
        )
        return {**PromiseView.of(promise).model_dump(mode="json"), "location": f"/v1/council-promises/{promise_id}"}

    return await answer_once(db, request_once, 201, command)


@router.post("/council-promises/{promise_id}/keeping", response_model=PromiseView)
async def keep_council_promise(
    caller: Annotated[Caller, permitted(PERMISSIONS["keep_council_promise"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    promise_id: UUID,
    body: Keeping,
) -> Response:
    """Say that it was kept, and what came of it."""
    return await _answer(
        db, request_once, lambda tx: commands.keep_promise(tx, promise_id, body.words, person=caller.id, now=now)
    )


@router.post("/council-promises/{promise_id}/letting-go", response_model=PromiseView)
async def let_go_council_promise(
    caller: Annotated[Caller, permitted(PERMISSIONS["let_go_council_promise"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    promise_id: UUID,
    body: LettingGo,
) -> Response:
    """Say honestly that it will not be kept, and why."""
    return await _answer(
        db,
        request_once,
        lambda tx: commands.let_go(tx, promise_id, body.reason, body.why, person=caller.id, now=now),
    )


@router.get("/council-promises")
async def list_council_promises(
    request: Request,
    db: Db,
    status: Status | None = None,
    visit: UUID | None = None,
    initiative: UUID | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """What the council promised, what is due first on top; also what was kept or let go."""
    after = after_id(cursor)
    async with db.transaction() as tx:
        rows = await storage.by_due(
            tx, status=status, visit_id=visit, initiative_id=initiative, after=after, limit=limit + 1
        )
    return listed(request, rows, limit, PromiseView.of_row)


@router.get("/council-promises/{promise_id}", response_model=PromiseView)
async def read_council_promise(db: Db, promise_id: UUID) -> Response:
    """One promise, and what became of it."""
    async with db.transaction() as tx:
        view = PromiseView.of_row(found(await storage.one(tx, promise_id), "council-promise", promise_id))
    return JSONResponse(view.model_dump(mode="json"), headers={"ETag": etag(view.version)})
