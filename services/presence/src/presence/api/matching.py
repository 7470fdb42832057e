"""Who goes with what, over HTTP: suggestions with their reasons, for arrangers. Nothing follows from one by itself."""

from typing import Annotated, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from dorpsplein.fields import View
from dorpsplein.identity import Caller
from dorpsplein.web import MOST_PAGE, Db, Now, found, page, permitted
from presence.api.officers import OfficerView
from presence.api.requests import RequestView
from presence.domain.matching import WEEKS, Fit, Why, ranked
from presence.permissions import PERMISSIONS
from presence.storage import matching as storage
from presence.storage import officers as stored_officers
from presence.storage import requests as stored_requests

router = APIRouter(tags=["suggestions"])

Best = Annotated[int, Query(ge=1, le=MOST_PAGE, description="How many, the best first.")]


class Reason(View):
    """Why something is suggested: a code, and the figures it has.

    `theme-shared` has `themes`; `distance` has `meters`, in whole hundreds; `load` has the hours announced in the
    coming fourteen days and those there are.
    """

    code: Why
    themes: list[str] | None = None
    meters: int | None = None
    announced_hours: float | None = None
    available_hours: int | None = None


class SuggestedArranger(View):
    """An arranger who might host a session, and why."""

    officer: OfficerView
    reasons: list[Reason]

    @classmethod
    def of(cls, row: asyncpg.Record, fit: Fit) -> Self:
        """The view of an officer's row and how they fit."""
        return cls(officer=OfficerView.of(row), reasons=reasons_of(fit))


class SuggestedRequest(View):
    """A request that an arranger might pick up, and why."""

    request: RequestView
    reasons: list[Reason]

    @classmethod
    def of(cls, row: asyncpg.Record, fit: Fit) -> Self:
        """The view of a request's row and how it fits."""
        return cls(request=RequestView.of(row), reasons=reasons_of(fit))


def reasons_of(fit: Fit) -> list[Reason]:
    """Why two go together, with figures; nothing is said of what is not known."""
    reasons = [Reason(code=Why.THEME_SHARED, themes=list(fit.shared))] if fit.shared else []
    if fit.distance is not None:
        reasons.append(Reason(code=Why.DISTANCE, meters=fit.distance))
    hours = round(fit.busy_minutes / 60, 1)
    return [*reasons, Reason(code=Why.LOAD, announced_hours=hours, available_hours=fit.hours_a_week * WEEKS)]


@router.get("/session-requests/{request_id}/arrangers")
async def suggest_arrangers(
    request: Request,
    _: Annotated[Caller, permitted(PERMISSIONS["suggest_arrangers"])],
    db: Db,
    now: Now,
    request_id: UUID,
    limit: Best = 10,
) -> Response:
    """Arrangers who might host what an open request asks for; none for one that is not open any more."""
    async with db.transaction() as tx:
        fits = ranked(await storage.arrangers_for(tx, request_id, now))[:limit]
        if not fits:
            found(await stored_requests.one(tx, request_id), "session-request", request_id)
        rows = await stored_officers.some(tx, [fit.ref for fit in fits])
    return page(request, [SuggestedArranger.of(rows[fit.ref], fit) for fit in fits if fit.ref in rows], None)


@router.get("/me/suggested-requests")
async def suggest_requests(
    request: Request,
    caller: Annotated[Caller, permitted(PERMISSIONS["suggest_requests"])],
    db: Db,
    now: Now,
    limit: Best = 10,
) -> Response:
    """Open requests that suit the caller's profile, of the newest five hundred; none without `suggestions` in it."""
    async with db.transaction() as tx:
        fits = ranked(await storage.requests_for(tx, caller.id, now))[:limit]
        if not fits:
            found(await stored_officers.one(tx, caller.id), "officer-profile", caller.id)
        rows = await stored_requests.some(tx, [fit.ref for fit in fits])
    return page(request, [SuggestedRequest.of(rows[fit.ref], fit) for fit in fits if fit.ref in rows], None)
