"""Elections: `/elections`."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from dorpsplein.errors import Invalid
from dorpsplein.fields import Line, View
from dorpsplein.identity import Caller
from dorpsplein.web import MOST_PAGE, Db, Now, OnlyOnce, found, from_cursor, page, permitted, to_cursor
from funding import commands, storage
from funding.api.fields import answer_made
from funding.domain.elections import Election
from funding.permissions import PERMISSIONS

router = APIRouter(tags=["elections"])

MOST_FILE_BYTES = 16_000_000
PABULIB: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A file in the Pabulib format (UTF-8) of at most 16,000,000 bytes.",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    }
}


class ProjectView(View):
    """What was voted on; its cost in hundredths of the election's currency."""

    id: str
    name: str
    cost_cents: int
    theme: str
    neighbourhood: str


class ElectionSummaryView(View):
    """A vote that was brought in. `digest` is the SHA-256 of its file."""

    id: UUID
    digest: str
    description: str
    unit: str
    instance: str
    vote_type: str
    currency: str
    budget_cents: int
    voters: int
    candidates: int
    input_root: str
    loaded_by: UUID
    loaded_at: datetime
    location: str


class ElectionView(ElectionSummaryView):
    """The same, with what was voted on."""

    projects: list[ProjectView]


def _summary(election: Election) -> dict[str, Any]:
    return {
        "id": election.id,
        "digest": election.digest,
        "description": election.description,
        "unit": election.unit,
        "instance": election.instance,
        "vote_type": election.vote_type,
        "currency": election.currency,
        "budget_cents": election.budget,
        "voters": election.voters,
        "candidates": len(election.candidates),
        "input_root": election.input_root,
        "loaded_by": election.loaded_by,
        "loaded_at": election.loaded_at,
        "location": f"/v1/elections/{election.id}",
    }


def shown(election: Election) -> ElectionView:
    """An election as it is shown."""
    projects = [
        ProjectView(id=one.id, name=one.name, cost_cents=one.cost, theme=one.theme, neighbourhood=one.neighbourhood)
        for one in election.candidates
    ]
    return ElectionView(**_summary(election), projects=projects)


@router.post("/elections", status_code=201, response_model=ElectionView, openapi_extra=PABULIB)
async def load_election(
    request: Request,
    caller: Annotated[Caller, permitted(PERMISSIONS["load_election"])],
    db: Db,
    once: OnlyOnce,
    now: Now,
    file: Annotated[Line, Query(description="What the file is called, for the faults that are found in it.")] = "body",
) -> JSONResponse:
    """Bring in a vote. Who the voters are is not kept. The same file again answers 200."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "text/plain":
        raise Invalid("not-a-text", "Send the file itself as the body, with Content-Type: text/plain; charset=utf-8.")
    election, document = await commands.elections.read(await request.body(), file, caller.id, now)
    return await answer_made(db, once, lambda tx: commands.elections.load(tx, election, document), shown)


@router.get("/elections", response_model=None)
async def list_elections(
    request: Request, db: Db, cursor: str | None = None, limit: Annotated[int, Query(ge=1, le=MOST_PAGE)] = 50
) -> Response:
    """Elections, newest first."""
    before = from_cursor(cursor, datetime, UUID) if cursor else None
    async with db.transaction() as tx:
        elections = await storage.elections.elections(tx, (before[0], before[1]) if before else None, limit)
    last = elections[-1] if len(elections) == limit else None
    items = [ElectionSummaryView(**_summary(election)) for election in elections]
    return page(request, items, to_cursor(last.loaded_at, last.id) if last else None)


@router.get("/elections/{election_id}")
async def show_election(db: Db, election_id: UUID) -> ElectionView:
    """One election, with what was voted on."""
    async with db.transaction() as tx:
        return shown(found(await storage.elections.election(tx, election_id), "election", election_id))
