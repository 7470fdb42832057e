"""Lived experience over HTTP: one's own only. There is no way to say it of somebody else."""

from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import StringConstraints
from uuid_utils.compat import uuid7

from dorpsplein.fields import Body, Code, Prose
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, Someone, permitted
from initiatives.api.views import experience as views
from initiatives.commands import lived_experience as commands
from initiatives.permissions import PERMISSIONS
from initiatives.storage import experience as storage

router = APIRouter(tags=["lived experience"])


class Claiming(Body):
    """What one knows from experience, in one's own words. It is public where one puts it beside a contribution."""

    words: Annotated[Prose, StringConstraints(max_length=2_000)]


@router.put("/me/lived-experience/{topic}", responses={200: {"model": views.Claim}})
async def claim_experience(
    topic: Code,
    claiming: Claiming,
    caller: Annotated[Caller, permitted(PERMISSIONS["claim_experience"])],
    db: Db,
    now: Now,
) -> Response:
    """Say of myself that I know a topic from experience. Nobody checks it, and nobody else can say it of me."""
    async with db.transaction() as tx:
        answer = await commands.claim(tx, topic, claiming.words, claim_id=uuid7(), person=caller.id, now=now)
    return JSONResponse(answer)


@router.get("/me/lived-experience", responses={200: {"model": views.ClaimList}})
async def list_own_experience(caller: Someone, db: Db) -> dict[str, Any]:
    """What I claim, and beside how many of my contributions it stands."""
    async with db.connection() as connection:
        return {"items": [dict(row) for row in await storage.of_person(connection, caller.id)]}


@router.delete("/me/lived-experience/{topic}", status_code=204)
async def withdraw_experience(
    topic: Code, caller: Annotated[Caller, permitted(PERMISSIONS["withdraw_experience"])], db: Db
) -> None:
    """Take it back: it is gone at once, wherever it was shown, and nothing says that it was there."""
    async with db.transaction() as tx:
        await commands.withdraw(tx, topic, person=caller.id)
