"""Follow an initiative, a theme, or what happens around a point."""

import asyncio
import secrets
from contextlib import suppress
from datetime import datetime
from html import escape
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import Field, StrictInt
from uuid_utils.compat import uuid7

from dorpsplein.database import Database
from dorpsplein.errors import NotFound
from dorpsplein.fields import Body, Code, Latitude, Longitude, View
from dorpsplein.identity import Caller
from dorpsplein.web import Db, found, permitted
from notifications.commands.follows import Started, start_follows, stop_follows
from notifications.domain.follows import Initiative, Radius, Start, Stop, Subject, Theme
from notifications.inbox import POLICY, document
from notifications.mail import because
from notifications.permissions import PERMISSIONS
from notifications.storage import follows as storage

router = APIRouter(tags=["follows"])

LOOK_AGAIN_S = (0.05, 0.1, 0.2, 0.4, 0.8)

StopKey = Annotated[str, Query(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class FollowInitiative(Body):
    """One initiative."""

    kind: Literal["initiative"]
    initiative_id: UUID

    def subject(self) -> Subject:
        """As the rules know it."""
        return Initiative(self.initiative_id)


class FollowTheme(Body):
    """Everything with a theme."""

    kind: Literal["theme"]
    theme: Code

    def subject(self) -> Subject:
        """As the rules know it."""
        return Theme(self.theme)


class FollowRadius(Body):
    """Everything within so many metres of a point. The point is kept here only and never published."""

    kind: Literal["radius"]
    latitude: Annotated[Latitude, Field(strict=True)]
    longitude: Annotated[Longitude, Field(strict=True)]
    radius_metres: Annotated[StrictInt, Field(ge=100, le=50_000)]

    def subject(self) -> Subject:
        """As the rules know it."""
        return Radius(self.latitude, self.longitude, self.radius_metres)


NewFollow = Annotated[FollowInitiative | FollowTheme | FollowRadius, Field(discriminator="kind")]


class FollowView(View):
    """What someone follows; only the fields of its kind are filled."""

    id: UUID
    kind: str
    initiative_id: UUID | None = None
    title: str | None = None
    theme: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    radius_metres: int | None = None
    started_at: datetime


@router.post("/follows", status_code=201, response_model=FollowView)
async def start_follow(
    body: NewFollow, caller: Annotated[Caller, permitted(PERMISSIONS["start-follow"])], db: Db
) -> Response:
    """Follow. Following the same again answers the follow there is, with 200."""
    command = Start(uuid7(), secrets.token_urlsafe(24), caller.id, body.subject())
    started = await _started(db, command)
    return JSONResponse(_view(started.follow).model_dump(mode="json"), 201 if started.new else 200)


async def _started(db: Database, command: Start) -> Started:
    """Start; who follows what they proposed a moment ago may be here before the news of it is: look again."""
    for pause in LOOK_AGAIN_S:
        with suppress(NotFound):
            return await db.grouped(start_follows, command)
        await asyncio.sleep(pause)
    return await db.grouped(start_follows, command)


@router.get("/me/follows")
async def list_follows(caller: Annotated[Caller, permitted(PERMISSIONS["list-follows"])], db: Db) -> dict[str, Any]:
    """What I follow, newest first."""
    async with db.connection() as connection:
        return {"items": [_view(follow) for follow in await storage.of_follower(connection, caller.id)]}


@router.delete("/follows/{follow_id}", status_code=204)
async def stop_follow(
    follow_id: UUID, caller: Annotated[Caller, permitted(PERMISSIONS["stop-follow"])], db: Db
) -> None:
    """Stop following; nothing of it is kept."""
    await db.grouped(stop_follows, Stop(follow_id, follower_id=caller.id))


@router.get("/follows/{follow_id}/stop", response_class=HTMLResponse)
async def ask_to_stop(follow_id: UUID, key: StopKey, db: Db) -> Response:
    """The page a mail's stop link leads to. It only asks: mail scanners open links too."""
    async with db.connection() as connection:
        follow = found(await storage.with_key(connection, follow_id, key), "follow", follow_id)
    name = because(follow.subject, follow.title or "een initiatief")
    body = f'<p>Je volgt {escape(name)}.</p><form method="post"><button>Niet meer volgen</button></form>'
    return HTMLResponse(document("Niet meer volgen?", body), headers={"Content-Security-Policy": POLICY})


@router.post("/follows/{follow_id}/stop", response_class=HTMLResponse)
async def stop_by_key(follow_id: UUID, key: StopKey, db: Db) -> Response:
    """Stop with the key from a mail, without login (also RFC 8058 one-click)."""
    await db.grouped(stop_follows, Stop(follow_id, stop_key=key))
    body = "<p>Je krijgt hierover geen bericht meer.</p>"
    return HTMLResponse(document("Gestopt", body), headers={"Content-Security-Policy": POLICY})


def _view(follow: storage.Follow) -> FollowView:
    view: dict[str, Any] = {"id": follow.id, "kind": follow.subject.kind, "started_at": follow.started_at}
    match follow.subject:
        case Initiative(id=initiative_id):
            view |= {"initiative_id": initiative_id, "title": follow.title}
        case Theme(code=theme):
            view |= {"theme": theme}
        case Radius(latitude=latitude, longitude=longitude, metres=metres):
            view |= {"latitude": latitude, "longitude": longitude, "radius_metres": metres}
    return FollowView(**view)
