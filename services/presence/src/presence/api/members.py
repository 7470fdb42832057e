"""Members of the inspiration council over HTTP: asked, joined, left, and what they say they bring."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import AfterValidator, Field, StringConstraints
from uuid_utils.compat import uuid7

from dorpsplein.database import Database, Transaction
from dorpsplein.fields import Body, Code, Moment, Prose, View
from dorpsplein.idempotency import Once
from dorpsplein.identity import Caller, Role
from dorpsplein.web import Db, IfMatch, Now, OnlyOnce, answer_once, etag, found, permitted
from presence.api.lists import Limit, after_id, each_once, listed
from presence.commands import members as commands
from presence.domain import members as domain
from presence.domain.members import EndReason, Kind, LeftHow, Member, MemberFact, Status
from presence.permissions import PERMISSIONS
from presence.storage import members as storage

MOST_THEMES = 10

router = APIRouter(tags=["council"])


class NewMember(Body):
    """Somebody is asked to join: for the core group by an operator, as an inspirator by a core member."""

    person_id: UUID
    kind: Kind
    themes: Annotated[list[Code], Field(max_length=MOST_THEMES, default_factory=list), AfterValidator(each_once)]
    term_from: Moment
    term_until: Moment


class Ending(Body):
    """A membership is ended by others; the reason is public."""

    reason: EndReason


class MemberWords(Body):
    """What a member says they bring; null takes it away."""

    words: Annotated[Prose, StringConstraints(max_length=2_000)] | None


class MemberAnswer(View):
    """A membership, without the words, which are never repeated in the answer to a command."""

    id: UUID
    person_id: UUID
    kind: Kind
    status: Status
    themes: list[str]
    invited_by: UUID
    term_from: datetime
    term_until: datetime
    left_how: LeftHow | None
    ended_why: EndReason | None
    version: int

    @classmethod
    def of(cls, member: Member) -> Self:
        """The view of a member."""
        return cls.model_validate({name: getattr(member, name) for name in cls.model_fields})


class MemberView(MemberAnswer):
    """A member, with what they say they bring."""

    words: str | None


@router.post("/council-members", status_code=201, response_model=MemberAnswer)
async def invite_council_member(
    caller: Annotated[Caller, permitted(PERMISSIONS["invite_council_member"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    body: NewMember,
) -> Response:
    """Ask somebody to join the council; they are told, and say yes or no."""
    member = Member(
        id=uuid7(),
        person_id=body.person_id,
        kind=body.kind,
        themes=tuple(body.themes),
        invited_by=caller.id,
        term_from=body.term_from,
        term_until=body.term_until,
    )

    async def command(tx: Transaction) -> dict[str, Any]:
        added = await commands.invite_member(tx, member, operator=Role.OPERATOR in caller.roles, now=now)
        view = MemberAnswer.of(added).model_dump(mode="json")
        return {**view, "location": f"/v1/council-members/{member.id}"}

    return await answer_once(db, request_once, 201, command)


async def _change(db: Database, once: Once, member_id: UUID, decide: Callable[[Member], MemberFact]) -> Response:
    async def command(tx: Transaction) -> dict[str, Any]:
        return MemberAnswer.of(await commands.change_member(tx, member_id, decide)).model_dump(mode="json")

    return await answer_once(db, once, 200, command)


@router.post("/council-members/{member_id}/acceptance", response_model=MemberAnswer)
async def accept_membership(
    caller: Annotated[Caller, permitted(PERMISSIONS["accept_membership"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    member_id: UUID,
) -> Response:
    """Say yes: you are a member as long as your term lasts."""
    return await _change(db, request_once, member_id, lambda member: domain.accept(member, caller.id, now))


@router.post("/council-members/{member_id}/declining", response_model=MemberAnswer)
async def decline_membership(
    caller: Annotated[Caller, permitted(PERMISSIONS["decline_membership"])],
    db: Db,
    request_once: OnlyOnce,
    member_id: UUID,
) -> Response:
    """Say no: the public is not shown that you were asked."""
    return await _change(db, request_once, member_id, lambda member: domain.decline(member, caller.id))


@router.post("/council-members/{member_id}/taking-back", response_model=MemberAnswer)
async def take_back_membership(
    caller: Annotated[Caller, permitted(PERMISSIONS["take_back_membership"])],
    db: Db,
    request_once: OnlyOnce,
    member_id: UUID,
) -> Response:
    """Take an invitation back that was not answered yet."""
    return await _change(db, request_once, member_id, lambda member: domain.take_back(member, caller.id))


@router.post("/council-members/{member_id}/resignation", response_model=MemberAnswer)
async def resign_membership(
    caller: Annotated[Caller, permitted(PERMISSIONS["resign_membership"])],
    db: Db,
    request_once: OnlyOnce,
    member_id: UUID,
) -> Response:
    """Leave the council before your term is over."""
    return await _change(db, request_once, member_id, lambda member: domain.resign(member, caller.id))


@router.post("/council-members/{member_id}/ending", response_model=MemberAnswer)
async def end_membership(
    caller: Annotated[Caller, permitted(PERMISSIONS["end_membership"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    member_id: UUID,
    body: Ending,
) -> Response:
    """End a membership of another before its term is over, and say why."""
    operator = Role.OPERATOR in caller.roles

    async def command(tx: Transaction) -> dict[str, Any]:
        member = await commands.end_membership(tx, member_id, body.reason, person=caller.id, operator=operator, now=now)
        return MemberAnswer.of(member).model_dump(mode="json")

    return await answer_once(db, request_once, 200, command)


@router.put("/council-members/{member_id}/words", response_model=MemberAnswer)
async def say_member_words(
    caller: Annotated[Caller, permitted(PERMISSIONS["say_member_words"])],
    db: Db,
    version: IfMatch,
    request_once: OnlyOnce,
    member_id: UUID,
    body: MemberWords,
) -> Response:
    """Say in your own words what you bring, or take them away."""

    async def command(tx: Transaction) -> dict[str, Any]:
        member = await commands.say(tx, member_id, body.words, person=caller.id, version=version)
        return MemberAnswer.of(member).model_dump(mode="json")

    return await answer_once(db, request_once, 200, command)


@router.get("/council-members")
async def list_council_members(
    request: Request,
    db: Db,
    status: Status | None = None,
    kind: Kind | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """Who is in the council, was in it, or is asked to join, in the order in which they were asked."""
    after = after_id(cursor)
    async with db.transaction() as tx:
        rows = await storage.listed(tx, status=status, kind=kind, after=after, limit=limit + 1)
    return listed(request, rows, limit, lambda row: MemberView.of(storage.member_of(row)))


@router.get("/council-members/{member_id}", response_model=MemberView)
async def read_council_member(db: Db, member_id: UUID) -> Response:
    """One member."""
    async with db.transaction() as tx:
        view = MemberView.of(found(await storage.one(tx, member_id), "council-member", member_id))
    return JSONResponse(view.model_dump(mode="json"), headers={"ETag": etag(view.version)})
