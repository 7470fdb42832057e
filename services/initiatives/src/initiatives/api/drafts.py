"""Drafts over HTTP: for who writes them alone."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import Field, ValidationError
from uuid_utils.compat import uuid7

from dorpsplein.fields import Body, Cents, Code, Line, Point, Prose
from dorpsplein.identity import Caller
from dorpsplein.web import Db, IfMatch, Now, OnlyOnce, answer_once, etag, permitted
from initiatives.api import views
from initiatives.api.initiatives import Kind, Proposal
from initiatives.api.lists import Cursor, Limit, listed, moment_and_id
from initiatives.api.settings import Configured
from initiatives.commands import drafts as commands
from initiatives.domain.drafts import Draft, only_owner
from initiatives.permissions import PERMISSIONS
from initiatives.storage import drafts as storage

router = APIRouter(tags=["drafts"])

SHOWN: dict[int | str, dict[str, Any]] = {200: {"model": views.drafts.Draft}}


class Sketch(Body):
    """What was written so far of an initiative: any of it may still be missing."""

    title: Line | None = None
    summary: Prose | None = None
    theme: Code | None = None
    neighbourhood: Code | None = None
    place: Point | None = None
    means_needed_cents: Cents | None = None
    kind: Kind | None = None
    answers: Annotated[dict[Code, Prose], Field(max_length=20)] | None = None

    def content(self) -> dict[str, Any]:
        """What was sent, and nothing else."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


@router.post("/drafts", status_code=201, responses={201: {"model": views.drafts.Draft}})
async def write_draft(
    sketch: Sketch, caller: Annotated[Caller, permitted(PERMISSIONS["write_draft"])], db: Db, now: Now, once: OnlyOnce
) -> Response:
    """Begin a draft."""
    draft = Draft(uuid7(), caller.id, content=sketch.content())
    return await answer_once(db, once, 201, lambda tx: commands.begin(tx, draft, now=now))


@router.get("/drafts", responses={200: {"model": views.drafts.DraftList}})
async def read_drafts(
    request: Request,
    caller: Annotated[Caller, permitted(PERMISSIONS["read_drafts"])],
    db: Db,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Response:
    """One's own drafts, the latest first."""
    after = moment_and_id(cursor)
    async with db.transaction() as tx:
        rows = await storage.of(tx, caller.id, after, limit + 1)
    return listed(request, rows, limit, "at")


@router.put("/drafts/{draft_id}", responses=SHOWN)
async def keep_draft(
    draft_id: UUID,
    sketch: Sketch,
    caller: Annotated[Caller, permitted(PERMISSIONS["keep_draft"])],
    db: Db,
    now: Now,
    version: IfMatch,
) -> Response:
    """Put other content in a draft, on the version that was read."""
    async with db.transaction() as tx:
        answer = await commands.keep(tx, draft_id, sketch.content(), person=caller.id, version=version, now=now)
    return JSONResponse(answer, headers={"ETag": etag(answer["version"])})


@router.delete("/drafts/{draft_id}", status_code=204)
async def drop_draft(
    draft_id: UUID, caller: Annotated[Caller, permitted(PERMISSIONS["drop_draft"])], db: Db
) -> Response:
    """Throw a draft away for good."""
    async with db.transaction() as tx:
        await commands.drop(tx, draft_id, person=caller.id)
    return Response(status_code=204)


@router.post("/drafts/{draft_id}/proposal", status_code=201, responses={201: {"model": views.initiatives.Initiative}})
async def propose_draft(
    draft_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["propose_draft"])],
    db: Db,
    now: Now,
    settings: Configured,
    once: OnlyOnce,
) -> Response:
    """Propose what a draft says. It must be whole, and is gone once it is an initiative."""

    async def command(tx: Any) -> dict[str, Any]:
        draft = only_owner(await storage.get(tx, draft_id), draft_id, caller.id)
        return await commands.propose_draft(
            tx,
            draft,
            _whole(draft).content(),
            initiative_id=uuid7(),
            settings=settings,
            now=now,
        )

    return await answer_once(db, once, 201, command)


def _whole(draft: Draft) -> Proposal:
    """The draft as a proposal. Raises RequestValidationError, with everything that is missing yet."""
    try:
        return Proposal.model_validate(draft.content)
    except ValidationError as faults:
        raise RequestValidationError(
            [{**fault, "loc": ("body", *fault["loc"])} for fault in faults.errors()]
        ) from faults
