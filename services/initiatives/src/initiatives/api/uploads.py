"""Uploads over HTTP by tus 1.0.0 (https://tus.io/protocols/resumable-upload): a cut costs a piece, never a file.

Core protocol with the extensions creation, creation-with-upload, expiration, termination and checksum. No idempotency
key is asked for: a file may be larger than a process should hold, and an upload that was begun twice expires.
"""

import base64
import binascii
from collections.abc import AsyncIterator, Callable, Coroutine
from email.utils import format_datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import StringConstraints, TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.types import Receive, Scope, Send
from uuid_utils.compat import uuid7

from dorpsplein.errors import Invalid, NotTaken
from dorpsplein.fields import Prose
from dorpsplein.identity import Caller
from dorpsplein.web import REFUSALS, Db, Now, permitted, problem
from initiatives.api.settings import Configured
from initiatives.commands import media as media_commands
from initiatives.commands import uploads as commands
from initiatives.commands.uploads import Append, Checksum
from initiatives.domain.media import Begin, Media
from initiatives.media.store import store_of
from initiatives.permissions import PERMISSIONS

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,termination,checksum"
PIECE = "application/offset+octet-stream"
ALGORITHMS: dict[str, commands.Algorithm] = {"sha1": "sha1", "sha256": "sha256"}
LARGEST = 2**53

Description = TypeAdapter(Annotated[Prose, StringConstraints(max_length=500)])


class TusRoute(APIRoute):
    """A route that speaks tus: refuses other versions of it, and says its own in every answer, also a refusal."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match by the method that `X-HTTP-Method-Override` names, for those who can send POST only."""
        return super().matches(_overridden(scope))

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await super().handle(_overridden(scope), receive, send)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """How a request is answered."""
        answer = super().get_route_handler()

        async def tus(request: Request) -> Response:
            spoken = request.headers.get("tus-resumable")
            if request.method != "OPTIONS" and spoken != VERSION:
                response: Response = problem(
                    412,
                    "tus-version-not-spoken",
                    f"Send 'Tus-Resumable: {VERSION}'.",
                    title="Another tus is spoken here",
                )
            else:
                try:
                    response = await answer(request)
                except tuple(REFUSALS) as fault:
                    handle = next(handle for kind, handle in REFUSALS.items() if isinstance(fault, kind))
                    response = await handle(request, fault)
            response.headers["Tus-Resumable"] = VERSION
            response.headers.setdefault("Cache-Control", "no-store")
            if response.status_code == 412:
                response.headers["Tus-Version"] = VERSION
            return response

        return tus


router = APIRouter(tags=["uploads"], route_class=TusRoute)

Length = Annotated[int, Header(ge=0, le=LARGEST)]


@router.options("/uploads", status_code=204)
@router.options("/uploads/{upload_id}", status_code=204, include_in_schema=False)
async def say_what_is_spoken(settings: Configured) -> Response:
    """Which version of tus is spoken, with which extensions, and how many bytes an upload has at most."""
    return Response(
        status_code=204,
        headers={
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(settings.upload_most_bytes),
            "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
        },
    )


@router.post("/uploads", status_code=201)
async def begin_upload(
    request: Request,
    caller: Annotated[Caller, permitted(PERMISSIONS["begin_upload"])],
    db: Db,
    now: Now,
    settings: Configured,
    upload_length: Length,
    upload_metadata: Annotated[
        str,
        Header(
            description="Pairs of key and base64. `description`, a text alternative, is asked for; others are not kept."
        ),
    ],
    upload_checksum: Annotated[str | None, Header()] = None,
) -> Response:
    """Begin an upload of an image, a sound or a film, with its first piece if you like. It has 24 hours."""
    size = _size(request)
    if size:
        _refuse_other_types(request)
    begin = Begin(uuid7(), caller.id, upload_length, _description(upload_metadata))
    checksum = _checksum(upload_checksum)
    async with db.transaction() as tx:
        media = await commands.begin(
            tx, begin, most=settings.upload_most_bytes, most_a_day=settings.upload_day_bytes, now=now
        )
    if size:
        piece = Append(media.id, caller.id, 0, size, uuid7(), now, checksum)
        media = await commands.append(db, store_of(settings), piece, _chunks(request))
    headers = {"Location": f"/v1/uploads/{media.id}"} | _progress(media)
    return Response(status_code=201, headers=headers)


@router.head("/uploads/{upload_id}")
async def read_upload(
    upload_id: UUID, caller: Annotated[Caller, permitted(PERMISSIONS["read_upload"])], db: Db, now: Now
) -> Response:
    """How much of one's own upload is here."""
    media = await commands.progress(db, upload_id, caller.id, now)
    return Response(headers=_progress(media) | {"Upload-Length": str(media.length)})


@router.patch("/uploads/{upload_id}", status_code=204)
async def append_to_upload(
    request: Request,
    upload_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["append_to_upload"])],
    db: Db,
    now: Now,
    settings: Configured,
    upload_offset: Length,
    upload_checksum: Annotated[str | None, Header()] = None,
) -> Response:
    """Go on with an upload where it is. With its last byte it is checked; `GET /media/{id}` says what came of that."""
    _refuse_other_types(request)
    piece = Append(
        upload_id,
        caller.id,
        upload_offset,
        _size(request),
        uuid7(),
        now,
        _checksum(upload_checksum),
    )
    media = await commands.append(db, store_of(settings), piece, _chunks(request))
    return Response(status_code=204, headers=_progress(media))


@router.delete("/uploads/{upload_id}", status_code=204)
async def end_upload(
    upload_id: UUID, caller: Annotated[Caller, permitted(PERMISSIONS["end_upload"])], db: Db, now: Now
) -> Response:
    """Take an upload back, at whatever point; its bytes go too."""
    async with db.transaction() as tx:
        await media_commands.remove(tx, upload_id, caller.id, now)
    return Response(status_code=204)


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    """What comes, as it comes, up to where a connection is cut."""
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect:
        return


def _progress(media: Media) -> dict[str, str]:
    headers = {"Upload-Offset": str(media.received)}
    if media.expires_at is not None and media.received < media.length:
        headers["Upload-Expires"] = format_datetime(media.expires_at, usegmt=True)
    return headers


def _size(request: Request) -> int:
    return int(request.headers.get("content-length", "0"))


def _refuse_other_types(request: Request) -> None:
    if request.headers.get("content-type", "").lower() != PIECE:
        raise NotTaken("piece-expected", f"Send a piece of an upload as {PIECE}.")


def _checksum(given: str | None) -> Checksum | None:
    if given is None:
        return None
    algorithm, _, digest = given.partition(" ")
    if algorithm not in ALGORITHMS:
        raise Invalid("checksum-not-spoken", f"Send one of {', '.join(ALGORITHMS)}.")
    return Checksum(ALGORITHMS[algorithm], _decoded(digest, "upload-checksum-not-valid"))


def _description(metadata: str) -> str:
    """The description in the metadata. Any other key, a file's name among them, is checked for nothing and not kept."""
    pairs = dict(pair.strip().partition(" ")[::2] for pair in metadata.split(","))
    if "description" not in pairs:
        raise Invalid("description-missing", "Say in the metadata, as description, what is to be seen or heard.")
    given = _decoded(pairs["description"], "upload-metadata-not-valid")
    try:
        return Description.validate_python(given.decode())
    except UnicodeDecodeError as fault:
        raise Invalid("upload-metadata-not-valid", "The description is UTF-8 in base64.") from fault
    except ValidationError as fault:
        errors = [{**error, "loc": ("header", "upload-metadata", "description")} for error in fault.errors()]
        raise RequestValidationError(errors) from fault


def _decoded(text: str, code: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as fault:
        raise Invalid(code, "What stands behind the key is not base64.") from fault


def _overridden(scope: Scope) -> Scope:
    for name, value in scope.get("headers", ()):
        if name == b"x-http-method-override" and scope.get("method") == "POST":
            return {**scope, "method": value.decode("latin-1").strip().upper()}
    return scope
