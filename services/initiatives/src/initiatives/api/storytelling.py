"""What is worth retelling, over HTTP: for storytellers, and for anyone who wants to see how it is chosen."""

from collections.abc import Mapping
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from dorpsplein.web import Db, Now
from initiatives.api.lists import Limit
from initiatives.api.views import stories as views
from initiatives.api.views.consents import Titled
from initiatives.domain.stories.worth import MEANINGS, Worth, since, worth_retelling
from initiatives.storage.stories import reading

router = APIRouter(tags=["stories"])


@router.get("/stories/worth-retelling", responses={200: {"model": views.WorthRetelling}})
async def list_worth_retelling(db: Db, now: Now, limit: Limit = 20) -> Response:
    """What is worth retelling this week, from facts of the last seven days, each with its reasons and their weights."""
    async with db.connection() as connection:
        happened = await reading.happened(connection, since(now))
        about = sorted({fact.initiative_id for fact in happened})
        ranked = worth_retelling(happened, await reading.candidates(connection, about, since(now)), now)[:limit]
        titles = await reading.titles(
            connection, [one.initiative_id for one in ranked], [one.story_id for one in ranked if one.story_id]
        )
    answer = views.WorthRetelling(until=now, items=[_worth(one, titles) for one in ranked])
    return Response(answer.model_dump_json(), media_type="application/json")


def _worth(worth: Worth, titles: Mapping[UUID, str]) -> views.Worth:
    story = worth.story_id
    return views.Worth(
        kind="story" if story else "initiative",
        initiative=Titled(id=worth.initiative_id, title=titles.get(worth.initiative_id)),
        story=Titled(id=story, title=titles.get(story)) if story else None,
        score=worth.score,
        reasons=[
            views.Because(
                code=reason,
                weight=MEANINGS[reason].weight,
                at=at,
                sentence=views.Sentence(nl=MEANINGS[reason].nl, en=MEANINGS[reason].en),
            )
            for reason, at in worth.reasons
        ],
    )
