"""Responses of the municipality over HTTP: offers and honest limits beside the life of an initiative."""

from collections.abc import Mapping
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError
from uuid_utils.compat import uuid7

from dorpsplein.fields import Body, Day, Prose
from dorpsplein.identity import Caller
from dorpsplein.web import Db, IfMatch, Now, OnlyOnce, answer_once, etag, found, permitted
from initiatives.api.lists import Cursor, Limit, listed, moment_and_id
from initiatives.api.views import responses as views
from initiatives.commands import responses as commands
from initiatives.commands.responses import Promised
from initiatives.domain.responses import Words, differences
from initiatives.permissions import PERMISSIONS
from initiatives.storage import moderation
from initiatives.storage import responses as storage

router = APIRouter(tags=["responses"])

MOST_THINGS = 20
Thing = Annotated[Prose, StringConstraints(max_length=1_000)]


class CannotBody(Body):
    """Something the municipality cannot do, and why: without a reason there is no cannot."""

    what: Thing
    why: Thing


class PromiseBody(Body):
    """What the municipality will have done by the end of a day."""

    text: Thing
    due_on: Day


class ResponseBody(Body):
    """What the municipality can help with, what it cannot and why, and what it promises (more of)."""

    can_help: Annotated[tuple[Thing, ...], Field(max_length=MOST_THINGS)] = ()
    cannot: Annotated[tuple[CannotBody, ...], Field(max_length=MOST_THINGS)] = ()
    promises: Annotated[tuple[PromiseBody, ...], Field(max_length=MOST_THINGS)] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        cannot = [one.what for one in self.cannot]
        if len(set(cannot)) < len(cannot) or len(set(self.can_help)) < len(self.can_help):
            raise PydanticCustomError("said_twice", "say each thing once")
        return self

    def words(self) -> Words:
        """What it says, but for promises."""
        return Words(self.can_help, {one.what: one.why for one in self.cannot})

    def promised(self) -> list[Promised]:
        """The promises, each under a new id."""
        return [Promised(uuid7(), one.text, one.due_on) for one in self.promises]


@router.post("/initiatives/{initiative_id}/responses", status_code=201, responses={201: {"model": views.Response}})
async def respond(
    initiative_id: UUID,
    body: ResponseBody,
    caller: Annotated[Caller, permitted(PERMISSIONS["respond"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Say what the municipality can help with and what it cannot, and why. It changes nothing in the initiative."""
    response_id, promised = uuid7(), body.promised()
    return await answer_once(
        db,
        once,
        201,
        lambda tx: commands.give(
            tx, initiative_id, body.words(), promised, response_id=response_id, responder=caller.id, now=now
        ),
    )


@router.get("/initiatives/{initiative_id}/responses", responses={200: {"model": views.ResponseList}})
async def list_responses(
    request: Request, initiative_id: UUID, db: Db, cursor: Cursor = None, limit: Limit = 20
) -> Response:
    """What the municipality said to an initiative, the newest first."""
    async with db.connection() as connection:
        await moderation.refuse_hidden(connection, "initiative", initiative_id)
        found(await storage.initiators(connection, initiative_id), "initiative", initiative_id)
        rows = await storage.newest(connection, initiative_id, moment_and_id(cursor), limit + 1)
    return listed(request, rows, limit, "at")


@router.get("/responses/{response_id}", responses={200: {"model": views.Response}})
async def read_response(response_id: UUID, db: Db) -> Response:
    """A response as it is now, with its promises."""
    async with db.connection() as connection:
        shown = found(await storage.shown(connection, response_id), "response", response_id)
        await moderation.refuse_hidden(connection, "initiative", UUID(shown["initiativeId"]))
    return JSONResponse(shown, headers={"ETag": etag(shown["version"])})


@router.put("/responses/{response_id}", responses={200: {"model": views.Response}})
async def amend_response(
    response_id: UUID,
    body: ResponseBody,
    caller: Annotated[Caller, permitted(PERMISSIONS["amend_response"])],
    db: Db,
    now: Now,
    version: IfMatch,
    once: OnlyOnce,
) -> Response:
    """Say something else from now on. What was said before stays readable; promises are added, never taken away."""
    promised = body.promised()
    return await answer_once(
        db,
        once,
        200,
        lambda tx: commands.amend(
            tx, response_id, body.words(), promised, responder=caller.id, version=version, now=now
        ),
    )


@router.get("/responses/{response_id}/versions", responses={200: {"model": views.VersionList}})
async def list_response_versions(response_id: UUID, db: Db) -> Response:
    """Every version of a response, the newest first, with what it says that the one before did not."""
    async with db.connection() as connection:
        shown = found(await storage.shown(connection, response_id), "response", response_id)
        await moderation.refuse_hidden(connection, "initiative", UUID(shown["initiativeId"]))
        rows = await storage.versions(connection, response_id)
    said = [storage.words_of(row) for row in rows]
    items = [
        {
            "version": row["version"],
            "responderId": str(row["responder_id"]),
            "at": row["at"].isoformat(),
            "canHelp": list(words.can_help),
            "cannot": _listed(words.cannot),
            "difference": {
                "canHelpAdded": list(difference.can_help_added),
                "canHelpRemoved": list(difference.can_help_removed),
                "cannotAdded": _listed(difference.cannot_added),
                "cannotRemoved": _listed(difference.cannot_removed),
            },
        }
        for row, words, difference in zip(rows, said, differences(said), strict=True)
    ]
    return JSONResponse({"items": items[::-1]})


def _listed(cannot: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"what": what, "why": why} for what, why in cannot.items()]
