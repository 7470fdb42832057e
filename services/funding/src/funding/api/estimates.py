"""What a round that is counted at its close would give now, and gives at least: `/rounds/{id}/estimate`."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter

from dorpsplein.fields import View
from dorpsplein.web import Db, Now
from funding import commands

router = APIRouter(tags=["rounds"])


class EstimateLineView(View):
    """What an initiative would get if the round closed now, and what it gets at least: that never falls."""

    initiative_id: UUID
    floor_cents: int
    estimate_cents: int


class EstimateView(View):
    """An estimate of a running round; `at` is null where the round closed before one was made."""

    round_id: UUID
    rule: str
    rule_version: str
    at: datetime | None
    age_seconds: float | None
    items: list[EstimateLineView]


@router.get("/rounds/{round_id}/estimate")
async def show_estimate(db: Db, now: Now, round_id: UUID) -> EstimateView:
    """What each initiative of a round would get now, at most a minute old while the round is open."""
    async with db.transaction() as tx:
        round_, estimate, floors = await commands.estimates.estimate(tx, round_id, now)
    amounts = dict(estimate.lines) if estimate else {}
    return EstimateView(
        round_id=round_id,
        rule=round_.terms.rule.name,
        rule_version=round_.terms.rule_version,
        at=estimate.at if estimate else None,
        age_seconds=max(0.0, (now - estimate.at).total_seconds()) if estimate else None,
        items=[
            EstimateLineView(
                initiative_id=UUID(one), floor_cents=floors.get(one, 0), estimate_cents=amounts.get(one, 0)
            )
            for one in sorted(floors.keys() | amounts.keys())
        ],
    )
