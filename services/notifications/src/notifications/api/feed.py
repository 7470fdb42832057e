"""The feed: what happens on the square, as pages and as it happens; and how many support what."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response, StreamingResponse

from dorpsplein.errors import Invalid
from dorpsplein.fields import Code
from dorpsplein.identity import Caller
from dorpsplein.web import MOST_PAGE, Db, from_cursor, page, permitted, to_cursor
from notifications.live import Live, anything, followed_by, stream
from notifications.permissions import PERMISSIONS
from notifications.settings import Settings
from notifications.storage import feed

router = APIRouter(tags=["feed"])

MOST_POSITION = 2**63 - 1
STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

Limit = Annotated[int, Query(ge=1, le=MOST_PAGE)]
Cursor = Annotated[str | None, Query(max_length=200)]
Reader = Annotated[Caller, permitted(PERMISSIONS["read-own-feed"])]


async def _live(request: Request, db: Db) -> Live:
    state = request.app.state
    if not hasattr(state, "live"):
        state.live = Live(db)
    live: Live = state.live
    return live


OurLive = Annotated[Live, Depends(_live)]


async def _last_event_id(
    last_event_id: Annotated[str | None, Header(description="The id of the last event you had.")] = None,
) -> int | None:
    if not last_event_id:
        return None
    if not (last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) <= 19):
        raise Invalid("last-event-id-not-valid", "Last-Event-ID must be the id of an event of this stream.")
    return min(int(last_event_id), MOST_POSITION)


LastEventId = Annotated[int | None, Depends(_last_event_id)]


@router.get("/feed")
async def read_feed(
    request: Request,
    db: Db,
    initiative: UUID | None = None,
    theme: Code | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """What happened, newest first; of one initiative, or of those with a theme."""
    before = _before(cursor)
    async with db.connection() as connection:
        if initiative is None and theme is None:
            items = await feed.newest(connection, before, limit)
        else:
            chosen = [initiative] if initiative else []
            if theme is not None:
                chosen = [one for one in await feed.of_theme(connection, theme) if initiative in {None, one}]
            items = await feed.newest_of(connection, chosen, before, limit)
    return _page(request, items, limit)


@router.get("/me/feed")
async def read_own_feed(request: Request, caller: Reader, db: Db, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """What happened to what I follow, newest first."""
    before = _before(cursor)
    async with db.connection() as connection:
        followed = await feed.followed(connection, caller.id)
        items = await feed.newest_of(connection, followed, before, limit)
    return _page(request, items, limit)


@router.get("/feed/events", response_class=StreamingResponse)
async def stream_feed(
    request: Request, live: OurLive, last: LastEventId, initiative: UUID | None = None, theme: Code | None = None
) -> Response:
    """The feed as server-sent events, from now on, or after `Last-Event-ID` without losing any."""
    position = await _start(live, last)
    events = stream(live, position, anything(initiative, theme), _heartbeat_s(request))
    return StreamingResponse(events, media_type="text/event-stream", headers=STREAM_HEADERS)


@router.get("/me/feed/events", response_class=StreamingResponse)
async def stream_own_feed(request: Request, caller: Reader, live: OurLive, last: LastEventId) -> Response:
    """What I follow as server-sent events; following and stopping take effect while it runs."""
    position = await _start(live, last)
    events = stream(live, position, followed_by(live, caller.id), _heartbeat_s(request))
    return StreamingResponse(events, media_type="text/event-stream", headers=STREAM_HEADERS)


@router.get("/initiative-supports")
async def read_supports(db: Db, ids: Annotated[str, Query(max_length=4_000)]) -> dict[str, Any]:
    """How many support these initiatives (at most 100 ids, with commas between), by what has arrived here."""
    try:
        initiatives = list(dict.fromkeys(UUID(part) for part in ids.split(",")))
    except ValueError as fault:
        raise Invalid("ids-not-valid", "ids must be UUIDs with commas between.") from fault
    if len(initiatives) > MOST_PAGE:
        raise Invalid("too-many-ids", f"Ask for at most {MOST_PAGE} initiatives at a time.")
    async with db.connection() as connection:
        counts = await feed.supports(connection, initiatives)
    return {"items": [{"initiativeId": one, "supports": counts.get(one, 0)} for one in initiatives]}


def _before(cursor: str | None) -> int | None:
    return from_cursor(cursor, int)[0] if cursor else None


def _page(request: Request, items: Sequence[feed.Item], limit: int) -> Response:
    following = to_cursor(items[-1].position) if len(items) == limit else None
    return page(request, [item.shown for item in items], following)


async def _start(live: Live, last: int | None) -> int:
    """Where a stream starts: after what the listener had, which cannot be more than there is."""
    head = await live.head()
    return head if last is None else min(last, head)


def _heartbeat_s(request: Request) -> float:
    settings = request.app.state.runtime.settings
    assert isinstance(settings, Settings)
    return settings.heartbeat_s
