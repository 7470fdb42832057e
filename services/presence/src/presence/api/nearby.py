"""Who is near, over HTTP: here now, and in the week to come."""

from datetime import datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from dorpsplein.errors import Invalid
from dorpsplein.fields import Code, Line, Moment, Point, View, point_of
from dorpsplein.web import Db, Now
from presence.api.lists import Limit, after_id, listed
from presence.api.places import NearPoint, RadiusM
from presence.domain.places import PlaceKind
from presence.storage import nearby as storage

router = APIRouter(tags=["presence"])

A_WEEK = timedelta(days=7)
LONGEST_WINDOW = timedelta(days=92)
FROM_NOW = Query(alias="from", description="From when on; now where that is later, or nothing is said.")
UNTIL = Query(description="Until when; a week after `from` where nothing is said, at most 92 days after it.")


class PlaceHere(View):
    """The place where someone is."""

    id: UUID
    name: str
    address: str
    kind: str
    point: Point


class HereView(View):
    """Someone who is at a place (`arrived`) or should be (`planned`): place and window, nothing finer."""

    slot_id: UUID
    officer_id: UUID
    starts_at: datetime
    ends_at: datetime
    themes: list[str]
    status: str
    place: PlaceHere
    distance_meters: int | None = None

    @classmethod
    def of(cls, row: asyncpg.Record) -> Self:
        """The view of a slot's row with its place."""
        point = Point(latitude=row["latitude"], longitude=row["longitude"])
        place = PlaceHere(id=row["place_id"], name=row["name"], address=row["address"], kind=row["kind"], point=point)
        return cls(
            slot_id=row["id"],
            officer_id=row["officer_id"],
            starts_at=row["starts_at"],
            ends_at=row["ends_at"],
            themes=row["themes"],
            status=row["status"],
            place=place,
            distance_meters=None if row["distance"] is None else round(row["distance"]),
        )


@router.get("/presence-slots")
async def list_nearby(
    request: Request,
    db: Db,
    now: Now,
    near: NearPoint = None,
    radius: RadiusM = 5_000,
    since: Annotated[Moment | None, FROM_NOW] = None,
    until: Annotated[Moment | None, UNTIL] = None,
    theme: Code | None = None,
    neighbourhood: Line | None = None,
    kind: PlaceKind | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """Who comes when, and who is there until their time is over; in order of time. Nothing of what is over."""
    after = after_id(cursor)
    begins = max(since or now, now)
    ends = _until(begins, until)
    search = storage.Search(begins, ends, _spot(near), radius, theme, neighbourhood, kind)
    async with db.transaction() as tx:
        rows = await storage.coming(tx, search, after=after, limit=limit + 1)
    return listed(request, rows, limit, HereView.of)


def _until(begins: datetime, until: datetime | None) -> datetime:
    """The end of a window. Raises Invalid("window-not-valid")."""
    try:
        ends = until or begins + A_WEEK
        if begins < ends <= begins + LONGEST_WINDOW:
            return ends
    except OverflowError:
        pass
    raise Invalid("window-not-valid", "until must be after now and after from, by at most 92 days.")


def _spot(near: str | None) -> storage.Spot | None:
    point = point_of(near) if near else None
    return (point.latitude, point.longitude) if point else None


@router.get("/here-now")
async def here_now(
    request: Request,
    db: Db,
    now: Now,
    near: NearPoint = None,
    radius: RadiusM = 5_000,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """Who has arrived and not left, and who is planned now: place and window only."""
    after = after_id(cursor)
    async with db.transaction() as tx:
        rows = await storage.here_now(tx, now, _spot(near), radius, after=after, limit=limit + 1)
    return listed(request, rows, limit, HereView.of)
