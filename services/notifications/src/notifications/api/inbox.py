"""The inbox page of the local run."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from dorpsplein.errors import NotFound
from dorpsplein.web import Db
from notifications.inbox import POLICY, page
from notifications.storage import mails

router = APIRouter(include_in_schema=False)

MOST_SHOWN = 100


@router.get("/inbox")
async def show_inbox(request: Request, db: Db) -> Response:
    """The mails of the demonstration, in the local environment only."""
    if request.app.state.runtime.settings.environment != "local":
        raise NotFound("not-found")
    async with db.connection() as connection:
        kept = await mails.local(connection, MOST_SHOWN)
    return HTMLResponse(page(kept), headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})
