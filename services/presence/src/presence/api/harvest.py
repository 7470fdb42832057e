"""What a session yielded, over HTTP."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field, StringConstraints
from uuid_utils.compat import uuid7

from dorpsplein.database import Transaction
from dorpsplein.fields import Body, Prose, View
from dorpsplein.identity import Caller, Role
from dorpsplein.web import Db, Now, OnlyOnce, answer_once, found, permitted
from presence.api.lists import Limit, after_id, listed
from presence.api.sessions import SessionView
from presence.commands import sessions as commands
from presence.domain.consent import Consent
from presence.domain.harvest import HarvestLine
from presence.permissions import PERMISSIONS
from presence.storage import harvest as storage
from presence.storage import sessions as stored_sessions

MOST_AT_ONCE = 200

router = APIRouter(tags=["sessions"])


class NewLine(Body):
    """One thing a session yielded, for an initiative or for none yet, with as much as its teller consents to.

    `contributorId`: the teller's own id as they gave it, with consent `named` only. `id` may be the sender's own: the
    same line again is then no second line.
    """

    id: UUID | None = None
    words: Annotated[Prose, StringConstraints(max_length=4_000)] | None = None
    initiative_id: UUID | None = None
    consent: Consent
    contributor_id: UUID | None = None

    def noted(self, session_id: UUID, noted_by: UUID) -> HarvestLine:
        """The line, as somebody notes it of a session."""
        return HarvestLine(
            id=self.id or uuid7(),
            session_id=session_id,
            noted_by=noted_by,
            consent=self.consent,
            initiative_id=self.initiative_id,
            words=self.words,
            contributor_id=self.contributor_id,
        )


class Harvest(Body):
    """What a session yielded, or more of it."""

    lines: list[NewLine] = Field(min_length=1, max_length=MOST_AT_ONCE)


class HarvestAnswer(SessionView):
    """The session after a harvest; `lineIds` are those of the lines that were sent, in order."""

    line_ids: list[UUID]


class WithdrawnLine(View):
    """A line without its words, which are never repeated in the answer to a command."""

    id: UUID
    session_id: UUID
    initiative_id: UUID | None
    consent: Consent
    withdrawn: bool
    version: int


class LineView(View):
    """A line of a harvest as its teller shares it."""

    id: UUID
    initiative_id: UUID | None
    words: str
    consent: Consent
    contributor_id: UUID | None
    noted_at: datetime

    @classmethod
    def of_row(cls, row: asyncpg.Record) -> Self:
        """The view of a line's row."""
        return cls.model_validate({name: row[name] for name in cls.model_fields})


@router.post("/sessions/{session_id}/harvest", response_model=HarvestAnswer)
async def bring_in_harvest(
    caller: Annotated[Caller, permitted(PERMISSIONS["bring_in_harvest"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    session_id: UUID,
    body: Harvest,
) -> Response:
    """Bring in what a session yielded, as its host or scribe, or more of it later: all lines, or none."""
    lines = [line.noted(session_id, caller.id) for line in body.lines]

    async def command(tx: Transaction) -> dict[str, Any]:
        session = await commands.bring_in(tx, session_id, lines, person=caller.id, now=now)
        return HarvestAnswer.of(session, line_ids=[line.id for line in lines]).model_dump(mode="json")

    return await answer_once(db, request_once, 200, command)


@router.get("/sessions/{session_id}/harvest")
async def list_harvest(
    request: Request, db: Db, session_id: UUID, cursor: str | None = None, limit: Limit = 50
) -> Response:
    """What a session yielded, as far as its tellers share it."""
    after = after_id(cursor)
    async with db.transaction() as tx:
        rows = await storage.of_session(tx, session_id, after=after, limit=limit + 1)
        if not rows:
            found(await stored_sessions.one(tx, session_id), "session", session_id)
    return listed(request, rows, limit, LineView.of_row)


@router.post("/harvest-lines/{line_id}/consent-withdrawal", response_model=WithdrawnLine)
async def withdraw_line_consent(
    caller: Annotated[Caller, permitted(PERMISSIONS["withdraw_line_consent"])],
    db: Db,
    request_once: OnlyOnce,
    line_id: UUID,
) -> Response:
    """Take consent back: words and name are erased here, and by a tombstone everywhere."""
    for_anyone = Role.OPERATOR in caller.roles

    async def command(tx: Transaction) -> dict[str, Any]:
        line = await commands.withdraw_consent(tx, line_id, caller.id, for_anyone=for_anyone)
        view = WithdrawnLine.model_validate({name: getattr(line, name) for name in WithdrawnLine.model_fields})
        return view.model_dump(mode="json")

    return await answer_once(db, request_once, 200, command)
