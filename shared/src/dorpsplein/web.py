"""The HTTP face every service has: one factory, NL API Design Rules 2.2, a problem document for every error."""

import base64
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from opentelemetry.trace import SpanKind
from pydantic_core import to_json, to_jsonable_python
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from dorpsplein import telemetry
from dorpsplein.database import Database, Transaction
from dorpsplein.direct import Handlers, ShortWay
from dorpsplein.envelope import CAUSE, Cause
from dorpsplein.errors import Invalid, NotFound, PreconditionRequired, Rejected, Transient, Unauthenticated
from dorpsplein.idempotency import Once, once, request_hash
from dorpsplein.identity import Caller, Permission, Verifier, require

API_VERSION = "1.0.0"
MOST_BODY_BYTES = 1_000_000
MOST_PAGE = 100
RETRY_AFTER_S = "2"
SECURITY_HEADERS = {
    "API-Version": API_VERSION,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Strict-Transport-Security": "max-age=31536000",
}
RAW_SECURITY_HEADERS = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
TITLES = {
    400: "The request is not valid",
    401: "Who you are is not known",
    403: "You may not do this",
    404: "There is no such thing",
    405: "This cannot be done here",
    409: "This clashes with what is there",
    412: "It has changed since you read it",
    413: "The request is too large",
    422: "The rules say no",
    428: "Say which version you read",
    429: "Too many requests",
    503: "Not available for a moment",
}


def problem_document(status: int, code: str, detail: str = "", **facts: Any) -> dict[str, Any]:
    """A problem document (RFC 9457) with a `code` a client can act on."""
    return {
        "type": f"urn:dorpsplein:problem:{code}",
        "title": TITLES.get(status, "Something went wrong"),
        "status": status,
        "code": code,
        **({"detail": detail} if detail else {}),
        **facts,
    }


def rejection_document(fault: Rejected) -> dict[str, Any]:
    """The problem document of a rejection."""
    facts = to_jsonable_python(fault.facts, fallback=str)
    return problem_document(fault.status, fault.code, fault.detail, **facts)


def faults_document(errors: Sequence[Any]) -> dict[str, Any]:
    """The problem document that lists every fault Pydantic found; a fault's `loc` begins with where it was."""
    listed = [
        {
            "in": str(error["loc"][0]),
            "pointer": "".join(f"/{part}" for part in error["loc"][1:]),
            "code": error["type"].replace("_", "-"),
            "detail": error["msg"],
        }
        for error in errors
    ]
    return problem_document(400, "invalid-request", f"{len(listed)} fault(s) were found.", errors=listed)


def _answer(document: dict[str, Any]) -> JSONResponse:
    status = document["status"]
    headers = {"Retry-After": RETRY_AFTER_S} if status in {429, 503} else {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(document, status, headers, media_type="application/problem+json")


def problem(status: int, code: str, detail: str = "", **facts: Any) -> JSONResponse:
    """The answer that carries a problem document."""
    return _answer(problem_document(status, code, detail, **facts))


async def _rejected(_: Request, fault: Exception) -> Response:
    assert isinstance(fault, Rejected)
    return _answer(rejection_document(fault))


async def _transient(_: Request, fault: Exception) -> Response:
    return problem(503, "not-available", str(fault))


async def _invalid(_: Request, fault: Exception) -> Response:
    assert isinstance(fault, RequestValidationError)
    return _answer(faults_document(fault.errors()))


async def _http(_: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)
    code = {400: "body-not-readable", 404: "not-found", 405: "method-not-allowed"}.get(fault.status_code, "http-error")
    answer = problem(fault.status_code, code)
    answer.headers.update(fault.headers or {})
    return answer


REFUSALS: Handlers = {
    Rejected: _rejected,
    Transient: _transient,
    RequestValidationError: _invalid,
    HTTPException: _http,
}


class _Envelope:
    """Around every request: cause and trace, security headers, metrics, a limit on the body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        length = headers.get("content-length", "0")
        if headers.get("transfer-encoding") or not length.isdigit() or int(length) > MOST_BODY_BYTES:
            refusal = problem(413, "too-large", f"Send a Content-Length of at most {MOST_BODY_BYTES} bytes.")
            await refusal(scope, receive, send)
            return
        await self._answer(scope, headers, receive, send)

    async def _answer(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = message["headers"]
                chosen = {name for name, _ in own}
                message["headers"] = [*own, *(header for header in RAW_SECURITY_HEADERS if header[0] not in chosen)]
            await send(message)

        with telemetry.span(f"{scope['method']} {scope['path']}", headers, SpanKind.SERVER) as traceparent:
            correlation = headers.get("x-correlation-id", "")
            token = CAUSE.set(
                Cause(
                    correlation_id=correlation if _is_plain(correlation) else str(uuid7()),
                    traceparent=traceparent,
                )
            )
            try:
                await self.app(scope, receive, send_with_headers)
            finally:
                CAUSE.reset(token)
                telemetry.REQUESTS.labels(scope["method"], status).inc()
                telemetry.REQUEST_SECONDS.observe(time.perf_counter() - started)


def _is_plain(text: str) -> bool:
    return 0 < len(text) <= 64 and text.isascii() and text.replace("-", "").isalnum()


def create_app(
    name: str,
    routers: Sequence[APIRouter],
    *,
    database: Database,
    verifier: Verifier,
    ready: Callable[[], Awaitable[Mapping[str, str]]],
    public_url: str,
) -> FastAPI:
    """A service's HTTP application under `/v1`, with health, OpenAPI and one answer for every kind of error.

    `ready` gives what is not ready, by part; nothing when all is.
    """
    app = FastAPI(
        title=f"Dorpsplein: {name}",
        version=API_VERSION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        servers=[{"url": f"{public_url}/api/{name}/v1"}],
        contact={"name": "Dorpsplein", "url": public_url},
        license_info={"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.database, app.state.verifier = database, verifier
    for kind, handler in REFUSALS.items():
        app.add_exception_handler(kind, handler)
    for router in routers:
        app.include_router(router, prefix="/v1")
    app.include_router(_common(app, ready), prefix="/v1")
    app.add_middleware(ShortWay, routers=routers, prefix="/v1", handlers=REFUSALS)
    app.add_middleware(_Envelope)
    return app


def _common(app: FastAPI, ready: Callable[[], Awaitable[Mapping[str, str]]]) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "pass"}

    @router.get("/health/ready")
    async def readiness() -> Response:
        missing = await ready()
        if missing:
            return problem(503, "not-ready", "; ".join(f"{part}: {why}" for part, why in missing.items()))
        return JSONResponse({"status": "pass"})

    @router.get("/openapi.json")
    async def openapi() -> Response:
        document = {**app.openapi()}
        document["paths"] = {path.removeprefix("/v1"): item for path, item in document["paths"].items()}
        return JSONResponse(document, headers={"Access-Control-Allow-Origin": "*"})

    return router


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


Someone = Annotated[Caller, Depends(_someone)]
"""Anyone with a valid token."""


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


async def _if_match(
    if_match: Annotated[str | None, Header(description='The ETag you read, such as "3".')] = None,
) -> int:
    if if_match is None:
        raise PreconditionRequired("if-match-required", "Send the ETag you read as If-Match.")
    version = if_match.strip().removeprefix("W/").strip('"')
    if not version.isdigit() or len(version) > 18:
        raise Invalid("if-match-not-valid", 'If-Match must be an ETag of this resource, such as "3".')
    return int(version)


IfMatch = Annotated[int, Depends(_if_match)]
"""The version the caller read."""


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


def document(content: Any, headers: Mapping[str, str] | None = None) -> Response:
    """An answer of JSON: views, or dictionaries with ids and moments as they are."""
    return Response(to_json(content), media_type="application/json", headers=headers)


def page(request: Request, items: Sequence[Any], following: str | None) -> Response:
    """A page of a list; the next one is linked (RFC 8288) when there is one."""
    answer = document({"items": items, "next": following})
    if following:
        query = urlencode(
            [*((k, v) for k, v in request.query_params.multi_items() if k != "cursor"), ("cursor", following)]
        )
        answer.headers["Link"] = f'<{request.url.path}?{query}>; rel="next"'
    return answer


def found(thing: Any, what: str, thing_id: UUID | str) -> Any:
    """The thing, or NotFound when it is None."""
    if thing is None:
        raise NotFound(f"{what}-unknown", f"There is no {what} {thing_id}.")
    return thing
