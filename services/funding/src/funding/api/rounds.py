"""Rounds and their pot lines: `/rounds`."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field, StringConstraints
from uuid_utils.compat import uuid7

from dorpsplein.database import Transaction
from dorpsplein.fields import Body, Code, Moment, View
from dorpsplein.identity import Caller
from dorpsplein.web import MOST_PAGE, Db, Now, OnlyOnce, answer_once, found, from_cursor, page, permitted, to_cursor
from funding import commands, storage
from funding.api.fields import Amount, answer_made
from funding.domain.rounds import AddPotLine, OpenRound, Round
from funding.permissions import PERMISSIONS

router = APIRouter(tags=["rounds"])

Codes = Annotated[list[Code], Field(max_length=50)]


class RoundBody(Body):
    """A round to be opened in a fund, under the knobs that are in effect there.

    `seedCommitment` is the SHA-256, in hex, of the seed of a draw that its count may need. An `id` of one's own makes
    repeating safe.
    """

    id: UUID | None = None
    fund_id: UUID
    closes_at: Moment
    seed_commitment: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None


class PotLineBody(Body):
    """Means of one co-financier, by its code, such as `provincie`, on its conditions.

    Without themes or neighbourhoods they are for any; `mostPerInitiativeCents` is what one initiative gets at most.
    """

    id: UUID | None = None
    cofinancier: Code
    amount_cents: Amount
    themes: Codes = Field(default_factory=list)
    neighbourhoods: Codes = Field(default_factory=list)
    most_per_initiative_cents: Amount | None = None


class PotLineView(View):
    """What a co-financier put in, and what is left of it."""

    id: UUID
    cofinancier: str
    amount_cents: int
    left_cents: int
    themes: list[str]
    neighbourhoods: list[str]
    most_per_initiative_cents: int | None


class ValuationView(View):
    """What an hour of work or of a hall counts for in a match, in cents, and whether evidence is asked for."""

    version: str
    hour_cents: int
    slot_hour_cents: int
    evidence: bool


class RoundView(View):
    """A round with its pinned versions and its pot.

    `status` is `open`, `paused` by the emergency brake, or `closed`.
    """

    id: UUID
    fund_id: UUID
    rule: str
    rule_version: str
    knobs: dict[str, int | str]
    valuation: ValuationView
    quote_minutes: int
    seed_commitment: str | None
    opened_by: UUID
    opened_at: datetime
    closes_at: datetime
    status: Literal["open", "paused", "closed"]
    paused_until: datetime | None
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
        rule=round_.terms.rule.name,
        rule_version=round_.terms.rule_version,
        knobs=round_.terms.rule.knobs(),
        valuation=ValuationView(
            version=round_.terms.valuation_version,
            hour_cents=round_.terms.valuation.hour_cents,
            slot_hour_cents=round_.terms.valuation.slot_hour_cents,
            evidence=round_.terms.valuation.evidence,
        ),
        quote_minutes=round_.terms.quote_minutes,
        seed_commitment=round_.seed_commitment,
        opened_by=round_.opened_by,
        opened_at=round_.opened_at,
        closes_at=round_.closes_at,
        status=_status(round_, now),
        paused_until=round_.paused_until,
        version=round_.version,
        pot_lines=[
            PotLineView(
                id=line.id,
                cofinancier=line.cofinancier,
                amount_cents=line.cents,
                left_cents=line.left,
                themes=list(line.themes),
                neighbourhoods=list(line.neighbourhoods),
                most_per_initiative_cents=line.most,
            )
            for line in round_.lines
        ],
        pot_cents=pot,
        left_cents=left,
        matched_cents=pot - left,
        location=f"/v1/rounds/{round_.id}",
    )


def _status(round_: Round, now: datetime) -> Literal["open", "paused", "closed"]:
    if not round_.is_open(now):
        return "closed"
    return "paused" if round_.paused_until and now < round_.paused_until else "open"


@router.post("/rounds", status_code=201, response_model=RoundView)
async def open_round(
    caller: Annotated[Caller, permitted(PERMISSIONS["open_round"])], db: Db, once: OnlyOnce, now: Now, body: RoundBody
) -> JSONResponse:
    """Open a round: its fund's knobs are pinned as one version. The same id and input again answers 200."""
    asked = OpenRound(body.id or uuid7(), body.fund_id, body.closes_at, body.seed_commitment, caller.id)
    return await answer_made(db, once, lambda tx: commands.rounds.open_round(tx, asked, now), lambda it: shown(it, now))


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
    command = AddPotLine(
        body.id or uuid7(),
        body.cofinancier,
        body.amount_cents,
        tuple(body.themes),
        tuple(body.neighbourhoods),
        body.most_per_initiative_cents,
    )
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
        return shown(await commands.closing.close_round(tx, round_id, caller, now), now).model_dump(mode="json")

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
