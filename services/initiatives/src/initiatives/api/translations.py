"""English captions over HTTP: written by people, part by part."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import StringConstraints

from dorpsplein.fields import Body, Prose
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, etag, permitted
from initiatives.api.views import dreams as views
from initiatives.commands import translating as commands
from initiatives.domain.dreams.storyboard import MOST_WORDS
from initiatives.permissions import PERMISSIONS

router = APIRouter(tags=["dream visions"])


class English(Body):
    """What a part says, in English."""

    words: Annotated[Prose, StringConstraints(max_length=MOST_WORDS)]


@router.put("/scene-parts/{part_id}/english", responses={200: {"model": views.DreamAnswer}})
async def write_english(
    part_id: UUID,
    english: English,
    caller: Annotated[Caller, permitted(PERMISSIONS["write_english"])],
    db: Db,
    now: Now,
) -> Response:
    """Say in English what a part says: on the page at once, in the captions of the next film."""
    async with db.transaction() as tx:
        answer = await commands.write_english(tx, part_id, english.words, person=caller.id, now=now)
    return JSONResponse(answer, headers={"ETag": etag(answer["version"])})


@router.delete("/scene-parts/{part_id}/english", responses={200: {"model": views.DreamAnswer}})
async def take_english_away(
    part_id: UUID, caller: Annotated[Caller, permitted(PERMISSIONS["take_english_away"])], db: Db, now: Now
) -> Response:
    """Take the English of a part away: from the page at once, from the captions with the next film."""
    async with db.transaction() as tx:
        answer = await commands.take_english_away(tx, part_id, person=caller.id, now=now)
    return JSONResponse(answer, headers={"ETag": etag(answer["version"])})
