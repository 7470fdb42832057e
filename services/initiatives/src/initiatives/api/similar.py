"""What is alike, over HTTP: offered while somebody writes, and beside an initiative afterwards."""

import json
import re
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field, StringConstraints

from dorpsplein.database import Database
from dorpsplein.fields import Body, Code, Line, Near, Prose, point_of
from dorpsplein.web import Db, found
from initiatives.api import views
from initiatives.domain.initiative import Spot
from initiatives.domain.similar import Likeness, ranked
from initiatives.storage import similar as storage

MOST_SIMILAR = 10
MOST_WORDS = 100
"""What is looked at of a title and a summary."""

router = APIRouter(tags=["search"])


class Written(Body, extra="ignore"):
    """What somebody has written so far."""

    title: Line
    summary: Annotated[Prose, StringConstraints(max_length=2_000)] | None = None
    theme: Code | None = None
    near: Near | None = Field(None, description="A point, as latitude,longitude.")


@router.get("/initiatives/similar", responses={200: {"model": views.search.SimilarList}})
async def find_similar(db: Db, written: Annotated[Written, Query()]) -> Response:
    """Which initiatives are like what you are writing, and why; those that are over are left out."""
    point = point_of(written.near) if written.near else None
    spot = Spot(point.latitude, point.longitude) if point else None
    words = _words(written.title, written.summary or "")
    return await _alike(db, storage.Asked(written.title, _words(written.title), words, written.theme, spot))


@router.get("/initiatives/{initiative_id}/similar", responses={200: {"model": views.search.SimilarList}})
async def list_similar(db: Db, initiative_id: UUID) -> Response:
    """Which initiatives are like this one, and why; those that are over are left out."""
    async with db.connection() as connection:
        row = found(await storage.written(connection, initiative_id), "initiative", initiative_id)
    spot = Spot(row["latitude"], row["longitude"]) if row["latitude"] is not None else None
    words = _words(row["title"], row["summary"])
    asked = storage.Asked(row["title"], _words(row["title"]), words, row["theme"], spot, besides=initiative_id)
    return await _alike(db, asked)


async def _alike(db: Database, asked: storage.Asked) -> Response:
    async with db.connection() as connection:
        known = await storage.lexemes(connection, asked.words)
        candidates = await storage.candidates(connection, asked, known)
        words = {lexeme: one.word for lexeme, one in known.items()}
        share = {lexeme: one.share for lexeme, one in known.items() if one.share is not None}
        alike = ranked(candidates, words, share, MOST_SIMILAR)
        documents = await storage.documents(connection, [one.id for one in alike])
    items = ",".join(_item(one, documents[one.id]) for one in alike if one.id in documents)
    return Response(f'{{"items":[{items}]}}', media_type="application/json")


def _item(likeness: Likeness, document: str) -> str:
    because = views.search.Because(
        words=list(likeness.words),
        title=likeness.title,
        distance_meters=likeness.distance_m,
        same_theme=likeness.same_theme,
    )
    return f'{{"initiative":{document},"score":{json.dumps(likeness.score)},"because":{because.model_dump_json()}}}'


def _words(*texts: str) -> Sequence[str]:
    """The different words of texts, in their order."""
    words = (word for text in texts for word in re.findall(r"\w+", text.lower()))
    return list(dict.fromkeys(words))[:MOST_WORDS]
