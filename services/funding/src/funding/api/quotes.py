"""Match quotes: `/match-quotes`."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from uuid_utils.compat import uuid7

from dorpsplein.errors import Refused
from dorpsplein.fields import View
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, OnlyOnce, found, permitted
from funding import commands, storage
from funding.api.fields import answer_made
from funding.api.pledges import MatchView, match_shown
from funding.api.promises import MeansBody
from funding.domain.quotes import AskQuote, Quote
from funding.permissions import PERMISSIONS

router = APIRouter(tags=["match quotes"])


class QuoteBody(MeansBody):
    """Means that might be pledged in a round. An `id` of one's own, or an `Idempotency-Key`, makes repeating safe."""

    id: UUID | None = None


class QuoteView(View):
    """What a pledge would be matched with. It is reserved until `expiresAt`, and cannot fall until then."""

    id: UUID
    initiative_id: UUID
    round_id: UUID
    resource: str
    quantity: int
    match: MatchView
    quoted_at: datetime
    expires_at: datetime
    status: str
    pledge_id: UUID | None
    location: str


def shown(quote: Quote) -> QuoteView:
    """A quote as it is shown."""
    return QuoteView(
        id=quote.id,
        initiative_id=quote.initiative,
        round_id=quote.round,
        resource=quote.resource,
        quantity=quote.quantity,
        match=match_shown(quote.match),
        quoted_at=quote.quoted_at,
        expires_at=quote.expires_at,
        status=quote.status,
        pledge_id=quote.pledge,
        location=f"/v1/match-quotes/{quote.id}",
    )


@router.post("/match-quotes", status_code=201, response_model=QuoteView)
async def ask_quote(
    caller: Annotated[Caller, permitted(PERMISSIONS["ask_quote"])], db: Db, once: OnlyOnce, now: Now, body: QuoteBody
) -> JSONResponse:
    """Reserve what a pledge would be matched with. The same id and input again answers 200."""
    if body.round_id is None:
        raise Refused("round-needed", "A match follows within a round; send its roundId.")
    promise = body.promise
    asked = AskQuote(
        id=body.id or uuid7(),
        pledger=caller.id,
        initiative=body.initiative_id,
        round=body.round_id,
        resource=promise.resource,
        quantity=promise.quantity,
        at=now,
    )
    if once.key is not None:
        return await answer_made(db, once, lambda tx: commands.pledges.ask_quote(tx, asked), shown)
    quote, new = await db.grouped(commands.pledges.ask_quotes, asked)
    view = shown(quote)
    return JSONResponse(view.model_dump(mode="json"), 201 if new else 200, {"Location": view.location})


@router.get("/match-quotes/{quote_id}")
async def show_quote(db: Db, quote_id: UUID) -> QuoteView:
    """One quote."""
    async with db.transaction() as tx:
        quotes = await storage.quotes.quotes_of(tx, [quote_id])
    return shown(found(quotes[0] if quotes else None, "quote", quote_id))


@router.post("/match-quotes/{quote_id}/release")
async def release_quote(
    caller: Annotated[Caller, permitted(PERMISSIONS["release_quote"])], db: Db, now: Now, quote_id: UUID
) -> QuoteView:
    """Give one's own quote back, so that others may be matched; one that was used or released stays as it is."""
    async with db.transaction() as tx:
        return shown(await commands.pledges.give_quote_back(tx, quote_id, caller.id, now))
