"""Support over HTTP: the busiest path of the service, so nothing stands on it that is not needed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from pydantic_core import to_json

from dorpsplein.fields import Ids
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, permitted
from initiatives.api import views
from initiatives.commands.supports import ChangeSupport, change_supports
from initiatives.domain.support import Support
from initiatives.permissions import PERMISSIONS
from initiatives.storage import supports as storage

router = APIRouter(tags=["supports"])


@router.put("/initiatives/{initiative_id}/support", responses={200: {"model": views.supports.Receipt}})
async def give_support(
    initiative_id: UUID, caller: Annotated[Caller, permitted(PERMISSIONS["give_support"])], db: Db, now: Now
) -> Response:
    """Support an initiative; doing it again changes nothing and answers the same."""
    answer = await db.grouped(change_supports, ChangeSupport(initiative_id, caller.id, gives=True, now=now))
    return _receipt(answer.support)


@router.delete("/initiatives/{initiative_id}/support", responses={200: {"model": views.supports.Receipt}})
async def take_support_back(
    initiative_id: UUID, caller: Annotated[Caller, permitted(PERMISSIONS["take_support_back"])], db: Db, now: Now
) -> Response:
    """Take support back; doing it again changes nothing and answers the same."""
    answer = await db.grouped(change_supports, ChangeSupport(initiative_id, caller.id, gives=False, now=now))
    return _receipt(answer.support)


@router.get("/initiative-supports", responses={200: {"model": views.supports.SupportCounts}})
async def count_supports(ids: Annotated[Ids, Query()], db: Db) -> Response:
    """How many support each of these initiatives, by this service's own projection; unknown ones have 0."""
    async with db.transaction() as tx:
        counts = await storage.counts(tx, ids)
    items = [{"initiativeId": str(asked), "supports": counts.get(asked, 0)} for asked in ids]
    return JSONResponse({"items": items})


def _receipt(support: Support) -> Response:
    receipt = {
        "supportId": support.id,
        "initiativeId": support.initiative_id,
        "given": support.given,
        "sequence": support.sequence,
        "at": support.at,
    }
    return Response(to_json(receipt), media_type="application/json")
