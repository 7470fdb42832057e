"""What came of what I brought in, as one plain line a hop."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from dorpsplein.fields import View
from dorpsplein.identity import Caller
from dorpsplein.web import Db, from_cursor, page, permitted, to_cursor
from notifications.api.feed import Cursor, Limit
from notifications.domain.lines import lineage
from notifications.permissions import PERMISSIONS
from notifications.storage import lineage as storage

router = APIRouter(tags=["lineage"])


class Line(View):
    """One hop: `id` is that of the link, `toKind` and `toId` what it leads to."""

    id: UUID
    at: datetime
    line: str
    kind: str
    to_kind: str
    to_id: UUID
    contribution_id: UUID
    initiative_id: UUID
    title: str | None


class LineList(View):
    """A page of lines; `next` is the cursor of the one after it."""

    items: list[Line]
    next: str | None


@router.get("/me/lines", responses={200: {"model": LineList}})
async def read_own_lines(
    request: Request,
    caller: Annotated[Caller, permitted(PERMISSIONS["read-own-lines"])],
    db: Db,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """What came of what I brought in under my name, newest first; `GET /me/lineage` of initiatives has the rest."""
    after = None
    if cursor:
        at, last = from_cursor(cursor, datetime, UUID)
        after = (at, last)
    async with db.connection() as connection:
        rows = await storage.lines(connection, caller.id, after, limit + 1)
    shown = [
        Line(**row, id=row["link_id"], line=lineage.line((row["kind"], row["to_kind"]), row["title"]))
        for row in rows[:limit]
    ]
    more = len(rows) > limit
    return page(request, shown, to_cursor(shown[-1].at, shown[-1].id) if more else None)
