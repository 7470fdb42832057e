"""Pledges: `/pledges`."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from uuid_utils.compat import uuid7

from dorpsplein.errors import Conflict
from dorpsplein.fields import View
from dorpsplein.idempotency import Once
from dorpsplein.identity import Caller, pseudonym
from dorpsplein.web import (
    MOST_PAGE,
    Db,
    Now,
    OnlyOnce,
    Someone,
    found,
    from_cursor,
    page,
    permitted,
    to_cursor,
)
from funding import commands, storage
from funding.api.fields import answer_made
from funding.api.promises import MeansBody
from funding.commands.pledges import Pledging, Withdrawing
from funding.domain.banking import reference_of
from funding.domain.ledger import EUR
from funding.domain.pledges import MakePledge, Match, Pledge
from funding.permissions import PERMISSIONS

router = APIRouter(tags=["pledges"])


class PledgeBody(MeansBody):
    """A promise of means to an initiative, within an open round to have it matched, as quoted or anew.

    An `id` of one's own, or an `Idempotency-Key`, makes repeating safe.
    """

    id: UUID | None = None
    quote_id: UUID | None = None


class PotLineShareView(View):
    """What one pot line gave."""

    pot_line_id: UUID
    amount_cents: int


class MatchView(View):
    """What followed a pledge, by which versions, and why. Nothing may follow; then it says why not.

    `valuedCents` is what it counted for; `returnedCents` what went back to the pot with what will not come.
    """

    amount_cents: int
    valued_cents: int
    returned_cents: int
    valuation_version: str
    matched_by: list[PotLineShareView]
    explanation: list[str]
    rule_version: str
    input_digest: str


class PledgeView(View):
    """A pledge, in the unit of its resource: cents, minutes or items; `amountCents` is 0 for other means than euros.

    Euros are paid under `reference` (ISO 11649); `receivedCents`, told of one pledge alone, is what the bank took in.
    `status` is `held`, `committed` once the initiative has what it needs, `delivered`, `lapsed`, `withdrawn` or
    `refunded`. `delivered` is what really came, `gone` what will not come any more.
    """

    id: UUID
    initiative_id: UUID
    round_id: UUID | None
    pledger_id: UUID
    amount_cents: int
    resource: str
    quantity: int
    starts_at: datetime | None
    ends_at: datetime | None
    match_cents: int
    quote_id: UUID | None
    made_at: datetime
    status: str
    delivered: int
    gone: int
    match: MatchView | None
    reference: str | None
    received_cents: int | None = None
    location: str


def shown(pledge: Pledge) -> PledgeView:
    """A pledge as it is shown."""
    return PledgeView(
        id=pledge.id,
        initiative_id=pledge.initiative,
        round_id=pledge.round,
        pledger_id=pledge.pledger,
        amount_cents=pledge.cents,
        resource=pledge.resource,
        quantity=pledge.quantity,
        starts_at=pledge.slot.starts_at if pledge.slot else None,
        ends_at=pledge.slot.ends_at if pledge.slot else None,
        match_cents=pledge.matched,
        quote_id=pledge.quote,
        made_at=pledge.made_at,
        status=pledge.status,
        delivered=pledge.delivered,
        gone=pledge.gone,
        match=match_shown(pledge.match) if pledge.match else None,
        reference=reference_of(pledge.id) if pledge.resource == EUR else None,
        location=f"/v1/pledges/{pledge.id}",
    )


def match_shown(match: Match) -> MatchView:
    """A match as it is shown."""
    allocation = match.allocation
    return MatchView(
        amount_cents=allocation.cents,
        valued_cents=match.valued,
        returned_cents=sum(cents for _, cents in match.back),
        valuation_version=match.valuation_version,
        matched_by=[PotLineShareView(pot_line_id=UUID(line), amount_cents=cents) for line, cents in allocation.by],
        explanation=[str(reason) for reason in allocation.reasons],
        rule_version=match.rule_version,
        input_digest=match.input_digest,
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
    """Pledge, and be matched where a round is named. The same id and input again answers 200.

    A round whose rule is not `streaming` is matched at its close.
    """
    command = MakePledge(
        id=pledge_id(request.app.state.verifier.secret, body, caller, once),
        pledger=caller.id,
        initiative=body.initiative_id,
        round=body.round_id,
        resource=body.promise.resource,
        quantity=body.promise.quantity,
        at=now,
        slot=body.promise.slot,
        quote=body.quote_id,
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


@router.get("/me/pledges", response_model=None)
async def list_own_pledges(
    request: Request,
    caller: Someone,
    db: Db,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST_PAGE)] = 50,
) -> Response:
    """One's own pledges, newest first."""
    before = from_cursor(cursor, UUID, datetime) if cursor else None
    async with db.transaction() as tx:
        pledges = await storage.pledges.of_pledger(tx, caller.id, (before[0], before[1]) if before else None, limit)
    last = pledges[-1] if len(pledges) == limit else None
    return page(request, [shown(one) for one in pledges], to_cursor(last.id, last.made_at) if last else None)


@router.get("/pledges/{pledge_id}")
async def show_pledge(db: Db, pledge_id: UUID) -> PledgeView:
    """One pledge with its match."""
    async with db.transaction() as tx:
        pledges = await storage.pledges.pledges_of(tx, [pledge_id])
        pledge = found(pledges[0] if pledges else None, "pledge", pledge_id)
        received = (await storage.statements.received(tx, [pledge_id]))[pledge_id]
    return shown(pledge).model_copy(update={"received_cents": received})


@router.post("/pledges/{pledge_id}/withdrawal")
async def withdraw_pledge(
    caller: Annotated[Caller, permitted(PERMISSIONS["withdraw_pledge"])], db: Db, now: Now, pledge_id: UUID
) -> PledgeView:
    """Take one's own pledge back before it is committed; a withdrawn pledge answers the same again."""
    asked = Withdrawing(pledge_id, caller.id, now)
    return shown(await db.grouped(commands.pledges.withdraw_pledges, asked))
