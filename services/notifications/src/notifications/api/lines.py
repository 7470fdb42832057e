"""What concerns me: what came of what I brought in, and what I alone am told, as plain lines."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Request
from fastapi.responses import Response

from dorpsplein.fields import View
from dorpsplein.identity import Caller
from dorpsplein.web import Db, from_cursor, page, permitted, to_cursor
from notifications.api.feed import Cursor, Limit
from notifications.domain.lines import lineage, notices
from notifications.permissions import PERMISSIONS
from notifications.storage import lines
from notifications.storage.notices import notice_of

router = APIRouter(tags=["lines"])


class Line(View):
    """One thing that concerns me.

    `kind` is `lineage`: `what` is how something came of my contribution, by the link `id`, which leads to `toId`; or
    `notice`: `what` is a code, and the ids say what it is about, as far as they are there.
    """

    id: UUID
    at: datetime
    kind: Literal["lineage", "notice"]
    what: str
    line: str
    title: str | None
    initiative_id: UUID | None
    contribution_id: UUID | None
    to_kind: str | None
    to_id: UUID | None
    session_id: UUID | None
    request_id: UUID | None
    visit_id: UUID | None
    promise_id: UUID | None
    lone_visit_id: UUID | None
    member_id: UUID | None
    place_id: UUID | None
    starts_at: datetime | None

    @classmethod
    def of(cls, row: asyncpg.Record) -> Self:
        """The view of a row; its title is that of what it is about."""
        told: dict[str, Any] = dict(row)
        if row["hop"]:
            line = lineage.line((row["hop"], row["to_kind"]), row["title"])
            told |= {"kind": "lineage", "what": row["hop"], "line": line}
        else:
            title = row["session_title"] or row["initiative_title"] or row["place_title"]
            told |= {"kind": "notice", "line": notices.line(notice_of(row)), "title": title}
        return cls.model_validate({name: told[name] for name in cls.model_fields})


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
    """What concerns me, newest first: what I alone was told, and what came of what I brought in under my name.

    `GET /me/lineage` of initiatives has the rest of the latter.
    """
    after = None
    if cursor:
        at, last = from_cursor(cursor, datetime, UUID)
        after = (at, last)
    async with db.connection() as connection:
        rows = await lines.own(connection, caller.id, after, limit + 1)
    shown = [Line.of(row) for row in rows[:limit]]
    more = len(rows) > limit
    return page(request, shown, to_cursor(shown[-1].at, shown[-1].id) if more else None)
