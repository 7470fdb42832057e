"""People over HTTP: the name somebody chose to be called by."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from pydantic import StringConstraints

from dorpsplein.fields import Body, Ids, Line
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, permitted
from initiatives.api import views
from initiatives.permissions import PERMISSIONS
from initiatives.storage import people as storage

router = APIRouter(tags=["people"])


class Profile(Body):
    """How somebody wants to be called; it is public."""

    name: Annotated[Line, StringConstraints(max_length=80)]


@router.put("/me/profile", responses={200: {"model": views.people.Person}})
async def choose_name(
    profile: Profile, caller: Annotated[Caller, permitted(PERMISSIONS["choose_name"])], db: Db, now: Now
) -> Response:
    """Choose or change one's name. It stands in this service alone, and in no event."""
    async with db.transaction() as tx:
        await storage.choose_name(tx, caller.id, profile.name, now=now)
    return JSONResponse({"id": str(caller.id), "name": profile.name})


@router.get("/people", responses={200: {"model": views.people.People}})
async def read_people(ids: Annotated[Ids, Query()], db: Db) -> Response:
    """The names of these people; those who chose none are left out."""
    async with db.transaction() as tx:
        names = await storage.names(tx, ids)
    return JSONResponse({"items": [{"id": str(person), "name": names[person]} for person in ids if person in names]})
