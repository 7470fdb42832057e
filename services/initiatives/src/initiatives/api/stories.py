"""Stories over HTTP: told, published and retold, never without the original."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field, StrictBool
from uuid_utils.compat import uuid7

from dorpsplein.errors import Invalid
from dorpsplein.fields import Body, Line, Prose
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
from initiatives.api.lists import Cursor, Limit, listed, moment_and_id
from initiatives.api.settings import Configured
from initiatives.api.views import stories as views
from initiatives.commands import stories as commands
from initiatives.domain.stories.story import Story, Words
from initiatives.media.links import Links, links_of
from initiatives.permissions import PERMISSIONS
from initiatives.storage.stories import reading

MOST_PEOPLE = 20
MOST_MEDIA = 10
MOST_CONTRIBUTIONS = 50

router = APIRouter(tags=["stories"])

MediaIds = Annotated[tuple[UUID, ...], Field(max_length=MOST_MEDIA)]
People = Annotated[tuple[UUID, ...], Field(max_length=MOST_PEOPLE, description="Who is in it, by pseudonym.")]
ContributionIds = Annotated[tuple[UUID, ...], Field(max_length=MOST_CONTRIBUTIONS, description="What was used in it.")]


class Telling(Body):
    """A new story. With `mayBeRetold` everyone in it is asked at once whether an alderman may retell it."""

    title: Line
    text: Prose
    media_ids: MediaIds = ()
    people: People = ()
    contribution_ids: ContributionIds = ()
    may_be_retold: StrictBool = False


class StoryChanges(Body):
    """What to change: only fields that are sent count."""

    title: Line = ""
    text: Prose = ""
    media_ids: MediaIds = ()
    people: People = ()
    contribution_ids: ContributionIds = ()


class Retelling(Body):
    """A story in an alderman's own words; it is always shown after the original."""

    title: Line | None = None
    text: Prose
    media_ids: MediaIds = ()


@router.post("/initiatives/{initiative_id}/stories", status_code=201, responses={201: {"model": views.Original}})
async def tell_story(
    initiative_id: UUID,
    telling: Telling,
    caller: Annotated[Caller, permitted(PERMISSIONS["tell_story"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Tell a story about an initiative. Everyone in it is asked first; then its teller can publish it."""
    story = Story(
        uuid7(),
        initiative_id,
        caller.id,
        Words(telling.title, telling.text, _each_once(telling.media_ids)),
        tuple(one for one in _each_once(telling.people) if one != caller.id),
        _each_once(telling.contribution_ids),
    )
    return await answer_once(
        db, once, 201, lambda tx: commands.tell_story(tx, story, may_be_retold=telling.may_be_retold, now=now)
    )


@router.get("/stories", responses={200: {"model": views.StoryList}})
async def list_stories(
    request: Request,
    db: Db,
    initiative: UUID | None = None,
    retold: Annotated[bool | None, Query(description="Only those that were retold, or that were not.")] = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Response:
    """Public stories, the newest first."""
    async with db.connection() as connection:
        rows = await reading.listed(connection, initiative, retold, moment_and_id(cursor), limit + 1)
    return listed(request, rows, limit, "publishedAt")


@router.get("/stories/{story_id}", responses={200: {"model": views.Story}})
async def read_story(story_id: UUID, db: Db, now: Now, settings: Configured) -> Response:
    """A public story: the original, then what was retold of it. A retelling cannot be read in any other way."""
    async with db.connection() as connection:
        row = found(await reading.read(connection, story_id), "story", story_id)
    return _with_links(row, links_of(settings), now)


@router.patch("/stories/{story_id}", responses={200: {"model": views.Original}})
async def edit_story(
    story_id: UUID,
    changes: StoryChanges,
    caller: Annotated[Caller, permitted(PERMISSIONS["edit_story"])],
    db: Db,
    now: Now,
    version: IfMatch,
) -> Response:
    """Change a story; its teller does, on the newest version. With other words everyone in it is asked anew."""
    sent = {name: getattr(changes, name) for name in changes.model_fields_set}
    if not sent:
        raise Invalid("nothing-to-change", "Send at least one of title, text, mediaIds, people, contributionIds.")
    for name in sent.keys() & {"media_ids", "people", "contribution_ids"}:
        sent[name] = _each_once(sent[name])
    if "people" in sent:
        sent["people"] = tuple(one for one in sent["people"] if one != caller.id)
    async with db.transaction() as tx:
        answer = await commands.edit_story(tx, story_id, sent, person=caller.id, version=version, now=now)
    return JSONResponse(answer, headers={"ETag": etag(answer["version"])})


@router.post("/stories/{story_id}/publication", responses={200: {"model": views.Original}})
async def publish_story(
    story_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["publish_story"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Make a story public that everyone in it agrees to; its teller does."""
    return await answer_once(db, once, 200, lambda tx: commands.publish_story(tx, story_id, person=caller.id, now=now))


@router.post("/stories/{story_id}/withdrawal", responses={200: {"model": views.Original}})
async def withdraw_story(
    story_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["withdraw_story"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Take a story back for good; its teller does. Its words are erased, with all that was retold of it."""
    return await answer_once(db, once, 200, lambda tx: commands.withdraw_story(tx, story_id, person=caller.id, now=now))


@router.post("/stories/{story_id}/retellings", status_code=201, responses={201: {"model": views.Retold}})
async def retell_story(
    story_id: UUID,
    retelling: Retelling,
    caller: Annotated[Caller, permitted(PERMISSIONS["retell_story"])],
    db: Db,
    now: Now,
    once: OnlyOnce,
) -> Response:
    """Retell a public story. It can be read as soon as everyone in the story agrees to a retelling."""
    words = Words(retelling.title, retelling.text, _each_once(retelling.media_ids))
    retelling_id = uuid7()
    return await answer_once(
        db,
        once,
        201,
        lambda tx: commands.retell_story(tx, story_id, words, retelling_id=retelling_id, person=caller.id, now=now),
    )


@router.delete("/stories/{story_id}/retellings/{retelling_id}", status_code=204)
async def withdraw_retelling(
    story_id: UUID,
    retelling_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["withdraw_retelling"])],
    db: Db,
    now: Now,
) -> None:
    """Take a retelling back for good; who made it does."""
    async with db.transaction() as tx:
        await commands.withdraw_retelling(tx, story_id, retelling_id, person=caller.id, now=now)


@router.get("/me/stories", responses={200: {"model": views.OwnStories}})
async def list_own_stories(
    request: Request,
    caller: Annotated[Caller, permitted(PERMISSIONS["list_own_stories"])],
    db: Db,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Response:
    """The stories I told, the newest first, with how far each came."""
    async with db.connection() as connection:
        rows = await reading.told_by(connection, caller.id, moment_and_id(cursor), limit + 1)
    return listed(request, rows, limit, "toldAt")


@router.get("/me/stories/{story_id}", responses={200: {"model": views.Preview}})
async def preview_story(
    story_id: UUID,
    caller: Annotated[Caller, permitted(PERMISSIONS["preview_story"])],
    db: Db,
    now: Now,
    settings: Configured,
) -> Response:
    """A story I told, am in, or retold, public or not, with what is asked about it."""
    async with db.connection() as connection:
        row = found(await reading.preview(connection, story_id, caller.id), "story", story_id)
    return _with_links(row, links_of(settings), now)


def _with_links(row: Mapping[str, Any], links: Links, now: datetime) -> Response:
    document = json.loads(row["document"])
    media_ids = [UUID(one) for part in (document["original"], *document["retellings"]) for one in part["mediaIds"]]
    document["media"] = [{"id": str(one), "href": links.link_of(one, now)} for one in _each_once(media_ids)]
    return JSONResponse(document, headers={"ETag": etag(row["version"])})


def _each_once(ids: Sequence[UUID]) -> tuple[UUID, ...]:
    return tuple(dict.fromkeys(ids))
