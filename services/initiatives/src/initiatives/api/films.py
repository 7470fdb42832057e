"""Versions of dream visions over HTTP: rendering, publishing, watching."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import Field
from uuid_utils.compat import uuid7

from dorpsplein.errors import Gone, NotFound
from dorpsplein.fields import Body
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, OnlyOnce, Visitor, answer_once, found, from_cursor, page, permitted, to_cursor
from initiatives.api.lists import Cursor, Limit
from initiatives.api.settings import Configured
from initiatives.api.views import dreams as views
from initiatives.commands import renders as commands
from initiatives.domain.dreams.differences import Difference, differences
from initiatives.domain.dreams.versions import Status
from initiatives.media.links import links_of
from initiatives.permissions import PERMISSIONS
from initiatives.storage import dream_pages as pages
from initiatives.storage.dream_pages import Reel
from initiatives.storage.moderation import refuse_hidden

if TYPE_CHECKING:
    from dorpsplein.database import Connection

router = APIRouter(tags=["dream visions"])

HIGHEST = 2**31 - 1
Number = Annotated[int, Field(ge=1, le=HIGHEST)]
FilmFile = Literal["h264", "av1", "nl", "en", "poster"]


class Publication(Body):
    """Which version is to be published."""

    version: Annotated[Number, Field(strict=True)]


@router.post("/dreams/{dream_id}/renders", status_code=201, responses={201: {"model": views.Render}})
async def ask_render(
    dream_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["ask_render"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Make a version of the storyboard as it is now, and a film of it."""
    return await answer_once(
        db,
        once,
        201,
        lambda tx: commands.ask_render(tx, dream_id, render_id=uuid7(), person=caller.id, now=now),
    )


@router.get("/dreams/{dream_id}/renders/{number}", responses={200: {"model": views.Render}})
async def read_render(dream_id: UUID, number: Number, db: Db) -> Response:
    """How far the film of a version is."""
    async with db.connection() as connection:
        await _hidden_of(connection, dream_id)
        document = found(await pages.render_document(connection, dream_id, number), "version", str(number))
    return Response(document, media_type="application/json")


@router.post("/dreams/{dream_id}/publication", responses={200: {"model": views.DreamAnswer}})
async def publish_dream(
    dream_id: UUID,
    publication: Publication,
    caller: Annotated[Caller, permitted(PERMISSIONS["publish_dream"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Publish a version whose film is there, and to whose use everyone in it has agreed."""
    return await answer_once(
        db,
        once,
        200,
        lambda tx: commands.publish(tx, dream_id, publication.version, person=caller.id, now=now),
    )


@router.get("/dreams/{dream_id}/versions", responses={200: {"model": views.VersionList}})
async def list_versions(request: Request, dream_id: UUID, db: Db, cursor: Cursor = None, limit: Limit = 20) -> Response:
    """All versions, the newest first, each with what is different in it from the one before."""
    before = from_cursor(cursor, int)[0] if cursor else None
    async with db.connection() as connection:
        hidden = await _hidden_of(connection, dream_id)
        rows = await pages.versions(connection, dream_id, before, limit + 1)
    items = []
    for place, (version, document) in enumerate(rows[:limit]):
        older = rows[place + 1][0] if place + 1 < len(rows) else None
        changes = [_shown(one) for one in differences(older, version) if one.scene_id not in hidden]
        items.append({**json.loads(document), "changes": changes})
    following = to_cursor(rows[limit - 1][0].number) if len(rows) > limit else None
    return page(request, items, following)


@router.get(
    "/dreams/{dream_id}/versions/{number}/{file}",
    status_code=307,
    response_class=RedirectResponse,
    responses={410: {"description": "It may not be seen any more, or a newer one took its place"}},
)
async def watch(
    dream_id: UUID, number: Number, file: FilmFile, visitor: Visitor, db: Db, now: Now, settings: Configured
) -> Response:
    """The film of a version as H.264 or AV1, its captions, or its poster, behind a link that lasts for minutes.

    Until it is published only the initiators see it.
    """
    async with db.connection() as connection:
        reel: Reel = found(await pages.film(connection, dream_id, number), "version", str(number))
        await refuse_hidden(connection, "initiative", reel.initiative_id)
    _refuse_unseen(reel.status, mine=visitor is not None and visitor.id in reel.initiators)
    link = links_of(settings).link_of(found(reel.files.get(file), "film", file), now)
    return RedirectResponse(link, 307, {"Cache-Control": "no-store"})


async def _hidden_of(connection: "Connection", dream_id: UUID) -> frozenset[UUID]:
    """The hidden scenes of a dream vision. Raises NotFound, or Gone where its initiative is hidden."""
    initiative_id, hidden = found(await pages.about(connection, dream_id), "dream", dream_id)
    await refuse_hidden(connection, "initiative", initiative_id)
    scenes: frozenset[UUID] = hidden
    return scenes


def _refuse_unseen(status: Status, *, mine: bool) -> None:
    match status:
        case Status.WITHDRAWN:
            raise Gone("version-withdrawn", "Somebody in this version does not agree (any more) to being shown in it.")
        case Status.REPLACED:
            raise Gone("version-replaced", "A newer version was published in place of this one.")
        case Status.PUBLISHED:
            return
        case Status.RENDERED if mine:
            return
        case _:
            raise NotFound("film-unknown", "There is no film of this version for you to see.")


def _shown(difference: Difference) -> dict[str, Any]:
    told = asdict(difference)
    return {"sceneId": told["scene_id"], "change": told["change"], "sentence": told["sentence"]}
