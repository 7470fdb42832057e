"""Reports over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import StrictBool, StringConstraints
from uuid_utils.compat import uuid7

from dorpsplein.fields import Body, Prose
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, OnlyOnce, Someone, answer_once, page, permitted, to_cursor
from initiatives.api.lists import Cursor, Limit, listed, moment_and_id
from initiatives.api.views import moderation as views
from initiatives.commands import reports as commands
from initiatives.commands.reports import Judgement
from initiatives.domain.house_rules import HOUSE_RULES, Rule
from initiatives.domain.moderation import Kind, Moderator
from initiatives.permissions import PERMISSIONS
from initiatives.storage import reports as storage
from initiatives.storage import subjects

router = APIRouter(tags=["moderation"])

Words = Annotated[Prose, StringConstraints(max_length=2_000)]


class ReportBody(Body):
    """What breaks which house rule, and how."""

    subject_kind: Kind
    subject_id: UUID
    rule: Rule
    words: Words


class DecisionBody(Body):
    """What a moderator finds. The reason is public where it is hidden, and told to who reported where it is not."""

    hide: StrictBool
    rule: Rule
    reason: Words


@router.get("/moderation/rules", responses={200: {"model": views.HouseRules}})
async def list_house_rules() -> Response:
    """The rules by which something may be hidden. Another opinion is in none of them."""
    return JSONResponse({"items": [{"code": code, "nl": rule.nl, "en": rule.en} for code, rule in HOUSE_RULES.items()]})


@router.post("/reports", status_code=201, responses={201: {"model": views.Report}})
async def report(
    body: ReportBody,
    caller: Annotated[Caller, permitted(PERMISSIONS["report"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Report something, once. It does nothing by itself; nobody but you sees that it was you."""
    report_id = uuid7()
    return await answer_once(
        db,
        once,
        201,
        lambda tx: commands.make(
            tx,
            body.subject_kind,
            body.subject_id,
            body.rule,
            body.words,
            report_id=report_id,
            reporter=caller.id,
            now=now,
        ),
    )


@router.get("/me/reports", responses={200: {"model": views.OwnReportList}})
async def list_own_reports(
    request: Request, caller: Someone, db: Db, cursor: Cursor = None, limit: Limit = 20
) -> Response:
    """What I reported and what came of it, the newest first."""
    async with db.connection() as connection:
        rows = await storage.of_reporter(connection, caller.id, moment_and_id(cursor), limit + 1)
    return listed(request, rows, limit, "at")


@router.get("/reports", responses={200: {"model": views.OpenReportList}})
async def list_reports(
    request: Request,
    _: Annotated[Caller, permitted(PERMISSIONS["list_reports"])],
    db: Db,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Response:
    """What waits for a decision, the oldest first, with the words it is about. Who reported is not shown."""
    async with db.transaction() as tx:
        rows = await storage.queue(tx, moment_and_id(cursor), limit + 1)
        there = await subjects.read(tx, [(Kind(row["subject_kind"]), row["subject_id"]) for row in rows[:limit]])
    items = []
    for row in rows[:limit]:
        content = there.get((Kind(row["subject_kind"]), row["subject_id"]))
        names = ("id", "subject_kind", "subject_id", "initiative_id", "rule", "words", "made_at")
        items.append(views.OpenReport(**{name: row[name] for name in names}, content=content and content.words))
    last = rows[limit - 1] if len(rows) > limit else None
    return page(request, items, to_cursor(last["made_at"], last["id"]) if last else None)


@router.post("/reports/{report_id}/decision", responses={200: {"model": views.Report}})
async def decide_report(
    report_id: UUID,
    body: DecisionBody,
    caller: Annotated[Caller, permitted(PERMISSIONS["decide_report"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Hide what was reported, by a house rule and with a reason that is public; or dismiss the report."""
    judgement = Judgement(body.hide, body.rule, body.reason)
    moderator, decision_id = Moderator(caller.id, caller.roles), uuid7()
    return await answer_once(
        db,
        once,
        200,
        lambda tx: commands.decide(tx, report_id, judgement, moderator, decision_id=decision_id, now=now),
    )
