"""Series of presence slots over HTTP."""

import re
from datetime import date, time
from typing import Annotated, Any, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, StringConstraints
from pydantic_core import PydanticCustomError
from uuid_utils.compat import uuid7

from dorpsplein.database import Transaction
from dorpsplein.fields import Body, Code, Day, View
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, OnlyOnce, Visitor, answer_once, etag, found, permitted
from presence.api.lists import Limit, after_id, each_once, listed
from presence.commands import series as commands
from presence.domain import recurrence
from presence.domain import series as domain
from presence.permissions import PERMISSIONS
from presence.storage import series as storage

MOST_EXCEPTIONS = 366

router = APIRouter(tags=["presence"])

CLOCK = PlainSerializer(lambda moment: f"{moment:%H:%M}", return_type=str)


def _by_the_clock(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise PydanticCustomError("clock_time", "must be a time by the clock such as 14:00")
    return value


ClockTime = Annotated[time, BeforeValidator(_by_the_clock)]
"""A time by the clock in the Netherlands, such as 14:00."""


class NewSeries(Body):
    """Where the caller will be again and again: from a day on, on the days of a rule (RFC 5545), but for exceptions.

    Where it ends at or before its start, it ends on the next day.
    """

    place_id: UUID
    themes: Annotated[list[Code], Field(max_length=10, default_factory=list), AfterValidator(each_once)]
    rule: Annotated[str, StringConstraints(min_length=1, max_length=recurrence.LONGEST_TEXT)]
    starts_on: Day
    starts_at: ClockTime
    ends_at: ClockTime
    exceptions: Annotated[list[Day], Field(max_length=MOST_EXCEPTIONS, default_factory=list), AfterValidator(each_once)]


class End(Body):
    """The last day on which the caller may be there."""

    last_on: Day


class SeriesView(View):
    """A series; its times are slots of their own."""

    id: UUID
    officer_id: UUID
    place_id: UUID
    themes: list[str]
    rule: str
    starts_on: date
    starts_at: Annotated[time, CLOCK]
    ends_at: Annotated[time, CLOCK]
    exceptions: list[date]
    status: str
    last_on: date | None
    version: int

    @classmethod
    def of(cls, row: asyncpg.Record) -> Self:
        """The view of a series' row."""
        return cls.model_validate(dict(row))


def _answer(series: domain.Series) -> dict[str, Any]:
    names = SeriesView.model_fields.keys() - {"themes", "exceptions"}
    view = SeriesView(
        **{name: getattr(series, name) for name in names},
        themes=list(series.themes),
        exceptions=sorted(series.exceptions),
    )
    return view.model_dump(mode="json")


@router.post("/presence-series", status_code=201, response_model=SeriesView)
async def announce_series(
    caller: Annotated[Caller, permitted(PERMISSIONS["announce_series"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    body: NewSeries,
) -> Response:
    """Announce where you will be again and again: each time is a slot, announced for a year ahead, all or none.

    422 `slots-overlap` names the first dates on which you announced something else.
    """
    series = domain.Series(
        id=uuid7(),
        officer_id=caller.id,
        place_id=body.place_id,
        themes=tuple(body.themes),
        rule=body.rule.upper(),
        starts_on=body.starts_on,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        exceptions=frozenset(body.exceptions),
    )

    async def command(tx: Transaction) -> dict[str, Any]:
        announced = await commands.announce_series(tx, series, now=now)
        return {**_answer(announced), "location": f"/v1/presence-series/{series.id}"}

    return await answer_once(db, request_once, 201, command)


@router.post("/presence-series/{series_id}/end", response_model=SeriesView)
async def end_series(
    caller: Annotated[Caller, permitted(PERMISSIONS["end_series"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    series_id: UUID,
    body: End,
) -> Response:
    """Come no more after a day; what was planned later is cancelled."""

    async def command(tx: Transaction) -> dict[str, Any]:
        return _answer(await commands.end_series(tx, series_id, caller.id, body.last_on, now=now))

    return await answer_once(db, request_once, 200, command)


@router.get("/presence-series/mine")
async def list_own_series(
    request: Request,
    caller: Annotated[Caller, permitted(PERMISSIONS["list_own_series"])],
    db: Db,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """The caller's series, the newest first."""
    after = after_id(cursor)
    async with db.transaction() as tx:
        rows = await storage.of_officer(tx, caller.id, after=after, limit=limit + 1)
    return listed(request, rows, limit, SeriesView.of)


@router.get("/presence-series/{series_id}", response_model=SeriesView)
async def read_series(db: Db, now: Now, visitor: Visitor, series_id: UUID) -> Response:
    """One series. Without times to come only its officer can read it: nobody's past is public."""
    async with db.transaction() as tx:
        row = await storage.one(tx, series_id, now, visitor.id if visitor else None)
    view: SeriesView = SeriesView.of(found(row, "presence-series", series_id))
    return JSONResponse(view.model_dump(mode="json"), headers={"ETag": etag(view.version)})
