"""Official counts and what stands beside them: `/counts`, and how they begin, of elections and rounds."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from uuid_utils.compat import uuid7

from dorpsplein.database import Transaction
from dorpsplein.identity import Caller
from dorpsplein.web import MOST_PAGE, Db, Now, OnlyOnce, answer_once, found, from_cursor, page, permitted, to_cursor
from funding import commands, storage
from funding.api.count_views import (
    CountBody,
    CountView,
    DrawBody,
    OverrideBody,
    OverrideView,
    RoundCountBody,
    WitnessBody,
    override_shown,
    shown,
)
from funding.api.fields import answer_made
from funding.commands.counts import StartCount
from funding.domain import rules
from funding.domain.certificates import certificate
from funding.domain.counts import Count, Witness
from funding.domain.overrides import Override
from funding.permissions import PERMISSIONS

router = APIRouter(tags=["counts"])


@router.post("/elections/{election_id}/counts", status_code=201, response_model=CountView)
async def count_election(
    caller: Annotated[Caller, permitted(PERMISSIONS["count_election"])],
    db: Db,
    once: OnlyOnce,
    now: Now,
    election_id: UUID,
    body: CountBody,
) -> JSONResponse:
    """Count an election officially. One count under a rule version stands at a time.

    The same id and input again answers 200.
    """
    rule = rules.from_knobs(body.rule, body.knobs)
    command = StartCount(body.id or uuid7(), rule, body.seed_commitment, caller.id, now)
    return await answer_made(
        db,
        once,
        lambda tx: commands.counts.count_election(tx, election_id, command),
        lambda count: shown(count, []),
    )


@router.post("/rounds/{round_id}/counts", status_code=201, response_model=CountView)
async def count_round(
    caller: Annotated[Caller, permitted(PERMISSIONS["count_round"])],
    db: Db,
    once: OnlyOnce,
    now: Now,
    round_id: UUID,
    body: RoundCountBody,
) -> JSONResponse:
    """Count a closed round again, after its count was disputed or abandoned. The same id again answers 200."""
    count_id = body.id or uuid7()
    return await answer_made(
        db,
        once,
        lambda tx: commands.counts.count_round(tx, round_id, count_id, caller.id, now),
        lambda count: shown(count, []),
    )


@router.post("/counts/{count_id}/draw", response_model=CountView)
async def hold_draw(
    _: Annotated[Caller, permitted(PERMISSIONS["hold_draw"])],
    db: Db,
    once: OnlyOnce,
    now: Now,
    count_id: UUID,
    body: DrawBody,
) -> JSONResponse:
    """Reveal the seed of a tied count: the candidates are put in the order it gives, and the count goes on."""

    async def draw(tx: Transaction) -> dict[str, Any]:
        return await _answer(tx, await commands.counts.hold_draw(tx, count_id, body.seed, now))

    return await answer_once(db, once, 200, draw)


@router.post("/counts/{count_id}/witness", response_model=CountView)
async def witness_count(
    caller: Annotated[Caller, permitted(PERMISSIONS["witness_count"])],
    db: Db,
    once: OnlyOnce,
    now: Now,
    count_id: UUID,
    body: WitnessBody,
) -> JSONResponse:
    """Say what you counted yourself: the same outcome is published and paid, another is disputed and blocked."""
    witness = Witness(caller.id, body.outcome_digest, now)

    async def bear(tx: Transaction) -> dict[str, Any]:
        return await _answer(tx, await commands.counts.bear_witness(tx, count_id, witness))

    return await answer_once(db, once, 200, bear)


@router.post("/counts/{count_id}/overrides", status_code=201, response_model=OverrideView)
async def override_outcome(
    caller: Annotated[Caller, permitted(PERMISSIONS["override_outcome"])],
    db: Db,
    once: OnlyOnce,
    now: Now,
    count_id: UUID,
    body: OverrideBody,
) -> JSONResponse:
    """Put another decision beside a published outcome, which stays as it is. The same id and input answers 200."""
    changes = tuple((change.candidate_id, change.amount_cents) for change in body.changes)
    asked = Override(body.id or uuid7(), count_id, body.reason, changes, caller.id, now)
    return await answer_made(db, once, lambda tx: commands.counts.override_outcome(tx, asked), override_shown)


async def _answer(tx: Transaction, count: Count) -> dict[str, Any]:
    beside = await storage.counts.overrides(tx, [count.id])
    return shown(count, beside[count.id]).model_dump(mode="json")


@router.get("/counts", response_model=None)
async def list_counts(
    request: Request,
    db: Db,
    of: Annotated[UUID | None, Query(description="An election or a round.")] = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST_PAGE)] = 50,
) -> Response:
    """Counts, newest first; of one election or round only where it is given."""
    before = from_cursor(cursor, datetime, UUID) if cursor else None
    async with db.transaction() as tx:
        counts = await storage.counts.counts(tx, (before[0], before[1]) if before else None, of, limit)
        beside = await storage.counts.overrides(tx, [count.id for count in counts])
    last = counts[-1] if len(counts) == limit else None
    items = [shown(count, beside[count.id]) for count in counts]
    return page(request, items, to_cursor(last.started_at, last.id) if last else None)


@router.get("/counts/{count_id}")
async def show_count(db: Db, count_id: UUID) -> CountView:
    """One count, with its outcome where that is not hidden any more."""
    async with db.transaction() as tx:
        count = found(await storage.counts.count(tx, count_id), "count", count_id)
        beside = await storage.counts.overrides(tx, [count_id])
    return shown(count, beside[count_id])


@router.get("/counts/{count_id}/certificate", response_model=None)
async def show_certificate(db: Db, count_id: UUID) -> Response:
    """All that it takes to make the outcome again, as one document, and the outcome where it is not hidden."""
    async with db.transaction() as tx:
        count = found(await storage.counts.count(tx, count_id), "count", count_id)
        beside = await storage.counts.overrides(tx, [count_id])
        document = await storage.counts.input_(tx, count.input_root)
    return Response(certificate(count, beside[count_id], document), media_type="application/json")
