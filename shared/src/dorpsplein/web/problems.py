"""Problem documents (RFC 9457): what every error looks like, and which exception becomes which."""

from collections.abc import Sequence
from typing import Any

import asyncpg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic_core import to_jsonable_python
from starlette.exceptions import HTTPException
from starlette.routing import Match

from dorpsplein.direct import Handlers
from dorpsplein.errors import Rejected, Transient

METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
RETRY_AFTER_S = "2"
TITLES = {
    400: "The request is not valid",
    401: "Who you are is not known",
    403: "You may not do this",
    404: "There is no such thing",
    405: "This cannot be done here",
    409: "This clashes with what is there",
    410: "It can no longer be seen",
    411: "Say how long the request is",
    412: "It has changed since you read it",
    413: "The request is too large",
    415: "This type is not taken here",
    416: "There is no such part",
    422: "The rules say no",
    428: "Say which version you read",
    429: "Too many requests",
    460: "What came is not what was sent",
    500: "Something broke here",
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


def problem(status: int, code: str, detail: str = "", **facts: Any) -> JSONResponse:
    """The answer that carries a problem document."""
    return _answer(problem_document(status, code, detail, **facts))


def _answer(document: dict[str, Any]) -> JSONResponse:
    status = document["status"]
    headers = {"Retry-After": RETRY_AFTER_S} if status in {429, 503} else {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(document, status, headers, media_type="application/problem+json")


async def _rejected(_: Request, fault: Exception) -> Response:
    assert isinstance(fault, Rejected)
    return _answer(rejection_document(fault))


async def _transient(_: Request, fault: Exception) -> Response:
    return problem(503, "not-available", str(fault))


async def _too_slow(_: Request, __: Exception) -> Response:
    return problem(503, "too-slow", "This took too long; try again.")


async def _cannot_be_stored(_: Request, __: Exception) -> Response:
    return problem(400, "value-not-possible", "A value cannot be stored or compared: it is too large or not text.")


async def _invalid(_: Request, fault: Exception) -> Response:
    assert isinstance(fault, RequestValidationError)
    return _answer(faults_document(fault.errors()))


async def _http(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)
    code = {400: "body-not-readable", 404: "not-found", 405: "method-not-allowed"}.get(fault.status_code, "http-error")
    answer = problem(fault.status_code, code)
    answer.headers.update(fault.headers or {})
    if fault.status_code == 405:
        answer.headers["Allow"] = ", ".join(_allowed(request))
    return answer


def _allowed(request: Request) -> list[str]:
    """The methods of every route at this address; Starlette's own answer names those of the first only."""
    app: FastAPI = request.app
    return [
        method
        for method in METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in app.routes)
    ]


REFUSALS: Handlers = {
    Rejected: _rejected,
    Transient: _transient,
    asyncpg.QueryCanceledError: _too_slow,
    asyncpg.DataError: _cannot_be_stored,
    RequestValidationError: _invalid,
    HTTPException: _http,
}
"""What answers each kind of exception."""
