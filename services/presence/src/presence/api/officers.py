"""What officers say of themselves, over HTTP. Their names are with their profiles in initiatives."""

from typing import Annotated, Any, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import AfterValidator, Field, StrictBool, StrictInt

from dorpsplein.fields import Body, Code, Line, View
from dorpsplein.identity import Caller, Role
from dorpsplein.web import Db, etag, found, permitted
from presence.api.lists import Limit, after_id, each_once, listed
from presence.commands import officers as commands
from presence.domain.officers import MOST_HOURS, Officer
from presence.permissions import PERMISSIONS
from presence.storage import officers as storage

router = APIRouter(tags=["officers"])


class ProfileBody(Body):
    """What an officer says of themself. `hoursAWeek` are those for presence and sessions; arrangers see them.

    Without `suggestions` nobody is told that a request suits them, and neither are they.
    """

    function: Line
    themes: Annotated[list[Code], Field(max_length=20), AfterValidator(each_once)]
    base_place_id: UUID
    hours_a_week: Annotated[StrictInt, Field(ge=1, le=MOST_HOURS)]
    suggestions: StrictBool


class Base(View):
    """Where an officer works from."""

    id: UUID
    name: str
    address: str


class OfficerView(View):
    """An officer as anyone sees them."""

    id: UUID
    function: str
    themes: list[str]
    base_place: Base

    @classmethod
    def of(cls, row: asyncpg.Record, **more: Any) -> Self:
        """The view of an officer's row with their base."""
        place = Base(id=row["base_place_id"], name=row["place_name"], address=row["place_address"])
        return cls(id=row["person_id"], function=row["function"], themes=row["themes"], base_place=place, **more)


class OwnProfileView(OfficerView):
    """An officer as they see themself."""

    hours_a_week: int
    suggestions: bool
    version: int

    @classmethod
    def of_own(cls, row: asyncpg.Record) -> Self:
        """The view of one's own row."""
        return cls.of(row, hours_a_week=row["hours_a_week"], suggestions=row["suggestions"], version=row["version"])


@router.put("/me/officer-profile", response_model=OwnProfileView)
async def keep_officer_profile(
    caller: Annotated[Caller, permitted(PERMISSIONS["keep_officer_profile"])], db: Db, body: ProfileBody
) -> Response:
    """Say what you do, for which themes, from where; in place of what you said before."""
    officer = Officer(
        person_id=caller.id,
        function=body.function,
        themes=tuple(body.themes),
        base_place_id=body.base_place_id,
        hours_a_week=body.hours_a_week,
        suggestions=body.suggestions,
        arranges=Role.ARRANGER in caller.roles,
    )
    async with db.transaction() as tx:
        await commands.keep_profile(tx, officer)
        row = await storage.one(tx, caller.id)
    return _own(row, caller)


@router.get("/me/officer-profile", response_model=OwnProfileView)
async def read_officer_profile(
    caller: Annotated[Caller, permitted(PERMISSIONS["read_officer_profile"])], db: Db
) -> Response:
    """What you say of yourself."""
    async with db.transaction() as tx:
        row = await storage.one(tx, caller.id)
    return _own(row, caller)


@router.delete("/me/officer-profile", status_code=204)
async def remove_officer_profile(
    caller: Annotated[Caller, permitted(PERMISSIONS["remove_officer_profile"])], db: Db
) -> Response:
    """Take away what you said of yourself; doing it again changes nothing."""
    async with db.transaction() as tx:
        await commands.remove_profile(tx, caller.id)
    return Response(status_code=204)


@router.get("/officers")
async def list_officers(
    request: Request, db: Db, theme: Code | None = None, cursor: str | None = None, limit: Limit = 50
) -> Response:
    """Officers who say something of themselves, of one theme or all."""
    after = after_id(cursor)
    async with db.transaction() as tx:
        rows = await storage.in_order(tx, theme=theme, after=after, limit=limit + 1)
    return listed(request, rows, limit, OfficerView.of)


@router.get("/officers/{officer_id}", response_model=OfficerView)
async def read_officer(db: Db, officer_id: UUID) -> Response:
    """One officer."""
    async with db.transaction() as tx:
        view = OfficerView.of(found(await storage.one(tx, officer_id), "officer", officer_id))
    return JSONResponse(view.model_dump(mode="json"))


def _own(row: asyncpg.Record | None, caller: Caller) -> Response:
    view = OwnProfileView.of_own(found(row, "officer-profile", caller.id))
    return JSONResponse(view.model_dump(mode="json"), headers={"ETag": etag(view.version)})
