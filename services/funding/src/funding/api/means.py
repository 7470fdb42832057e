"""What initiatives have: `/initiatives/{id}/means` and `/initiative-supports`."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from dorpsplein.fields import Ids, View
from dorpsplein.web import Db, found
from funding import storage

router = APIRouter(tags=["means"])


class MeansView(View):
    """What an initiative needs (0: not known), has and misses, in cents."""

    initiative_id: UUID
    status: str
    needed_cents: int
    pledged_cents: int
    matched_cents: int
    missing_cents: int
    pledges: int
    supports: int
    reached_at: datetime | None


class SupportsView(View):
    """How many support an initiative."""

    initiative_id: UUID
    supports: int


class SupportsListView(View):
    """A count for each initiative that was asked for."""

    items: list[SupportsView]


@router.get("/initiatives/{initiative_id}/means")
async def show_means(db: Db, initiative_id: UUID) -> MeansView:
    """What an initiative needs, has and misses."""
    async with db.transaction() as tx:
        row = found(await storage.means.means(tx, initiative_id), "initiative", initiative_id)
    return MeansView(**row)


@router.get("/initiative-supports")
async def list_supports(db: Db, ids: Annotated[Ids, Query()]) -> SupportsListView:
    """How many support each of these initiatives (ids with commas between), as this service knows it."""
    async with db.transaction() as tx:
        rows = await storage.means.supports(tx, ids)
    return SupportsListView(items=[SupportsView(initiative_id=row["id"], supports=row["supports"]) for row in rows])
