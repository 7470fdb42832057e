"""How routes answer: once for an idempotency key, in pages, with entity tags."""

import base64
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from pydantic_core import to_json

from dorpsplein.database import Database, Transaction
from dorpsplein.errors import Invalid, NotFound
from dorpsplein.idempotency import Once, once


async def answer_once(
    database: Database,
    request: Once,
    status: int,
    command: Callable[[Transaction], Awaitable[dict[str, Any]]],
) -> JSONResponse:
    """Run a command once for its idempotency key and answer with its JSON; `location` becomes the header."""
    status, answer = await once(database, request, status, command)
    headers = {}
    if "location" in answer:
        headers["Location"] = answer["location"]
    if "version" in answer:
        headers["ETag"] = etag(answer["version"])
    return JSONResponse(answer, status, headers)


def etag(version: int) -> str:
    """The entity tag of a version."""
    return f'"{version}"'


def to_cursor(*position: Any) -> str:
    """An opaque cursor for a position in a list."""
    return base64.urlsafe_b64encode(json.dumps(position, default=str).encode()).decode().rstrip("=")


def from_cursor(cursor: str, *kinds: type[Any]) -> list[Any]:
    """The position a cursor stands for, each part read as its kind. Raises Invalid."""
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if len(parts) != len(kinds):
            raise ValueError
        position = [
            kind.fromisoformat(part) if hasattr(kind, "fromisoformat") else kind(part)
            for kind, part in zip(kinds, parts, strict=True)
        ]
        if not all(map(_can_be_asked, position)):
            raise ValueError
        return position
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as fault:
        raise Invalid("cursor-not-valid", "Use the cursor of a Link header as it is.") from fault


def _can_be_asked(part: Any) -> bool:
    """Tell whether PostgreSQL takes the value: a cursor that someone made up may hold anything."""
    match part:
        case datetime():
            return part.tzinfo is not None and 1 < part.year < 9999
        case str():
            return "\0" not in part and part.encode(errors="ignore").decode() == part
        case int():
            return abs(part) < 2**63
    return True


def page(request: Request, items: Sequence[Any], following: str | None) -> Response:
    """A page of a list of views, or of dictionaries with ids and moments as they are."""
    return linked(request, to_json({"items": items, "next": following}), following)


def linked(request: Request, document: bytes | str, following: str | None) -> Response:
    """A page of a list as JSON; the next one is linked (RFC 8288) when there is one.

    The link is relative to the address that was asked for, which a gateway may have changed.
    """
    answer = Response(document, media_type="application/json")
    if following:
        query = urlencode(
            [*((k, v) for k, v in request.query_params.multi_items() if k != "cursor"), ("cursor", following)]
        )
        answer.headers["Link"] = f'<{request.url.path.rpartition("/")[2]}?{query}>; rel="next"'
    return answer


def found(thing: Any, what: str, thing_id: UUID | str) -> Any:
    """The thing, or NotFound when it is None."""
    if thing is None:
        raise NotFound(f"{what}-unknown", f"There is no {what} {thing_id}.")
    return thing
