"""Ballots. The route keeps no answers to idempotency keys, since those would stand beside who asked."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from dorpsplein.errors import Refused
from dorpsplein.fields import Body, View
from dorpsplein.identity import Caller
from dorpsplein.web import MOST_PAGE, Db, Now, found, from_cursor, page, permitted, to_cursor
from funding import commands, storage
from funding.domain.knobs.ballots import CastBallot
from funding.domain.knobs.changes import KnobChange
from funding.domain.knobs.votes import Choice
from funding.permissions import PERMISSIONS

router = APIRouter()


class BallotBody(Body):
    """A choice, under a random id (UUID version 4) of one's own, by which the voter finds it after the close."""

    id: UUID
    choice: Choice


class BallotView(View):
    """A published ballot. Whose it is, only its voter knows."""

    id: UUID
    choice: Choice


@router.post("/knob-changes/{change_id}/ballots", status_code=204)
async def cast_ballot(
    caller: Annotated[Caller, permitted(PERMISSIONS["cast_ballot"])],
    db: Db,
    now: Now,
    change_id: UUID,
    body: BallotBody,
) -> None:
    """Cast one's ballot, once. A repeated request answers 409 `already-voted`: the first counted."""
    ballot = CastBallot(body.id, change_id, caller.id, body.choice, now)
    await db.grouped(commands.knobs.ballots.cast, ballot)


@router.get("/knob-changes/{change_id}/ballots", response_model=None)
async def list_ballots(
    request: Request,
    db: Db,
    change_id: UUID,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST_PAGE)] = 50,
) -> Response:
    """All ballots of a vote that is over, by id, so that everyone can find their own and count them all."""
    after = from_cursor(cursor, UUID)[0] if cursor else None
    async with db.transaction() as tx:
        change: KnobChange = found(await storage.knobs.changes.change(tx, change_id), "knob-change", change_id)
        if change.tally is None:
            raise Refused("ballots-hidden", "Ballots are shown once the vote is over, and not before.")
        rows = await storage.knobs.ballots.published(tx, change_id, after, limit)
    following = to_cursor(rows[-1]["id"]) if len(rows) == limit else None
    return page(request, [BallotView(id=row["id"], choice=row["choice"]) for row in rows], following)
