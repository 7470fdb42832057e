"""Rounds and their pot lines: `/rounds`."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field, StrictInt
from uuid_utils.compat import uuid7

from dorpsplein.database import Transaction
from dorpsplein.fields import Body, Code, Moment, View
from dorpsplein.identity import Caller
from dorpsplein.web import MOST_PAGE, Db, Now, OnlyOnce, answer_once, found, from_cursor, page, permitted, to_cursor
from funding import commands, storage
from funding.api.fields import Amount, Cap, answer_made
from funding.domain import rules
from funding.domain.rounds import AddPotLine, Round
from funding.permissions import PERMISSIONS

router = APIRouter(tags=["rounds"])

Part = Annotated[StrictInt, Field(gt=0, le=1_000_000)]


class Knobs(Body):
    """The knobs of the `ratio` rule; the caps are cumulative."""

    numerator: Part
    denominator: Part
    cap_pledge_cents: Cap
    cap_donor_cents: Cap
    cap_initiative_cents: Cap


class RoundBody(Body):
    """A round to be opened in a fund; an `id` of one's own makes repeating safe."""

    id: UUID | None = None
    fund_id: UUID
    rule: Literal["ratio"] = "ratio"
    knobs: Knobs
    closes_at: Moment


class PotLineBody(Body):
    """Means of one co-financier, by its code, such as `provincie`."""

    id: UUID | None = None
    cofinancier: Code
    amount_cents: Amount


class PotLineView(View):
    """What a co-financier put in, and what is left of it."""

    id: UUID
    cofinancier: str
    amount_cents: int
    left_cents: int


class RoundView(View):
    """A round with its pinned rule version and its pot. `status` is `open` or `closed`."""

    id: UUID
    fund_id: UUID
    rule: str
    rule_version: str
    knobs: dict[str, int]
    opened_by: UUID
    opened_at: datetime
    closes_at: datetime
    status: Literal["open", "closed"]
    version: int
    pot_lines: list[PotLineView]
    pot_cents: int
    left_cents: int
    matched_cents: int
    location: str


def shown(round_: Round, now: datetime) -> RoundView:
    """A round as it is shown."""
    pot, left = sum(line.cents for line in round_.lines), sum(line.left for line in round_.lines)
    return RoundView(
        id=round_.id,
        fund_id=round_.fund_id,
        rule=round_.rule.name,
        rule_version=round_.rule_version,
        knobs=round_.rule.knobs(),
        opened_by=round_.opened_by,
        opened_at=round_.opened_at,
        closes_at=round_.closes_at,
        status="open" if round_.is_open(now) else "closed",
        version=round_.version,
        pot_lines=[
            PotLineView(id=line.id, cofinancier=line.cofinancier, amount_cents=line.cents, left_cents=line.left)
            for line in round_.lines
        ],
        pot_cents=pot,
        left_cents=left,
        matched_cents=pot - left,
        location=f"/v1/rounds/{round_.id}",
    )


@router.post("/rounds", status_code=201, response_model=RoundView)
async def open_round(
    caller: Annotated[Caller, permitted(PERMISSIONS["open_round"])], db: Db, once: OnlyOnce, now: Now, body: RoundBody
) -> JSONResponse:
    """Open a round: its rule and knobs are pinned as one version. The same id and input again answers 200."""
    rule = rules.Ratio(**body.knobs.model_dump())
    round_ = Round(
        id=body.id or uuid7(),
        fund_id=body.fund_id,
        rule=rule,
        rule_version=rules.version(rule),
        opened_by=caller.id,
        opened_at=now,
        closes_at=body.closes_at,
    )
    return await answer_made(db, once, lambda tx: commands.rounds.open_round(tx, round_), lambda it: shown(it, now))


@router.post("/rounds/{round_id}/pot-lines", status_code=201, response_model=RoundView)
async def add_pot_line(
    caller: Annotated[Caller, permitted(PERMISSIONS["add_pot_line"])],
    db: Db,
    once: OnlyOnce,
    now: Now,
    round_id: UUID,
    body: PotLineBody,
) -> JSONResponse:
    """Put a co-financier's means into an open round; answers the round. The same id and input again answers 200."""
    command = AddPotLine(body.id or uuid7(), body.cofinancier, body.amount_cents)
    return await answer_made(
        db,
        once,
        lambda tx: commands.rounds.add_pot_line(tx, round_id, command, caller, now),
        lambda round_: shown(round_, now),
    )


@router.post("/rounds/{round_id}/closing", response_model=RoundView)
async def close_round(
    caller: Annotated[Caller, permitted(PERMISSIONS["close_round"])], db: Db, once: OnlyOnce, now: Now, round_id: UUID
) -> JSONResponse:
    """Close a round; what is left stays in its pot. A closed round answers the same again."""

    async def close(tx: Transaction) -> dict[str, Any]:
        return shown(await commands.rounds.close_round(tx, round_id, caller), now).model_dump(mode="json")

    return await answer_once(db, once, 200, close)


@router.get("/rounds", response_model=None)
async def list_rounds(
    request: Request,
    db: Db,
    now: Now,
    fund_id: Annotated[UUID | None, Query(alias="fundId")] = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST_PAGE)] = 50,
) -> Response:
    """Rounds with their pot lines, newest first."""
    before = from_cursor(cursor, datetime, UUID) if cursor else None
    async with db.transaction() as tx:
        rounds = await storage.rounds.rounds(tx, (before[0], before[1]) if before else None, fund_id, limit)
    last = rounds[-1] if len(rounds) == limit else None
    following = to_cursor(last.opened_at, last.id) if last else None
    return page(request, [shown(round_, now) for round_ in rounds], following)


@router.get("/rounds/{round_id}")
async def show_round(db: Db, now: Now, round_id: UUID) -> RoundView:
    """One round with its pot lines."""
    async with db.transaction() as tx:
        return shown(found(await storage.rounds.round_(tx, round_id), "round", round_id), now)
