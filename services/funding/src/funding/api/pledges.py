"""Pledges: `/pledges`."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from uuid_utils.compat import uuid7

from dorpsplein.errors import Conflict
from dorpsplein.fields import Body, View
from dorpsplein.idempotency import Once
from dorpsplein.identity import Caller, pseudonym
from dorpsplein.web import Db, Now, OnlyOnce, found, permitted
from funding import commands, storage
from funding.api.fields import Amount, answer_made
from funding.commands.pledges import Pledging, Withdrawing
from funding.domain.pledges import MakePledge, Pledge
from funding.permissions import PERMISSIONS

router = APIRouter(tags=["pledges"])


class PledgeBody(Body):
    """A promise of euros to an initiative, within an open round to have it matched.

    An `id` of one's own, or an `Idempotency-Key`, makes repeating safe.
    """

    id: UUID | None = None
    initiative_id: UUID
    round_id: UUID | None = None
    amount_cents: Amount


class PotLineShareView(View):
    """What one pot line gave."""

    pot_line_id: UUID
    amount_cents: int


class MatchView(View):
    """What followed a pledge, by which version of the rule, and why. Nothing may follow; then it says why not."""

    amount_cents: int
    matched_by: list[PotLineShareView]
    explanation: list[str]
    rule_version: str
    input_digest: str


class PledgeView(View):
    """A pledge. `status` is `held`, `committed` once the initiative has what it needs, or `withdrawn`."""

    id: UUID
    initiative_id: UUID
    round_id: UUID | None
    pledger_id: UUID
    amount_cents: int
    match_cents: int
    made_at: datetime
    status: str
    match: MatchView | None
    location: str


def shown(pledge: Pledge) -> PledgeView:
    """A pledge as it is shown."""
    return PledgeView(
        id=pledge.id,
        initiative_id=pledge.initiative,
        round_id=pledge.round,
        pledger_id=pledge.pledger,
        amount_cents=pledge.cents,
        match_cents=pledge.matched,
        made_at=pledge.made_at,
        status=pledge.status,
        match=_match(pledge),
        location=f"/v1/pledges/{pledge.id}",
    )


def _match(pledge: Pledge) -> MatchView | None:
    if pledge.match is None:
        return None
    allocation = pledge.match.allocation
    return MatchView(
        amount_cents=allocation.cents,
        matched_by=[PotLineShareView(pot_line_id=line, amount_cents=cents) for line, cents in allocation.by],
        explanation=[str(reason) for reason in allocation.reasons],
        rule_version=pledge.match.rule_version,
        input_digest=pledge.match.input_digest,
    )


def pledge_id(secret: str, body: PledgeBody, caller: Caller, once: Once) -> UUID:
    """The id of a new pledge: one's own, else one that only the same caller and key give again, else a new one.

    So a key needs no table of answers: the pledge itself is found again. Keyed by the deployment's secret,
    because an id that others could compute could be taken from under someone.
    """
    if body.id is None and once.key is not None:
        return pseudonym(secret, f"pledge:{caller.id}", once.key)
    return body.id or uuid7()


@router.post("/pledges", status_code=201, response_model=PledgeView)
async def make_pledge(
    request: Request,
    caller: Annotated[Caller, permitted(PERMISSIONS["make_pledge"])],
    db: Db,
    once: OnlyOnce,
    now: Now,
    body: PledgeBody,
) -> JSONResponse:
    """Pledge, and be matched at once where a round is named. The same id and input again answers 200."""
    command = MakePledge(
        id=pledge_id(request.app.state.verifier.secret, body, caller, once),
        pledger=caller.id,
        initiative=body.initiative_id,
        round=body.round_id,
        cents=body.amount_cents,
        at=now,
    )
    asked = Pledging(command, fresh=body.id is None and once.key is None)
    if body.id is not None and once.key is not None:
        return await answer_made(db, once, lambda tx: commands.pledges.make_pledge(tx, asked), shown)
    try:
        pledge, new = await db.grouped(commands.pledges.make_pledges, asked)
    except Conflict as clash:
        if body.id is None:
            raise Conflict("idempotency-key-reused", "This Idempotency-Key was used for another pledge.") from clash
        raise
    return _answer(pledge, 201 if new or body.id is None else 200)


def _answer(pledge: Pledge, status: int) -> JSONResponse:
    view = shown(pledge)
    return JSONResponse(view.model_dump(mode="json"), status, {"Location": view.location})


@router.get("/pledges/{pledge_id}")
async def show_pledge(db: Db, pledge_id: UUID) -> PledgeView:
    """One pledge with its match."""
    async with db.transaction() as tx:
        pledges = await storage.pledges.pledges_of(tx, [pledge_id])
    return shown(found(pledges[0] if pledges else None, "pledge", pledge_id))


@router.post("/pledges/{pledge_id}/withdrawal")
async def withdraw_pledge(
    caller: Annotated[Caller, permitted(PERMISSIONS["withdraw_pledge"])], db: Db, now: Now, pledge_id: UUID
) -> PledgeView:
    """Take one's own pledge back before it is committed; a withdrawn pledge answers the same again."""
    asked = Withdrawing(pledge_id, caller.id, now)
    return shown(await db.grouped(commands.pledges.withdraw_pledges, asked))
