"""Places over HTTP."""

from dataclasses import asdict
from typing import Annotated, Any, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from uuid_utils.compat import uuid7

from dorpsplein.database import Transaction
from dorpsplein.fields import Body, Line, Near, Point, View, point_of
from dorpsplein.identity import Caller
from dorpsplein.web import Db, OnlyOnce, answer_once, etag, found, permitted
from presence.api.lists import Limit, after_id, listed
from presence.commands import places as commands
from presence.domain.places import Place, PlaceKind
from presence.permissions import PERMISSIONS
from presence.storage import places as storage

router = APIRouter(tags=["places"])

RadiusM = Annotated[int, Query(ge=1, le=50_000, description="How far from `near`, in metres.")]
NearPoint = Annotated[Near | None, Query(description="A point as `latitude,longitude`.")]


class NewPlace(Body):
    """A place where civil servants can be found."""

    name: Line
    address: Line
    kind: PlaceKind
    point: Point


class PlaceView(View):
    """A place; `distanceMeters` is there when asked for places near a point."""

    id: UUID
    name: str
    address: str
    kind: str
    point: Point
    version: int
    distance_meters: int | None = None

    @classmethod
    def of(cls, row: asyncpg.Record | dict[str, Any]) -> Self:
        """The view of a place's row."""
        distance = row.get("distance")
        return cls(
            id=row["id"],
            name=row["name"],
            address=row["address"],
            kind=row["kind"],
            point=Point(latitude=row["latitude"], longitude=row["longitude"]),
            version=row["version"],
            distance_meters=None if distance is None else round(distance),
        )


@router.post("/places", status_code=201, response_model=PlaceView)
async def add_place(
    _: Annotated[Caller, permitted(PERMISSIONS["add_place"])], db: Db, request_once: OnlyOnce, body: NewPlace
) -> Response:
    """Add a place. 409 where one of this name and address is there already."""
    place = Place(uuid7(), body.name, body.address, body.kind, body.point.latitude, body.point.longitude)

    async def command(tx: Transaction) -> dict[str, Any]:
        added = await commands.add_place(tx, place)
        view = PlaceView.of(asdict(added))
        return {**view.model_dump(mode="json"), "location": f"/v1/places/{added.id}"}

    return await answer_once(db, request_once, 201, command)


@router.get("/places")
async def list_places(
    request: Request,
    db: Db,
    near: NearPoint = None,
    radius: RadiusM = 5_000,
    kind: PlaceKind | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """Places by name, or within `radius` metres of `near` with the nearest first."""
    after = after_id(cursor)
    async with db.transaction() as tx:
        if near is None:
            rows = await storage.by_name(tx, kind=kind, after=after, limit=limit + 1)
        else:
            point = point_of(near)
            around = (point.latitude, point.longitude)
            rows = await storage.near(tx, around, radius, kind=kind, after=after, limit=limit + 1)
    return listed(request, rows, limit, PlaceView.of)


@router.get("/places/{place_id}", response_model=PlaceView)
async def read_place(db: Db, place_id: UUID) -> Response:
    """One place."""
    async with db.transaction() as tx:
        view = PlaceView.of(found(await storage.one(tx, place_id), "place", place_id))
    return JSONResponse(view.model_dump(mode="json"), headers={"ETag": etag(view.version)})
