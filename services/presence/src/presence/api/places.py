"""Places over HTTP."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field
from uuid_utils.compat import uuid7

from dorpsplein.database import Database, Transaction
from dorpsplein.exports import Streamed, Turns, batches
from dorpsplein.fields import Body, Code, Near, Point, point_of
from dorpsplein.identity import Caller
from dorpsplein.web import Db, IfMatch, OnlyOnce, answer_once, etag, found, permitted
from presence.api.lists import Limit, after_id, listed
from presence.api.place_views import PlaceView, feature
from presence.api.settings import Configured
from presence.commands import places as commands
from presence.commands.place_fields import PlaceFields
from presence.domain.places import ClosingReason, PlaceKind
from presence.permissions import PERMISSIONS
from presence.storage import places as storage

MOST_MAPS = 2
"""How many whole maps are read at the same time in a process."""
GEOJSON = "application/geo+json"

router = APIRouter(tags=["places"])
turns = Turns(MOST_MAPS)

RadiusM = Annotated[int, Query(ge=1, le=50_000, description="How far from `near`, in metres.")]
NearPoint = Annotated[Near | None, Query(description="A point as `latitude,longitude`.")]


class PlaceBody(PlaceFields):
    """A place where civil servants can be found. What is left out is not known."""

    point: Point


class Closing(Body):
    """A place closes."""

    reason: ClosingReason = Field(description="Why, as one of these codes.")


@router.post("/places", status_code=201, response_model=PlaceView)
async def add_place(
    _: Annotated[Caller, permitted(PERMISSIONS["add_place"])],
    db: Db,
    settings: Configured,
    request_once: OnlyOnce,
    body: PlaceBody,
) -> Response:
    """Add a place. 409 where one of this name and address is there already."""
    place = body.place(uuid7(), body.point.latitude, body.point.longitude)

    async def command(tx: Transaction) -> dict[str, Any]:
        added = await commands.add_place(tx, place, settings.area)
        return {**PlaceView.of(added).model_dump(mode="json"), "location": f"/v1/places/{added.id}"}

    return await answer_once(db, request_once, 201, command)


@router.put("/places/{place_id}", response_model=PlaceView)
async def change_place(
    _: Annotated[Caller, permitted(PERMISSIONS["change_place"])],
    db: Db,
    settings: Configured,
    version: IfMatch,
    place_id: UUID,
    body: PlaceBody,
) -> Response:
    """Tell anew all there is to tell of a place; what is left out is not known any more."""
    told = body.place(place_id, body.point.latitude, body.point.longitude)
    async with db.transaction() as tx:
        view = PlaceView.of(await commands.change_place(tx, told, version, settings.area))
    return JSONResponse(view.model_dump(mode="json"), headers={"ETag": etag(view.version)})


@router.post("/places/{place_id}/closing", response_model=PlaceView)
async def close_place(
    _: Annotated[Caller, permitted(PERMISSIONS["close_place"])],
    db: Db,
    request_once: OnlyOnce,
    place_id: UUID,
    body: Closing,
) -> Response:
    """Close a place, with all that it offers. What was announced there stands until it is moved or cancelled."""

    async def command(tx: Transaction) -> dict[str, Any]:
        return PlaceView.of(await commands.close_place(tx, place_id, body.reason)).model_dump(mode="json")

    return await answer_once(db, request_once, 200, command)


@router.get("/places")
async def list_places(
    request: Request,
    db: Db,
    near: NearPoint = None,
    radius: RadiusM = 5_000,
    kind: PlaceKind | None = None,
    neighbourhood: Code | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """Open places by name, or within `radius` metres of `near` with the nearest first."""
    chosen: dict[str, Any] = {"kind": kind, "neighbourhood": neighbourhood, "after": after_id(cursor)}
    async with db.transaction() as tx:
        if near is None:
            rows = await storage.by_name(tx, **chosen, limit=limit + 1)
        else:
            rows = await storage.near(tx, _point(near), radius, **chosen, limit=limit + 1)
    return listed(request, rows, limit, PlaceView.of_row)


@router.get("/places/geojson", responses={200: {"content": {GEOJSON: {}}}}, response_class=Streamed)
async def map_places(
    db: Db,
    near: NearPoint = None,
    radius: RadiusM = 5_000,
    kind: PlaceKind | None = None,
    neighbourhood: Code | None = None,
) -> Response:
    """All open places, or those that are chosen, as one GeoJSON FeatureCollection (RFC 7946: longitude first).

    They are those of one moment. It is written while it is read, so it may be of any size; 503 while too many are.
    """
    pieces = _collection(db, None if near is None else _point(near), radius, kind, neighbourhood)
    return Streamed(await anext(pieces), pieces, GEOJSON)


@router.get("/places/{place_id}", response_model=PlaceView)
async def read_place(db: Db, place_id: UUID) -> Response:
    """One place, also when it is closed."""
    async with db.transaction() as tx:
        place = storage.place_of(found(await storage.one(tx, place_id), "place", place_id))
    return JSONResponse(PlaceView.of(place).model_dump(mode="json"), headers={"ETag": etag(place.version)})


def _point(near: str) -> tuple[float, float]:
    point = point_of(near)
    return point.latitude, point.longitude


async def _collection(
    db: Database, point: tuple[float, float] | None, radius: int, kind: str | None, neighbourhood: str | None
) -> AsyncGenerator[bytes, None]:
    """A FeatureCollection in pieces; the first comes once the first rows were read."""
    export = storage.ALL if point is None else storage.ALL_NEAR
    where = () if point is None else (*point, float(radius))
    before = b'{"type":"FeatureCollection","features":[\n'
    with turns.one():
        async with aclosing(batches(db, export, (kind, neighbourhood, *where))) as read:
            async for rows in read:
                yield before + b",\n".join(map(feature, rows))
                before = b",\n"
    yield b"]}" if before == b",\n" else before + b"]}"
