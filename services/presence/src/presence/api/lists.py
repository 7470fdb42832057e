"""Lists in pages, continued after the id of their last row."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import Response
from pydantic_core import PydanticCustomError

from dorpsplein.web import MOST_PAGE, from_cursor, page, to_cursor

T = TypeVar("T")
Limit = Annotated[int, Query(ge=1, le=MOST_PAGE)]


def after_id(cursor: str | None) -> UUID | None:
    """The id a list goes on after; None from its start. Raises Invalid for a made-up cursor."""
    return from_cursor(cursor, UUID)[0] if cursor else None


def listed(request: Request, rows: Sequence[Any], limit: int, show: Callable[[Any], Any]) -> Response:
    """A page of `limit` rows; one row more than that says that there is a next page."""
    following = to_cursor(rows[limit - 1]["id"]) if len(rows) > limit else None
    return page(request, [show(row) for row in rows[:limit]], following)


def each_once(values: list[T]) -> list[T]:
    """The values of a list in a body, where each may stand in it once; a validator."""
    if len(set(values)) < len(values):
        raise PydanticCustomError("repeated", "must name each once")
    return values
