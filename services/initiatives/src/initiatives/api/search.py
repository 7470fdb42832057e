"""Finding initiatives over HTTP: search, counts, and all that is found as open data."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BeforeValidator, Field

from dorpsplein.errors import Invalid
from dorpsplein.exports import RESPONSES, Format, Turns, exported
from dorpsplein.fields import Body, Code, Line, Near, apart, point_of
from dorpsplein.web import MOST_PAGE, Db, from_cursor, linked, to_cursor
from initiatives.api import views
from initiatives.domain.initiative import Spot, Status
from initiatives.storage import exports
from initiatives.storage import search as storage
from initiatives.storage.search import Search, Sort

LARGEST_RADIUS_M = 100_000
TURNS = Turns(2)
"""An export has a connection to the database for as long as its reader takes; the others are for everyone else."""
POSITIONS: Mapping[Sort, type[Any]] = {
    Sort.BEST: float,
    Sort.NEWEST: datetime,
    Sort.ACTIVITY: datetime,
    Sort.SUPPORT: int,
    Sort.NEAREST: float,
}
"""What each list is ordered by."""

router = APIRouter(tags=["search"])


class Filters(Body, extra="ignore"):
    """What to look for. Several statuses or themes, with commas between them, mean any of them."""

    query: Line | None = Field(None, description="Words, as in a search engine.")
    status: Annotated[list[Status], BeforeValidator(apart)] = Field(
        [], max_length=len(Status), description="Without it: all but withdrawn, joined and expired ones."
    )
    theme: Annotated[list[Code], BeforeValidator(apart)] = Field([], max_length=20)
    neighbourhood: Code | None = None
    kind: Literal["initiative", "challenge"] | None = None
    initiator: UUID | None = None
    near: Near | None = Field(None, description="A point, as latitude,longitude.")
    radius: float | None = Field(
        None, gt=0, le=LARGEST_RADIUS_M, description="In metres from `near`; 1,000 where it is not said."
    )

    def search(self) -> Search:
        """What the storage is asked. Raises Invalid("radius-without-near")."""
        if self.radius is not None and self.near is None:
            raise Invalid("radius-without-near", "A radius needs a point: send near=latitude,longitude too.")
        point = point_of(self.near) if self.near else None
        return Search(
            words=self.query,
            status=tuple(self.status),
            theme=tuple(self.theme),
            neighbourhood=self.neighbourhood,
            kind=self.kind,
            initiator=self.initiator,
            near=Spot(point.latitude, point.longitude) if point else None,
            radius_m=self.radius or storage.NEAR_RADIUS_M,
        )


class Question(Filters):
    """What to look for and in which order. `best` needs `query`, `nearest` needs `near`."""

    sort: Sort | None = Field(None, description="Without it: `best` where there is a query, `newest` otherwise.")
    cursor: str | None = Field(None, max_length=300)
    limit: int = Field(20, ge=1, le=MOST_PAGE)

    def order(self) -> Sort:
        """What comes first. Raises Invalid("sort-without-query" or "sort-without-near")."""
        if self.sort is Sort.BEST and self.query is None:
            raise Invalid("sort-without-query", "Only matches of words are better or less good: send query too.")
        if self.sort is Sort.NEAREST and self.near is None:
            raise Invalid("sort-without-near", "To sort by distance, send near=latitude,longitude too.")
        return self.sort or (Sort.BEST if self.query else Sort.NEWEST)

    def after(self) -> storage.After | None:
        """Where the list goes on. Raises Invalid("cursor-not-valid"), also for a cursor of another order."""
        if not self.cursor:
            return None
        order = self.order()
        sort, position, last = from_cursor(self.cursor, str, POSITIONS[order], UUID)
        if sort != order:
            raise Invalid("cursor-not-valid", "Use the cursor of a Link header as it is: with the same sort.")
        return position, last


@router.get("/initiatives", responses={200: {"model": views.initiatives.InitiativeList}})
async def find(request: Request, db: Db, question: Annotated[Question, Query()]) -> Response:
    """Find initiatives. A list goes on after what its last row was ordered by, so nothing is passed by or shown twice.

    Only what moves in the order in the meantime, by news or by support, may be where you have been already.
    """
    order, limit = question.order(), question.limit
    async with db.connection() as connection:
        rows = await storage.found(connection, question.search(), order, question.after(), limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    following = to_cursor(order, last["position"], last["id"]) if last else None
    documents = ",".join(row["document"] for row in rows[:limit])
    return linked(request, f'{{"items":[{documents}],"next":{json.dumps(following)}}}', following)


@router.get("/initiatives/facets", responses={200: {"model": views.search.Facets}})
async def count_facets(db: Db, filters: Annotated[Filters, Query()]) -> Response:
    """How many initiatives the same filters find, by status, theme and kind."""
    async with db.connection() as connection:
        return JSONResponse(await storage.facets(connection, filters.search()))


def _described() -> str:
    """The columns of the export, for the description of the API."""
    return "; ".join(f"`{column}` {what}" for column, what in exports.COLUMNS.items()) + "."


class Wanted(Filters):
    """What to export, and how it is written."""

    format: Format = "csv"


@router.get(
    "/initiatives/export",
    response_model=None,
    description="Open data: all that the same filters find, as of the moment of asking. It names no person.\n\n"
    + _described(),
    responses=RESPONSES,
)
async def export_initiatives(request: Request, db: Db, wanted: Annotated[Wanted, Query()]) -> Response:
    """Stream initiatives. Raises Transient while others are being read."""
    export, arguments = exports.initiatives(wanted.search())
    return await exported(request, db, TURNS, export, wanted.format, name="initiatives", arguments=arguments)
