"""The public moderation log over HTTP, and appeals against what stands in it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import StrictBool, StringConstraints

from dorpsplein.fields import Body, Prose
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, OnlyOnce, Someone, answer_once, found, page, permitted, to_cursor
from initiatives.api.lists import Cursor, Limit, listed, moment_and_id
from initiatives.api.views import moderation as views
from initiatives.commands import moderation as commands
from initiatives.domain.moderation import Kind, Moderator
from initiatives.permissions import PERMISSIONS
from initiatives.storage import moderation as storage
from initiatives.storage import subjects

router = APIRouter(tags=["moderation"])

Words = Annotated[Prose, StringConstraints(max_length=2_000)]


class AppealBody(Body):
    """Why it should be shown again; moderators read it, and nobody else."""

    words: Words


class OutcomeBody(Body):
    """What another moderator finds of an appeal, with a reason that is public."""

    restore: StrictBool
    reason: Words


@router.get("/moderation/log", responses={200: {"model": views.DecisionList}})
async def read_log(
    request: Request, db: Db, kind: Kind | None = None, cursor: Cursor = None, limit: Limit = 20
) -> Response:
    """All that was ever hidden here, the newest first: by which rule, why, and how it ended. Never what it said."""
    async with db.connection() as connection:
        rows = await storage.log(connection, kind, moment_and_id(cursor), limit + 1)
    return listed(request, rows, limit, "at")


@router.get("/moderation/decisions/{decision_id}", responses={200: {"model": views.Decision}})
async def read_decision(decision_id: UUID, db: Db) -> Response:
    """One line of the log."""
    async with db.connection() as connection:
        line = found(await storage.shown(connection, decision_id), "decision", decision_id)
    return Response(line, media_type="application/json")


@router.get("/me/moderation", responses={200: {"model": views.OwnDecisionList}})
async def list_decisions_on_own(
    request: Request, caller: Someone, db: Db, cursor: Cursor = None, limit: Limit = 20
) -> Response:
    """What of mine was hidden, why, and until when I may appeal; the newest first."""
    async with db.connection() as connection:
        rows = await storage.of_author(connection, caller.id, moment_and_id(cursor), limit + 1)
    return listed(request, rows, limit, "at")


@router.post("/moderation/decisions/{decision_id}/appeal", responses={200: {"model": views.Decision}})
async def appeal_hiding(
    decision_id: UUID,
    body: AppealBody,
    caller: Annotated[Caller, permitted(PERMISSIONS["appeal_hiding"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Ask that another moderator looks at what of mine was hidden."""
    return await answer_once(
        db, once, 200, lambda tx: commands.appeal(tx, decision_id, body.words, person=caller.id, now=now)
    )


@router.get("/moderation/appeals", responses={200: {"model": views.AppealList}})
async def list_appeals(
    request: Request,
    _: Annotated[Caller, permitted(PERMISSIONS["list_appeals"])],
    db: Db,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Response:
    """Appeals that wait for another moderator, the oldest first, with what is hidden."""
    async with db.transaction() as tx:
        waiting = await storage.appeals(tx, moment_and_id(cursor), limit + 1)
        there = await subjects.read(tx, [(one.subject.kind, one.subject.id) for one in waiting[:limit]])
    items = []
    for one in waiting[:limit]:
        content = there.get((one.subject.kind, one.subject.id))
        items.append(
            views.Appeal(
                id=one.id,
                subject_kind=one.subject.kind,
                subject_id=one.subject.id,
                initiative_id=one.subject.initiative_id,
                rule=one.rule,
                reason=one.reason,
                appeal_words=one.appeal_words or "",
                content=content.words if content else None,
                hidden_at=one.hidden_at,
                appealed_at=one.appealed_at or one.hidden_at,
            )
        )
    last = waiting[limit - 1] if len(waiting) > limit else None
    return page(request, items, to_cursor(last.appealed_at, last.id) if last else None)


@router.post("/moderation/decisions/{decision_id}/outcome", responses={200: {"model": views.Decision}})
async def answer_appeal(
    decision_id: UUID,
    body: OutcomeBody,
    caller: Annotated[Caller, permitted(PERMISSIONS["answer_appeal"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Show it again, or let it stay hidden; another moderator than who hid it does."""
    moderator = Moderator(caller.id, caller.roles)
    return await answer_once(
        db,
        once,
        200,
        lambda tx: commands.answer_appeal(tx, decision_id, body.reason, moderator, restore=body.restore, now=now),
    )
