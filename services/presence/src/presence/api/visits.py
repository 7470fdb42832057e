"""Visits of the inspiration council over HTTP: invited, accepted, made, reported."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import AfterValidator, Field, StringConstraints
from uuid_utils.compat import uuid7

from dorpsplein.database import Database, Transaction
from dorpsplein.fields import Body, Moment, Prose, View
from dorpsplein.idempotency import Once
from dorpsplein.identity import Caller
from dorpsplein.web import Db, IfMatch, Now, OnlyOnce, answer_once, etag, found, permitted
from presence.api.lists import Limit, after_id, each_once, listed
from presence.commands import visits as commands
from presence.domain.visits import CancelReason, DeclineReason, Plan, Side, Status, Visit
from presence.permissions import PERMISSIONS
from presence.storage import visits as storage

MOST_MEMBERS = 50

router = APIRouter(tags=["council"])

Words = Annotated[Prose, StringConstraints(max_length=1_000)]
Report = Annotated[Prose, StringConstraints(max_length=10_000)]
MemberIds = Annotated[list[UUID], Field(min_length=1, max_length=MOST_MEMBERS), AfterValidator(each_once)]


class NewVisit(Body):
    """A frontrunner invites the council; without `placeId` it is where the initiative is."""

    initiative_id: UUID
    invitation: Words
    place_id: UUID | None = None


class Acceptance(Body):
    """When the council comes, and who of it, with or without the caller; `placeId` where that is another place."""

    starts_at: Moment
    ends_at: Moment
    place_id: UUID | None = None
    member_ids: MemberIds


class Declining(Body):
    """Why the council does not come: a code, and an answer in words, which is public."""

    reason: DeclineReason
    answer: Words


class VisitCancellation(Body):
    """A visit does not take place."""

    reason: CancelReason


class Visited(Body):
    """Which members were really there."""

    member_ids: MemberIds


class ReportBody(Body):
    """What the council saw and takes with it; it is public."""

    report: Report


class VisitAnswer(View):
    """A visit without the words, which are never repeated in the answer to a command."""

    id: UUID
    initiative_id: UUID
    invited_by: UUID
    status: Status
    member_ids: list[UUID]
    place_id: UUID | None
    starts_at: datetime | None
    ends_at: datetime | None
    reason: DeclineReason | CancelReason | None
    cancelled_by: Side | None
    version: int

    @classmethod
    def of(cls, visit: Visit, **more: Any) -> Self:
        """The view of a visit."""
        shown = {name: getattr(visit, name) for name in cls.model_fields if name not in more}
        return cls.model_validate({**shown, **more})


class VisitView(VisitAnswer):
    """A visit with its words; `invitation` is null once who wrote it took it back."""

    initiative_title: str | None
    invitation: str | None
    answer: str | None
    report: str | None

    @classmethod
    def of_row(cls, row: asyncpg.Record, **more: Any) -> Self:
        """The view of a visit's row with the title of its initiative."""
        return cls.of(storage.visit_of(row), initiative_title=row["initiative_title"], **more)


async def _answer(db: Database, once: Once, command: Callable[[Transaction], Awaitable[Visit]]) -> Response:
    async def run(tx: Transaction) -> dict[str, Any]:
        return VisitAnswer.of(await command(tx)).model_dump(mode="json")

    return await answer_once(db, once, 200, run)


@router.post("/visits", status_code=201, response_model=VisitAnswer)
async def invite_council(
    caller: Annotated[Caller, permitted(PERMISSIONS["invite_council"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    body: NewVisit,
) -> Response:
    """Invite the council to come and see an initiative that you carry."""
    visit = Visit(uuid7(), body.initiative_id, caller.id, body.invitation, body.place_id)

    async def command(tx: Transaction) -> dict[str, Any]:
        view = VisitAnswer.of(await commands.invite_council(tx, visit, now=now)).model_dump(mode="json")
        return {**view, "location": f"/v1/visits/{visit.id}"}

    return await answer_once(db, request_once, 201, command)


@router.post("/visits/{visit_id}/acceptance", response_model=VisitAnswer)
async def accept_visit(
    caller: Annotated[Caller, permitted(PERMISSIONS["accept_visit"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    visit_id: UUID,
    body: Acceptance,
) -> Response:
    """Say as a member when the council comes and who of it; again, to change that."""
    plan = Plan(body.starts_at, body.ends_at, body.place_id, tuple(body.member_ids))
    return await _answer(
        db, request_once, lambda tx: commands.accept_visit(tx, visit_id, plan, person=caller.id, now=now)
    )


@router.post("/visits/{visit_id}/declining", response_model=VisitAnswer)
async def decline_visit(
    caller: Annotated[Caller, permitted(PERMISSIONS["decline_visit"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    visit_id: UUID,
    body: Declining,
) -> Response:
    """Say as a member why the council does not come."""
    return await _answer(
        db,
        request_once,
        lambda tx: commands.decline_visit(tx, visit_id, body.reason, body.answer, person=caller.id, now=now),
    )


@router.post("/visits/{visit_id}/cancellation", response_model=VisitAnswer)
async def cancel_visit(
    caller: Annotated[Caller, permitted(PERMISSIONS["cancel_visit"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    visit_id: UUID,
    body: VisitCancellation,
) -> Response:
    """Call a visit off; an initiator takes the words of the invitation back with it."""
    return await _answer(
        db, request_once, lambda tx: commands.cancel_visit(tx, visit_id, body.reason, person=caller.id, now=now)
    )


@router.post("/visits/{visit_id}/visited", response_model=VisitAnswer)
async def say_visited(
    caller: Annotated[Caller, permitted(PERMISSIONS["say_visited"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    visit_id: UUID,
    body: Visited,
) -> Response:
    """Say, from its start on, that the council was there, and which members."""
    return await _answer(
        db, request_once, lambda tx: commands.say_visited(tx, visit_id, body.member_ids, person=caller.id, now=now)
    )


@router.post("/visits/{visit_id}/report", response_model=VisitAnswer)
async def report_visit(
    caller: Annotated[Caller, permitted(PERMISSIONS["report_visit"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    visit_id: UUID,
    body: ReportBody,
) -> Response:
    """Report back, as a member who was there."""
    return await _answer(
        db, request_once, lambda tx: commands.report_visit(tx, visit_id, body.report, person=caller.id, now=now)
    )


@router.put("/visits/{visit_id}/report", response_model=VisitAnswer)
async def amend_report(
    caller: Annotated[Caller, permitted(PERMISSIONS["amend_report"])],
    db: Db,
    now: Now,
    version: IfMatch,
    request_once: OnlyOnce,
    visit_id: UUID,
    body: ReportBody,
) -> Response:
    """Say the report in other words, as a member who was there."""
    return await _answer(
        db,
        request_once,
        lambda tx: commands.amend_report(tx, visit_id, body.report, person=caller.id, version=version, now=now),
    )


@router.get("/visits")
async def list_visits(
    request: Request,
    db: Db,
    initiative: UUID | None = None,
    status: Status | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """Visits, of one initiative or all, the newest invitation first."""
    after = after_id(cursor)
    async with db.transaction() as tx:
        rows = await storage.newest(tx, initiative_id=initiative, status=status, after=after, limit=limit + 1)
    return listed(request, rows, limit, VisitView.of_row)


@router.get("/visits/{visit_id}", response_model=VisitView)
async def read_visit(db: Db, visit_id: UUID) -> Response:
    """One visit."""
    async with db.transaction() as tx:
        view = VisitView.of_row(found(await storage.one(tx, visit_id), "visit", visit_id))
    return JSONResponse(view.model_dump(mode="json"), headers={"ETag": etag(view.version)})
