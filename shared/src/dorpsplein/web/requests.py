"""What a route may ask of a request: who is asking, the database, the time, the version they read."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Header, Request

from dorpsplein.database import Database
from dorpsplein.errors import Invalid, PreconditionRequired, Unauthenticated
from dorpsplein.idempotency import Once, request_hash
from dorpsplein.identity import Caller, Permission, Verifier, require
from dorpsplein.web.description import NEEDS_LOGIN


async def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


Db = Annotated[Database, Depends(_database)]
"""The service's database."""


async def _someone(request: Request) -> Caller:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("token-missing", "Send 'Authorization: Bearer <token>'.")
    verifier: Verifier = request.app.state.verifier
    return await verifier.caller(token.strip())


setattr(_someone, NEEDS_LOGIN, True)
Someone = Annotated[Caller, Depends(_someone)]
"""Anyone with a valid token."""


async def _visitor(request: Request) -> Caller | None:
    return await _someone(request) if "authorization" in request.headers else None


Visitor = Annotated[Caller | None, Depends(_visitor)]
"""Whoever asks: None for who sends no token; a token that does not count is refused all the same."""


async def _now(request: Request) -> datetime:
    now: datetime = request.app.state.runtime.outbox.clock()
    return now


Now = Annotated[datetime, Depends(_now)]
"""The time of the request by the service's clock, in UTC."""


def permitted(permission: Permission) -> Any:
    """A dependency: the caller, when the permission table lets them in."""

    async def caller(request: Request) -> Caller:
        someone = await _someone(request)
        require(permission, someone)
        return someone

    setattr(caller, NEEDS_LOGIN, True)
    return Depends(caller)


async def _once(
    request: Request,
    someone: Someone,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> Once:
    if idempotency_key is None:
        return Once(someone.id, None, b"")
    return Once(someone.id, idempotency_key, request_hash(request.method, request.url.path, await request.body()))


OnlyOnce = Annotated[Once, Depends(_once)]
"""The request's idempotency key; see `answer_once`."""


async def _if_match(
    if_match: Annotated[str | None, Header(description='The ETag you read, such as "3".')] = None,
) -> int:
    if if_match is None:
        raise PreconditionRequired("if-match-required", "Send the ETag you read as If-Match.")
    version = if_match.strip().removeprefix("W/").strip('"')
    if not (version.isascii() and version.isdecimal() and len(version) <= 18):
        raise Invalid("if-match-not-valid", 'If-Match must be an ETag of this resource, such as "3".')
    return int(version)


IfMatch = Annotated[int, Depends(_if_match)]
"""The version the caller read."""
