"""Storyboards over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import Field, StringConstraints
from uuid_utils.compat import uuid7

from dorpsplein.errors import Invalid
from dorpsplein.fields import Body, Code, Line
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, OnlyOnce, answer_once, etag, found, permitted
from initiatives.api.views import dreams as views
from initiatives.commands import dreams as commands
from initiatives.domain.dreams.storyboard import MOST_SCENES, Scene
from initiatives.permissions import PERMISSIONS
from initiatives.storage import dream_pages as pages
from initiatives.storage.moderation import refuse_hidden

router = APIRouter(tags=["dream visions"])

Heading = Annotated[Line, StringConstraints(max_length=100)]


class NewScene(Body):
    """A scene that residents are to fill: what it is about, what belongs in it, and whose experience it needs."""

    heading: Heading
    question: Line
    experience: Annotated[
        Code | None, Field(description="The topic of the lived experience that is asked for, if any.")
    ] = None
    heading_english: Annotated[Heading | None, Field(description="The heading in English, written by a person.")] = None


class SceneChanges(Body):
    """What to change: only fields that are sent count; null takes a question for lived experience, or English, away.

    With another heading the English one goes as well, unless it is sent along.
    """

    heading: Heading = ""
    question: Line = ""
    experience: Code | None = None
    heading_english: Heading | None = None


class Order(Body):
    """All scenes in the order they are to come in."""

    scene_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_SCENES)]


class Filling(Body):
    """A contribution to use in a scene. `named`: who brings in their own wants to be named in the credits."""

    contribution_id: UUID
    named: Annotated[bool, Field(strict=True)] = False


@router.post("/initiatives/{initiative_id}/dream", status_code=201, responses={201: {"model": views.DreamAnswer}})
async def open_storyboard(
    initiative_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["open_storyboard"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Open the storyboard of an initiative in co-creation: from here on residents fill its dream vision."""
    return await answer_once(
        db,
        once,
        201,
        lambda tx: commands.open_storyboard(tx, initiative_id, dream_id=uuid7(), person=caller.id, now=now),
    )


@router.get("/dreams/{dream_id}", responses={200: {"model": views.Dream}})
async def read_dream(dream_id: UUID, db: Db) -> Response:
    """A storyboard: its scenes in order, what fills them, and which are open."""
    async with db.connection() as connection:
        row = found(await pages.board(connection, dream_id), "dream", dream_id)
        await refuse_hidden(connection, "initiative", row["initiative_id"])
    return Response(row["document"], media_type="application/json", headers={"ETag": etag(row["version"])})


@router.post("/dreams/{dream_id}/scenes", status_code=201, responses={201: {"model": views.DreamAnswer}})
async def add_scene(
    dream_id: UUID,
    sent: NewScene,
    caller: Annotated[Caller, permitted(PERMISSIONS["add_scene"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Add a scene at the end; it is open until residents fill it."""
    scene = Scene(uuid7(), sent.heading, sent.question, sent.experience, sent.heading_english)
    return await answer_once(
        db, once, 201, lambda tx: commands.add_scene(tx, dream_id, scene, person=caller.id, now=now)
    )


@router.patch("/dreams/{dream_id}/scenes/{scene_id}", responses={200: {"model": views.DreamAnswer}})
async def change_scene(
    dream_id: UUID,
    scene_id: UUID,
    changes: SceneChanges,
    caller: Annotated[Caller, permitted(PERMISSIONS["change_scene"])],
    db: Db,
    now: Now,
) -> Response:
    """Let a scene say or ask something else."""
    sent = {name: getattr(changes, name) for name in changes.model_fields_set}
    if not sent:
        raise Invalid("nothing-to-change", "Send at least one of heading, question, experience, headingEnglish.")
    async with db.transaction() as tx:
        answer = await commands.change_scene(tx, dream_id, scene_id, sent, person=caller.id, now=now)
    return JSONResponse(answer, headers={"ETag": etag(answer["version"])})


@router.delete("/dreams/{dream_id}/scenes/{scene_id}", responses={200: {"model": views.DreamAnswer}})
async def remove_scene(
    dream_id: UUID,
    scene_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["remove_scene"])],
    db: Db,
    now: Now,
) -> Response:
    """Take a scene out of the storyboard; what filled it stays a contribution."""
    async with db.transaction() as tx:
        answer = await commands.remove_scene(tx, dream_id, scene_id, person=caller.id, now=now)
    return JSONResponse(answer, headers={"ETag": etag(answer["version"])})


@router.put("/dreams/{dream_id}/order", responses={200: {"model": views.DreamAnswer}})
async def order_scenes(
    dream_id: UUID,
    order: Order,
    caller: Annotated[Caller, permitted(PERMISSIONS["order_scenes"])],
    db: Db,
    now: Now,
) -> Response:
    """Put the scenes in another order; doing it again changes nothing."""
    async with db.transaction() as tx:
        answer = await commands.reorder(tx, dream_id, order.scene_ids, person=caller.id, now=now)
    return JSONResponse(answer, headers={"ETag": etag(answer["version"])})


@router.post("/scenes/{scene_id}/parts", status_code=201, responses={201: {"model": views.DreamAnswer}})
async def fill_scene(
    scene_id: UUID,
    filling: Filling,
    caller: Annotated[Caller, permitted(PERMISSIONS["fill_scene"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Fill a scene with a contribution. It is shown once its contributor agrees; with one's own, at once."""
    return await answer_once(
        db,
        once,
        201,
        lambda tx: commands.fill(
            tx,
            scene_id,
            filling.contribution_id,
            part_id=uuid7(),
            named=filling.named,
            person=caller.id,
            now=now,
        ),
    )


@router.get("/scene-parts/{part_id}", responses={200: {"model": views.PartInScene}})
async def read_part(part_id: UUID, db: Db) -> Response:
    """A part and the scene it is in: what its contributor is asked to agree to."""
    async with db.connection() as connection:
        document = found(await pages.part(connection, part_id), "part", part_id)
    return Response(document, media_type="application/json")


@router.delete("/scene-parts/{part_id}", responses={200: {"model": views.DreamAnswer}})
async def clear_part(
    part_id: UUID, caller: Annotated[Caller, permitted(PERMISSIONS["clear_part"])], db: Db, now: Now
) -> Response:
    """Take a part out of its scene."""
    async with db.transaction() as tx:
        answer = await commands.clear(tx, part_id, person=caller.id, now=now)
    return JSONResponse(answer, headers={"ETag": etag(answer["version"])})
