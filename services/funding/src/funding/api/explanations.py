"""Explain my euro: `/pledges/{id}/explanation`."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter

from dorpsplein.fields import View
from dorpsplein.web import Db, found
from funding import storage
from funding.domain.explaining import Part, explain

router = APIRouter(tags=["pledges"])


class StepView(View):
    """One thing that happened, in plain Dutch and English; without a time it says more of the step before."""

    code: str
    at: datetime | None
    nl: str
    en: str


class ExplanationView(View):
    """What happened to a pledge, from promise to match to delivery, and where its proof is."""

    pledge_id: UUID
    status: str
    steps: list[StepView]
    rule_version: str | None
    input_digest: str | None
    receipt: str


@router.get("/pledges/{pledge_id}/explanation")
async def explain_pledge(db: Db, pledge_id: UUID) -> ExplanationView:
    """Explain what happened to a pledge and why, step by step."""
    async with db.transaction() as tx:
        pledges = await storage.pledges.pledges_of(tx, [pledge_id])
        pledge = found(pledges[0] if pledges else None, "pledge", pledge_id)
        lines = await storage.explaining.cofinanciers(tx, pledge.round)
        moved = await storage.explaining.moved(tx, pledge_id)
        parts = [Part(row["quantity"], row["at"]) for row in await storage.pledges.deliveries(tx, pledge_id)]
    return ExplanationView(
        pledge_id=pledge_id,
        status=pledge.status,
        steps=[
            StepView(code=step.code, at=step.at, nl=step.nl, en=step.en)
            for step in explain(pledge, lines, moved, parts)
        ],
        rule_version=pledge.match.rule_version if pledge.match else None,
        input_digest=pledge.match.input_digest if pledge.match else None,
        receipt=f"/v1/pledges/{pledge_id}/receipt",
    )
