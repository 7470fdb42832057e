"""The OpenAPI document of a service: FastAPI's, made true where FastAPI does not know how we answer."""

from collections.abc import Iterator, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

PROBLEM = {
    "description": "A problem document (RFC 9457)",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "What a client can act on."},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "Every fault of an invalid request.",
            "items": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("in", "pointer", "code", "detail")},
            },
        },
    },
}
BEARER = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
NEEDS_LOGIN = "needs_login"
"""The mark of a dependency that refuses who has no token."""


def described(app: FastAPI) -> dict[str, Any]:
    """The document: paths under the base path, problem documents for every error, a token where one is needed."""
    document = {**app.openapi()}
    document["paths"] = {path.removeprefix("/v1"): item for path, item in document["paths"].items()}
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = PROBLEM_SCHEMA
    components["securitySchemes"] = {"bearer": BEARER}
    private = {(path.removeprefix("/v1"), method.lower()) for path, method in _private(app.routes)}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = PROBLEM
            if (path, method) in private:
                operation["security"] = [{"bearer": []}]
    return document


def _private(routes: Sequence[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for route in routes:
        if isinstance(route, APIRoute) and _needs_login(route.dependant):
            for method in route.methods or ():
                yield prefix + route.path, method
        elif included := getattr(route, "original_router", None):
            yield from _private(included.routes, prefix + route.include_context.prefix)


def _needs_login(asking: Dependant) -> bool:
    return getattr(asking.call, NEEDS_LOGIN, False) or any(map(_needs_login, asking.dependencies))
