"""Initiatives over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import Field
from uuid_utils.compat import uuid7

from dorpsplein.errors import Invalid
from dorpsplein.fields import Body, Cents, Code, Line, Point, Prose
from dorpsplein.identity import Caller
from dorpsplein.web import (
    Db,
    IfMatch,
    Now,
    OnlyOnce,
    answer_once,
    etag,
    found,
    permitted,
)
from initiatives.api import views
from initiatives.api.settings import Configured
from initiatives.commands import initiatives as commands
from initiatives.domain.challenge import CHALLENGE, INITIATIVE, QUESTIONS
from initiatives.domain.initiative import Content, Spot
from initiatives.permissions import PERMISSIONS
from initiatives.storage import pages
from initiatives.storage.moderation import refuse_hidden

router = APIRouter(tags=["initiatives"])


Kind = Literal["initiative", "challenge"]
Answers = Annotated[dict[Code, Prose], Field(max_length=20)]
"""Answers to the questions of a challenge, by their codes."""


class Proposal(Body):
    """A new initiative; `meansNeededCents` is what it would cost, left out while unknown.

    A `challenge` answers the questions at `GET /initiative-kinds`.
    """

    title: Line
    summary: Prose
    theme: Code
    neighbourhood: Code | None = None
    place: Point | None = None
    means_needed_cents: Cents | None = None
    kind: Kind = "initiative"
    answers: Answers = Field(default_factory=dict)

    def content(self) -> Content:
        """What it says, as the command takes it."""
        return Content(
            self.title,
            self.summary,
            self.theme,
            spot(self.place),
            self.means_needed_cents or 0,
            self.neighbourhood,
            self.kind,
            self.answers,
        )


class Changes(Body):
    """What to change: only fields that are sent count; null takes away place, neighbourhood or means needed.

    Answers of a challenge are replaced together.
    """

    title: Line = ""
    summary: Prose = ""
    theme: Code = ""
    neighbourhood: Code | None = None
    place: Point | None = None
    means_needed_cents: Cents | None = None
    answers: Answers = Field(default_factory=dict)


@router.post("/initiatives", status_code=201, responses={201: {"model": views.initiatives.Initiative}})
async def propose(
    proposal: Proposal,
    caller: Annotated[Caller, permitted(PERMISSIONS["propose"])],
    db: Db,
    now: Now,
    settings: Configured,
    once: OnlyOnce,
) -> Response:
    """Propose an initiative. From the number of supports that is asked at this moment on it counts as supported."""
    return await answer_once(
        db,
        once,
        201,
        lambda tx: commands.propose(
            tx,
            proposal.content(),
            initiative_id=uuid7(),
            initiator=caller.id,
            settings=settings,
            now=now,
        ),
    )


@router.get("/initiative-kinds", responses={200: {"model": views.initiatives.Kinds}})
async def read_kinds() -> Response:
    """The kinds of initiative there are, with the questions each asks in Dutch and in English."""
    questions = [{"code": code, "dutch": nl, "english": en} for code, (nl, en) in QUESTIONS.items()]
    return JSONResponse({"items": [{"kind": INITIATIVE, "questions": []}, {"kind": CHALLENGE, "questions": questions}]})


@router.get("/initiatives/{initiative_id}", responses={200: {"model": views.initiatives.InitiativePage}})
async def read(initiative_id: UUID, db: Db) -> Response:
    """An initiative's whole page."""
    async with db.connection() as connection:
        row = found(await pages.page(connection, initiative_id), "initiative", initiative_id)
        if row["hidden"]:
            await refuse_hidden(connection, "initiative", initiative_id)
    return Response(row["document"], media_type="application/json", headers={"ETag": etag(row["version"])})


@router.patch("/initiatives/{initiative_id}", responses={200: {"model": views.initiatives.Initiative}})
async def edit(
    initiative_id: UUID,
    changes: Changes,
    caller: Annotated[Caller, permitted(PERMISSIONS["edit"])],
    db: Db,
    now: Now,
    version: IfMatch,
) -> Response:
    """Change an initiative; its initiators do, on the newest version. What it said before stays to be read."""
    sent = {name: getattr(changes, name) for name in changes.model_fields_set}
    if "place" in sent:
        sent["place"] = spot(changes.place)
    if "means_needed_cents" in sent:
        sent["means_needed_cents"] = changes.means_needed_cents or 0
    if not sent:
        raise Invalid(
            "nothing-to-change",
            "Send at least one of title, summary, theme, neighbourhood, place, meansNeededCents, answers.",
        )
    async with db.transaction() as tx:
        answer = await commands.edit(tx, initiative_id, sent, person=caller.id, version=version, now=now)
    return JSONResponse(answer, headers={"ETag": etag(answer["version"])})


def spot(point: Point | None) -> Spot | None:
    """The point as the domain has it."""
    return Spot(point.latitude, point.longitude) if point else None
