"""Support over HTTP: the busiest path of the service, so nothing stands on it that is not needed."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from pydantic_core import to_json

from dorpsplein.errors import NotFound
from dorpsplein.fields import Body, Ids
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, found, permitted
from initiatives.api import views
from initiatives.api.settings import Configured
from initiatives.commands.supports import Changed, change_supports, wish
from initiatives.domain.support import Support
from initiatives.domain.support_tree import leaf
from initiatives.permissions import PERMISSIONS
from initiatives.storage import support_trees
from initiatives.storage import supports as storage

router = APIRouter(tags=["supports"])


class Yes(Body):
    """How to say yes. What was said once is never of the other kind: public stays public, anonymous anonymous."""

    anonymous: bool = False


@router.put("/initiatives/{initiative_id}/support", responses={200: {"model": views.supports.Receipt}})
async def give_support(
    initiative_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["give_support"])],
    db: Db,
    now: Now,
    settings: Configured,
    said: Yes | None = None,
) -> Response:
    """Support an initiative, publicly unless asked for otherwise; doing it again changes nothing."""
    secret, anonymous = settings.pseudonym_secret.get_secret_value(), said is not None and said.anonymous
    asked = wish(secret, initiative_id, caller.id, gives=True, now=now, anonymous=anonymous)
    return _receipt(await db.grouped(change_supports, asked))


@router.delete("/initiatives/{initiative_id}/support", responses={200: {"model": views.supports.Receipt}})
async def take_support_back(
    initiative_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["take_support_back"])],
    db: Db,
    now: Now,
    settings: Configured,
) -> Response:
    """Take support back; doing it again changes nothing."""
    secret = settings.pseudonym_secret.get_secret_value()
    asked = wish(secret, initiative_id, caller.id, gives=False, now=now)
    return _receipt(await db.grouped(change_supports, asked))


@router.get("/initiative-supports", responses={200: {"model": views.supports.SupportCounts}})
async def count_supports(ids: Annotated[Ids, Query()], db: Db) -> Response:
    """How many support each of these initiatives at this moment; unknown ones have 0."""
    async with db.transaction() as tx:
        counts = await storage.counts(tx, ids)
    items = [{"initiativeId": str(asked), "supports": counts.get(asked, 0)} for asked in ids]
    return JSONResponse({"items": items})


@router.get("/supports/{support_id}/proof", responses={200: {"model": views.supports.Proof}})
async def prove_support(support_id: UUID, db: Db) -> Response:
    """What shows that a support was counted at the close; `./dorpsplein verify` checks it without any server."""
    async with db.transaction() as tx:
        support: Support = found(await storage.one(tx, support_id), "support", support_id)
        counted = leaf(support.id, support.sequence)
        proven = await support_trees.inclusion(tx, support.initiative_id, counted)
    if proven is None:
        raise NotFound("not-counted", "This support is in no tree: support is still open, or it was taken back before.")
    document = {
        "supportId": support.id,
        "initiativeId": support.initiative_id,
        "sequence": support.sequence,
        "index": proven.index,
        "size": proven.size,
        "leaf": counted.hex(),
        "proof": [one.hex() for one in proven.path],
        "root": proven.root.hex(),
        "closedAt": proven.closed_at,
    }
    return Response(to_json(document), media_type="application/json")


def receipt(support: Support, supports: int) -> dict[str, Any]:
    """A support as its giver gets it."""
    return {
        "supportId": support.id,
        "initiativeId": support.initiative_id,
        "given": support.given,
        "anonymous": support.anonymous,
        "sequence": support.sequence,
        "at": support.at,
        "supports": supports,
    }


def _receipt(answer: Changed) -> Response:
    return Response(to_json(receipt(answer.support, answer.supports)), media_type="application/json")
