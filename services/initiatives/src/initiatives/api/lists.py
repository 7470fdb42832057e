"""Pages of a list whose items PostgreSQL has made JSON of already."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import Query, Request
from fastapi.responses import Response

from dorpsplein.web import MOST_PAGE, from_cursor, linked, to_cursor

Limit = Annotated[int, Query(ge=1, le=MOST_PAGE)]
Cursor = Annotated[str | None, Query(max_length=300)]


def listed(request: Request, rows: Sequence[asyncpg.Record], limit: int, position: str) -> Response:
    """A page of rows with `document` (JSON text), `id` and the column `position` that they are ordered by.

    One row more than fits says that there is a next page.
    """
    last = rows[limit - 1] if len(rows) > limit else None
    following = to_cursor(last[position], last["id"]) if last else None
    documents = ",".join(row["document"] for row in rows[:limit])
    return linked(request, f'{{"items":[{documents}],"next":{json.dumps(following)}}}', following)


def moment_and_id(cursor: str | None) -> tuple[datetime, UUID] | None:
    """The position in a list that is ordered by moment and id; None at its beginning. Raises Invalid."""
    if not cursor:
        return None
    at, last = from_cursor(cursor, datetime, UUID)
    return at, last
