"""Pages of a list whose items PostgreSQL has made JSON of already."""

import json
from collections.abc import Sequence
from typing import Annotated

import asyncpg
from fastapi import Query, Request
from fastapi.responses import Response

from dorpsplein.web import MOST_PAGE, linked, to_cursor

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
