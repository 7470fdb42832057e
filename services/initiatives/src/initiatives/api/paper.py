"""Paper and booths over HTTP: an officer counts signatures that were given on sheets."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError, to_json

from dorpsplein.fields import Body, Line
from dorpsplein.identity import Caller, Role, pseudonym
from dorpsplein.web import Db, Now, permitted
from initiatives.api import views
from initiatives.api.settings import Configured
from initiatives.commands import paper as commands
from initiatives.commands.paper import Officer
from initiatives.commands.supports import ChangeSupport, wish
from initiatives.domain.paper import Batch
from initiatives.domain.support import PAPER, By
from initiatives.permissions import PERMISSIONS

MOST_LINES = 2_000

router = APIRouter(tags=["supports"])


class PaperLine(Body):
    """One signature: under the reference it has on its sheet, or of somebody who showed who they are."""

    reference: Line | None = None
    supporter_id: UUID | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.reference is None) == (self.supporter_id is None):
            raise PydanticCustomError("one_of_both", "send either a reference or a supporterId")
        return self


class Sheets(Body):
    """All lines of a batch, in the order of its sheets; one that is there twice counts once."""

    lines: Annotated[list[PaperLine], Field(min_length=1, max_length=MOST_LINES)]

    def wishes(self, secret: str, initiative_id: UUID, batch_id: UUID, now: datetime) -> list[ChangeSupport]:
        """The yes of each line. People known by a reference become pseudonyms here, one for each initiative."""
        issuer, by = f"{PAPER}:{initiative_id}", By(PAPER, batch_id=batch_id)
        people = (line.supporter_id or pseudonym(secret, issuer, str(line.reference)) for line in self.lines)
        return [wish(secret, initiative_id, one, gives=True, now=now, by=by, anonymous=None) for one in people]


class NewBatch(Sheets):
    """A batch under an id of the sender's own, so that sending it again counts it once."""

    batch_id: UUID


@router.post("/initiatives/{initiative_id}/paper-batches", responses={200: {"model": views.supports.PaperBatch}})
async def count_batch(
    initiative_id: UUID,
    batch: NewBatch,
    caller: Annotated[Caller, permitted(PERMISSIONS["count_batch"])],
    db: Db,
    now: Now,
    settings: Configured,
) -> Response:
    """Count a batch of signatures; all lines or none. Who has said yes already counts once."""
    wishes = batch.wishes(settings.pseudonym_secret.get_secret_value(), initiative_id, batch.batch_id, now)
    async with db.transaction() as tx:
        return _shown(
            await commands.count(tx, batch.batch_id, initiative_id, wishes, officer=_officer(caller), now=now)
        )


@router.put("/paper-batches/{batch_id}", responses={200: {"model": views.supports.PaperBatch}})
async def recount_batch(
    batch_id: UUID,
    sheets: Sheets,
    caller: Annotated[Caller, permitted(PERMISSIONS["recount_batch"])],
    db: Db,
    now: Now,
    settings: Configured,
) -> Response:
    """Correct a batch: these are its lines. What is not among them any more is taken back, unless it stands on more."""
    async with db.transaction() as tx:
        initiative_id = await commands.initiative_of(tx, batch_id)
        wishes = sheets.wishes(settings.pseudonym_secret.get_secret_value(), initiative_id, batch_id, now)
        return _shown(await commands.recount(tx, batch_id, wishes, officer=_officer(caller), now=now))


@router.delete("/paper-batches/{batch_id}", responses={200: {"model": views.supports.PaperBatch}})
async def undo_batch(
    batch_id: UUID, caller: Annotated[Caller, permitted(PERMISSIONS["undo_batch"])], db: Db, now: Now
) -> Response:
    """Undo a batch as a whole; doing it again changes nothing."""
    async with db.transaction() as tx:
        return _shown(await commands.undo(tx, batch_id, officer=_officer(caller), now=now))


def _officer(caller: Caller) -> Officer:
    return Officer(caller.id, any_batch=not caller.roles.isdisjoint({Role.SERVICE, Role.OPERATOR}))


def _shown(batch: Batch) -> Response:
    document = {
        "id": batch.id,
        "version": batch.version,
        "initiativeId": batch.initiative_id,
        "officerId": batch.officer_id,
        "status": batch.status,
        "supports": batch.supports,
        "countedAt": batch.counted_at,
    }
    return Response(to_json(document), media_type="application/json")
