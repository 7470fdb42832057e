"""Contributions over HTTP."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from dorpsplein.web import Db, found, from_cursor
from initiatives.api import views
from initiatives.api.lists import Cursor, Limit, listed
from initiatives.storage import pages

router = APIRouter(tags=["contributions"])


@router.get(
    "/initiatives/{initiative_id}/contributions", responses={200: {"model": views.contributions.ContributionList}}
)
async def list_contributions(
    request: Request, initiative_id: UUID, db: Db, cursor: Cursor = None, limit: Limit = 20
) -> Response:
    """What was brought in for an initiative by people who agreed to share it, the newest first."""
    after = None
    if cursor:
        offered_at, last = from_cursor(cursor, datetime, UUID)
        after = (offered_at, last)
    async with db.connection() as connection:
        rows = await pages.contributions(connection, initiative_id, after, limit + 1)
    return listed(request, found(rows, "initiative", initiative_id), limit, "at")
