"""Facilities over HTTP: what places offer, and when it is booked."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field, StrictInt, StringConstraints
from uuid_utils.compat import uuid7

from dorpsplein.database import Transaction
from dorpsplein.errors import Invalid
from dorpsplein.fields import Body, Code, Line, Moment, Point, Prose, View, point_of
from dorpsplein.identity import Caller
from dorpsplein.web import Db, IfMatch, Now, OnlyOnce, answer_once, etag, found, permitted
from presence.api.lists import Limit, after_id, listed
from presence.api.places import NearPoint, RadiusM
from presence.commands import facilities as commands
from presence.domain.facilities import Facility, FacilityKind, FacilityStatus, WithdrawalReason
from presence.permissions import PERMISSIONS
from presence.storage import facilities as storage
from presence.storage import places as stored_places

SHOWN_AHEAD = timedelta(days=92)
FURTHEST = timedelta(days=366)

router = APIRouter(tags=["facilities"])


class FacilityWords(Body):
    """What a facility is like."""

    name: Line
    description: Annotated[Prose, StringConstraints(max_length=2_000)] | None = None
    capacity: Annotated[StrictInt, Field(gt=0, le=1_000_000)] | None = None


class NewFacility(FacilityWords):
    """A room or a tool that can be promised as means, under a code that means it alone for ever."""

    code: Code
    kind: FacilityKind


class Withdrawal(Body):
    """A facility is offered no more."""

    reason: WithdrawalReason = Field(description="Why, as one of these codes.")


class FacilityView(View):
    """A facility. What is promised of it is promised to the funding service, as minutes of `resource`."""

    id: UUID
    place_id: UUID
    code: str
    resource: str
    kind: FacilityKind
    name: str
    description: str | None
    capacity: int | None
    status: FacilityStatus
    withdrawn_reason: WithdrawalReason | None
    version: int

    @classmethod
    def of(cls, facility: Facility, **more: Any) -> Self:
        """The view of a facility."""
        columns = {name: getattr(facility, name) for name in FacilityView.model_fields if name != "resource"}
        return cls(**columns, resource=f"SLOT/{facility.code}", **more)

    @classmethod
    def of_row(cls, row: asyncpg.Record) -> Self:
        """The view of a facility's row."""
        return cls.of(storage.facility_of(row))


class FacilityPlace(View):
    """Where a facility is."""

    id: UUID
    name: str
    address: str
    point: Point


class PlacedFacilityView(FacilityView):
    """A facility with its place; `distanceMeters` is there when asked for those near a point."""

    place: FacilityPlace
    distance_meters: int | None

    @classmethod
    def of_row(cls, row: asyncpg.Record) -> Self:
        """The view of a facility's row with its place."""
        point = Point(latitude=row["latitude"], longitude=row["longitude"])
        place = FacilityPlace(id=row["place_id"], name=row["place_name"], address=row["place_address"], point=point)
        distance = None if row["distance"] is None else round(row["distance"])
        return cls.of(storage.facility_of(row), place=place, distance_meters=distance)


class BookingView(View):
    """A window in which a facility is promised: `held` until its initiative has what it needs, then `committed`."""

    from_: datetime = Field(alias="from")
    until: datetime
    status: str
    initiative_id: UUID
    initiative_title: str | None

    @classmethod
    def of_row(cls, row: asyncpg.Record) -> Self:
        """The view of a booking's row."""
        window = {"from": row["starts_at"], "until": row["ends_at"]}
        about = {"initiativeId": row["initiative_id"], "initiativeTitle": row["title"]}
        return cls.model_validate({**window, **about, "status": row["status"]})


@router.post("/places/{place_id}/facilities", status_code=201, response_model=FacilityView)
async def offer_facility(
    _: Annotated[Caller, permitted(PERMISSIONS["offer_facility"])],
    db: Db,
    request_once: OnlyOnce,
    place_id: UUID,
    body: NewFacility,
) -> Response:
    """Offer a room or a tool of a place. 409 where its code means another facility, also one that was withdrawn."""
    facility = Facility(uuid7(), place_id, body.code, body.kind, body.name, body.description, body.capacity)

    async def command(tx: Transaction) -> dict[str, Any]:
        view = FacilityView.of(await commands.offer_facility(tx, facility))
        return {**view.model_dump(mode="json"), "location": f"/v1/facilities/{view.id}"}

    return await answer_once(db, request_once, 201, command)


@router.put("/facilities/{facility_id}", response_model=FacilityView)
async def change_facility(
    _: Annotated[Caller, permitted(PERMISSIONS["change_facility"])],
    db: Db,
    version: IfMatch,
    facility_id: UUID,
    body: FacilityWords,
) -> Response:
    """Tell anew what a facility is like; its kind and its code stay."""
    async with db.transaction() as tx:
        changed = await commands.change_facility(
            tx, facility_id, version, name=body.name, description=body.description, capacity=body.capacity
        )
    view = FacilityView.of(changed)
    return JSONResponse(view.model_dump(mode="json"), headers={"ETag": etag(view.version)})


@router.post("/facilities/{facility_id}/withdrawal", response_model=FacilityView)
async def withdraw_facility(
    _: Annotated[Caller, permitted(PERMISSIONS["withdraw_facility"])],
    db: Db,
    request_once: OnlyOnce,
    facility_id: UUID,
    body: Withdrawal,
) -> Response:
    """Offer a facility no more: it can be promised no more. What was promised of it stands."""

    async def command(tx: Transaction) -> dict[str, Any]:
        withdrawn = await commands.withdraw_facility(tx, facility_id, body.reason)
        return FacilityView.of(withdrawn).model_dump(mode="json")

    return await answer_once(db, request_once, 200, command)


@router.get("/facilities")
async def list_facilities(
    request: Request,
    db: Db,
    near: NearPoint = None,
    radius: RadiusM = 5_000,
    kind: FacilityKind | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """What is offered, by code, or within `radius` metres of `near` with the nearest first."""
    point = None if near is None else point_of(near)
    where = None if point is None else (point.latitude, point.longitude)
    async with db.transaction() as tx:
        rows = await storage.offered(tx, where, radius, kind=kind, after=after_id(cursor), limit=limit + 1)
    return listed(request, rows, limit, PlacedFacilityView.of_row)


@router.get("/places/{place_id}/facilities")
async def list_facilities_of_place(
    request: Request, db: Db, place_id: UUID, cursor: str | None = None, limit: Limit = 50
) -> Response:
    """What a place offers, by code."""
    async with db.transaction() as tx:
        found(await stored_places.one(tx, place_id), "place", place_id)
        rows = await storage.of_place(tx, place_id, after=after_id(cursor), limit=limit + 1)
    return listed(request, rows, limit, FacilityView.of_row)


@router.get("/facilities/{facility_id}", response_model=FacilityView)
async def read_facility(db: Db, facility_id: UUID) -> Response:
    """One facility, also when it was withdrawn."""
    async with db.transaction() as tx:
        view = FacilityView.of(found(await storage.one(tx, facility_id), "facility", facility_id))
    return JSONResponse(view.model_dump(mode="json"), headers={"ETag": etag(view.version)})


@router.get("/facilities/{facility_id}/calendar")
async def read_facility_calendar(
    request: Request,
    db: Db,
    now: Now,
    facility_id: UUID,
    since: Annotated[Moment | None, Query(alias="from", description="From when; now, where it is left out.")] = None,
    until: Annotated[Moment | None, Query(description="Until when; 92 days on, at most 366.")] = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """When a facility is booked, and for which initiatives, in order of time. By whom is not told."""
    begins = since or now
    ends = until or begins + SHOWN_AHEAD
    if not begins < ends <= begins + FURTHEST:
        raise Invalid("window-not-valid", "until must be after from, by at most 366 days.")
    async with db.transaction() as tx:
        facility: Facility = found(await storage.one(tx, facility_id), "facility", facility_id)
        rows = await storage.booked(tx, facility.code, begins, ends, after=after_id(cursor), limit=limit + 1)
    return listed(request, rows, limit, BookingView.of_row)
