"""Media over HTTP: what they are, short-lived links to them, and their bytes, whole or in part."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from dorpsplein.errors import NotFound, Transient
from dorpsplein.fields import Ids
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, Visitor, permitted, problem
from initiatives.api import views
from initiatives.api.settings import Configured
from initiatives.commands import media as commands
from initiatives.domain.media import Found
from initiatives.media.links import links_of
from initiatives.media.ranges import NoSuchPart, part_of
from initiatives.media.store import Missing, media_key, store_of
from initiatives.permissions import PERMISSIONS
from initiatives.storage import media as storage

router = APIRouter(tags=["media"])

SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
LATEST = 2**33
BYTES = {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}
CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"description": "All bytes", **BYTES},
    206: {"description": "The part that `Range` asks for", **BYTES},
    304: {"description": "The one that `If-None-Match` names"},
}


@router.get("/media", responses={200: {"model": views.media.MediaList}})
async def read_many_media(ids: Annotated[Ids, Query()], db: Db, now: Now, settings: Configured) -> Response:
    """Several media at once with a link to each, for a page that shows them; only what anyone may see."""
    async with db.connection() as connection:
        known = await storage.read(connection, ids)
    shown = [media for media, public in (known[asked] for asked in ids if asked in known) if public]
    links = links_of(settings)
    items = [views.media.view_of(media, links, now).model_dump(mode="json") for media in shown]
    return JSONResponse({"items": items}, headers={"Cache-Control": "no-store"})


@router.get("/media/{media_id}", responses={200: {"model": views.media.Media}})
async def read_media(media_id: UUID, visitor: Visitor, db: Db, now: Now, settings: Configured) -> Response:
    """Media, with a link to their bytes that lasts ten minutes: one's own, or what stands in something public.

    Of an upload its owner sees whether it is still being checked, ready, or refused and why.
    """
    async with db.connection() as connection:
        media, public = (await storage.read(connection, [media_id])).get(media_id, (None, False))
    if media is None or not (public or (visitor and visitor.id == media.owner_id)):
        raise NotFound("media-unknown", f"There is no media {media_id} that you may see.")
    view = views.media.view_of(media, links_of(settings), now)
    return JSONResponse(view.model_dump(mode="json"), headers={"Cache-Control": "no-store"})


@router.delete("/media/{media_id}", status_code=204)
async def remove_media(
    media_id: UUID, caller: Annotated[Caller, permitted(PERMISSIONS["remove_media"])], db: Db, now: Now
) -> Response:
    """Take one's own media away for good, as long as they stand in nothing public."""
    async with db.transaction() as tx:
        await commands.remove(tx, media_id, caller.id, now)
    return Response(status_code=204)


@router.api_route("/media/{media_id}/content", methods=["GET", "HEAD"], responses=CONTENT)
async def read_content(
    request: Request,
    media_id: UUID,
    expires: Annotated[int, Query(ge=0, le=LATEST)],
    signature: Annotated[str, Query(max_length=100)],
    db: Db,
    now: Now,
    settings: Configured,
) -> Response:
    """The bytes of media, by a link that was given out; a player may ask for a part of them."""
    links_of(settings).check(media_id, expires, signature, now)
    async with db.connection() as connection:
        media, _ = (await storage.read(connection, [media_id])).get(media_id, (None, False))
    if media is None or media.found is None or media.object_id is None:
        raise NotFound("media-unknown", f"There is no media {media_id} any more.")
    headers, size = _headers(media.found), media.found.size
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    try:
        part = part_of(_range(request, headers["ETag"]), size)
    except NoSuchPart:
        return _no_such_part(size)
    first, end = part or (0, size)
    headers |= {"Content-Length": str(end - first)}
    headers |= {"Content-Range": f"bytes {first}-{end - 1}/{size}"} if part else {}
    if request.method == "HEAD":
        return Response(status_code=206 if part else 200, headers=headers)
    content = store_of(settings).stream(media_key(media_id, media.object_id), part)
    return StreamingResponse(await _begun(content), 206 if part else 200, headers)


def _headers(found: Found) -> dict[str, str]:
    """What goes with the bytes: they are shown as what they are, and nothing in them ever runs."""
    return {
        "Content-Type": found.content_type,
        "Content-Disposition": "inline",
        "Content-Security-Policy": SANDBOX,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=600, immutable",
        "ETag": f'"{found.digest.hex()}"',
    }


def _no_such_part(size: int) -> Response:
    refused = problem(416, "part-unknown", f"There are {size} bytes.")
    refused.headers["Content-Range"] = f"bytes */{size}"
    return refused


def _range(request: Request, tag: str) -> str | None:
    """The Range that counts: none where `If-Range` names something else than there is now."""
    unless = request.headers.get("if-range")
    return request.headers.get("range") if unless is None or unless.strip() == tag else None


async def _begun(content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes, of which the first are there: what is wrong with the store is known before an answer begins."""
    try:
        first = await anext(content)
    except Missing as fault:
        raise Transient("the bytes of these media are not there") from fault

    async def rest() -> AsyncIterator[bytes]:
        yield first
        async for piece in content:
            yield piece

    return rest()
