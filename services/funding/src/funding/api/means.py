"""What initiatives need and have: `/initiatives/{id}/means`, `/initiatives/{id}/needs`, `/initiative-supports`."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import Field, StrictBool, StrictInt, StringConstraints

from dorpsplein.database import Transaction
from dorpsplein.fields import Body, Ids, Moment, View
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, OnlyOnce, answer_once, found, permitted
from funding import commands, storage
from funding.domain.ledger import EUR
from funding.domain.means import MOST_NEEDS, Board, Need
from funding.permissions import PERMISSIONS

router = APIRouter(tags=["means"])

Resource = Annotated[str, StringConstraints(pattern=r"^(EUR/2|(TIME|SLOT|MAT)/[a-z0-9]+(-[a-z0-9]+)*)$", max_length=65)]
"""`EUR/2` (cents), `TIME/<skill>` (minutes), `SLOT/<facility>` (minutes) or `MAT/<item>` (items)."""
Part = Annotated[StrictInt, Field(ge=0, le=10**12)]


class NeedBody(Body):
    """What is needed of a resource at least, and wished at most (without: as much as comes), in its own unit."""

    resource: Resource
    minimum: Part
    wished: Annotated[StrictInt, Field(gt=0, le=10**12)] | None = None


class NeedsBody(Body):
    """A needs board. At the `deadline` all goes back where a minimum is missing, unless not `allOrNothing`."""

    needs: Annotated[list[NeedBody], Field(max_length=MOST_NEEDS)]
    all_or_nothing: StrictBool = True
    deadline: Moment | None = None
    top_up_days: Annotated[StrictInt, Field(ge=0, le=90)] = 14


class NeedView(View):
    """A line of the needs board: what is needed, promised and delivered of a resource, in its own unit."""

    resource: str
    minimum: int
    wished: int | None
    promised: int
    matched: int
    missing: int
    delivered: int
    pledges: int


class MeansView(View):
    """What an initiative needs (0: not known), has and misses: euros in cents, and every line of its board."""

    initiative_id: UUID
    status: str
    needed_cents: int
    pledged_cents: int
    matched_cents: int
    reserved_cents: int
    missing_cents: int
    pledges: int
    supports: int
    needs: list[NeedView]
    all_or_nothing: bool
    deadline: datetime | None
    top_up_until: datetime | None
    reached_at: datetime | None
    missed_at: datetime | None


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
        return await _shown(tx, initiative_id)


@router.put("/initiatives/{initiative_id}/needs", response_model=MeansView)
async def set_needs(
    caller: Annotated[Caller, permitted(PERMISSIONS["set_needs"])],
    db: Db,
    once: OnlyOnce,
    now: Now,
    initiative_id: UUID,
    body: NeedsBody,
) -> JSONResponse:
    """Say what an initiative needs; the whole board is replaced. Until its goal is reached or missed."""
    board = Board(
        tuple(
            sorted((Need(one.resource, one.minimum, one.wished) for one in body.needs), key=lambda one: one.resource)
        ),
        body.all_or_nothing,
        body.deadline,
        body.top_up_days,
    )

    async def set_(tx: Transaction) -> dict[str, Any]:
        await commands.means.set_needs(tx, initiative_id, board, caller.id, now)
        return (await _shown(tx, initiative_id)).model_dump(mode="json")

    return await answer_once(db, once, 200, set_)


async def _shown(tx: Transaction, initiative_id: UUID) -> MeansView:
    row = found(await storage.means.means(tx, initiative_id), "initiative", initiative_id)
    needs = _needs(row)
    euros = next((need for need in needs if need.resource == EUR), None)
    return MeansView(
        initiative_id=initiative_id,
        status=row["status"],
        needed_cents=euros.minimum if euros else 0,
        pledged_cents=euros.promised if euros else 0,
        matched_cents=row["matched_cents"] or 0,
        reserved_cents=row["reserved_cents"] or 0,
        missing_cents=euros.missing if euros else 0,
        pledges=sum(need.pledges for need in needs),
        supports=row["supports"],
        needs=needs,
        all_or_nothing=row["all_or_nothing"] is not False,
        deadline=row["deadline"],
        top_up_until=row["top_up_until"],
        reached_at=row["reached_at"],
        missed_at=row["missed_at"],
    )


def _needs(row: Mapping[str, Any]) -> list[NeedView]:
    """All lines of a board, and those that were promised without being on it."""
    promised, delivered = json.loads(row["promised"]), json.loads(row["delivered"])
    board = {resource: (minimum, wished) for resource, minimum, wished in json.loads(row["needs"])}
    lines = {EUR: (row["needed_cents"], None), **board}
    for resource in promised:
        lines.setdefault(resource, (0, None))
    shown = []
    for resource, (minimum, wished) in lines.items():
        quantity, pledges = promised.get(resource, (0, 0))
        matched = (row["matched_cents"] or 0) if resource == EUR else 0
        shown.append(
            NeedView(
                resource=resource,
                minimum=minimum,
                wished=wished,
                promised=quantity,
                matched=matched,
                missing=max(0, minimum - quantity - matched),
                delivered=delivered.get(resource, 0),
                pledges=pledges,
            )
        )
    return shown


@router.get("/initiative-supports")
async def list_supports(db: Db, ids: Annotated[Ids, Query()]) -> SupportsListView:
    """How many support each of these initiatives (ids with commas between), as this service knows it."""
    async with db.transaction() as tx:
        rows = await storage.means.supports(tx, ids)
    return SupportsListView(items=[SupportsView(initiative_id=row["id"], supports=row["supports"]) for row in rows])
