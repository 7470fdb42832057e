"""What an initiative said before, and what its edits changed, over HTTP."""

from dataclasses import asdict, fields
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic.alias_generators import to_camel

from dorpsplein.web import Db, found, from_cursor, page, to_cursor
from initiatives.api import views
from initiatives.api.lists import Cursor, Limit
from initiatives.domain.edits import difference
from initiatives.domain.initiative import Content
from initiatives.storage import initiatives as storage
from initiatives.storage import people
from initiatives.storage.moderation import refuse_hidden

router = APIRouter(tags=["initiatives"])

WORDS = ("title", "summary")
NEWEST = 2**62


@router.get("/initiatives/{initiative_id}/edits", responses={200: {"model": views.initiatives.Edits}})
async def read_edits(
    request: Request, initiative_id: UUID, db: Db, cursor: Cursor = None, limit: Limit = 20
) -> Response:
    """Every edit of an initiative, the newest first: who made it, and word by word what it changed."""
    before = from_cursor(cursor, int)[0] if cursor else NEWEST
    async with db.transaction() as tx:
        await refuse_hidden(tx, "initiative", initiative_id)
        now = found(await storage.content(tx, initiative_id), "initiative", initiative_id)
        kept = await storage.versions(tx, initiative_id, before, limit + 1)
        if before != NEWEST and (newer := await storage.version_from(tx, initiative_id, before)):
            now = newer.content
        names = await people.names(tx, [version.edited_by for version in kept])
    items = []
    for version in kept[:limit]:
        items.append(
            {
                "version": version.version,
                "editedBy": {"id": version.edited_by, "name": names.get(version.edited_by)},
                "editedAt": version.edited_at,
                "changed": _changed(version.content, now),
            }
        )
        now = version.content
    return page(request, items, to_cursor(kept[limit - 1].version) if len(kept) > limit else None)


def _changed(before: Content, after: Content) -> list[dict[str, Any]]:
    changed = []
    for name in (field.name for field in fields(Content)):
        old, new = asdict(before)[name], asdict(after)[name]
        if old != new:
            pieces = [asdict(piece) for piece in difference(old, new)] if name in WORDS else []
            changed.append({"field": to_camel(name), "before": old, "after": new, "pieces": pieces})
    return changed
