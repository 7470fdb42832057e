"""The electorate: who may vote on knobs from now on."""

from typing import Annotated

from fastapi import APIRouter

from dorpsplein.fields import View
from dorpsplein.identity import Caller
from dorpsplein.web import Db, permitted
from funding import storage
from funding.permissions import PERMISSIONS

router = APIRouter()


class ElectorateView(View):
    """How many are enrolled. Who they are is not shown."""

    size: int


@router.get("/electorate")
async def show_electorate(db: Db) -> ElectorateView:
    """How many residents are enrolled to vote on knobs."""
    async with db.transaction() as tx:
        return ElectorateView(size=await storage.knobs.electorate.size(tx))


@router.put("/electorate/me", status_code=204)
async def enrol(caller: Annotated[Caller, permitted(PERMISSIONS["enrol"])], db: Db) -> None:
    """Enrol oneself; whoever is enrolled when a vote opens can vote in it."""
    async with db.transaction() as tx:
        await storage.knobs.electorate.enrol(tx, caller.id)


@router.delete("/electorate/me", status_code=204)
async def leave_electorate(caller: Annotated[Caller, permitted(PERMISSIONS["leave_electorate"])], db: Db) -> None:
    """Take oneself off; votes that are open stay open to who was on their roster."""
    async with db.transaction() as tx:
        await storage.knobs.electorate.leave(tx, caller.id)
