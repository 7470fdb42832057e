"""What came of it, over HTTP."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from dorpsplein.web import Db, Someone, found, page, to_cursor
from initiatives.api.lists import Cursor, moment_and_id
from initiatives.api.views import lineage as views
from initiatives.domain.lineage import ThingKind
from initiatives.storage import lineage as storage
from initiatives.storage.lineage import Lineage

if TYPE_CHECKING:
    from dorpsplein.database import Connection

MOST_AT_ONCE = 20

router = APIRouter(tags=["lineage"])


@router.get("/contributions/{contribution_id}/lineage", responses={200: {"model": views.Lineage}})
async def read_lineage(contribution_id: UUID, db: Db) -> Response:
    """All that came of a contribution, in the order it came about: a graph, as hops and the things they join."""
    async with db.connection() as connection:
        lineage = found(await storage.of_contribution(connection, contribution_id), "contribution", contribution_id)
        (shown,) = await _shown(connection, [lineage])
    return JSONResponse(shown)


@router.get("/me/lineage", responses={200: {"model": views.LineageList}})
async def read_own_lineage(
    request: Request,
    caller: Someone,
    db: Db,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=MOST_AT_ONCE)] = MOST_AT_ONCE,
) -> Response:
    """What came of what I brought in, the newest contribution first, of each the newest hops first."""
    async with db.connection() as connection:
        lineages = await storage.of_person(connection, caller.id, moment_and_id(cursor), limit + 1)
        shown = await _shown(connection, lineages[:limit])
    last = lineages[limit - 1] if len(lineages) > limit else None
    return page(request, shown, to_cursor(last.offered_at, last.contribution_id) if last else None)


async def _shown(connection: "Connection", lineages: Sequence[Lineage]) -> list[dict[str, Any]]:
    things = [_things(lineage) for lineage in lineages]
    titles = await storage.titles(connection, set().union(*things))
    return [
        {
            "contributionId": str(lineage.contribution_id),
            "offeredAt": lineage.offered_at.isoformat(),
            "hops": lineage.hops,
            "things": [_thing(*thing, titles.get(thing)) for thing in sorted(ends)],
            "more": lineage.more,
        }
        for lineage, ends in zip(lineages, things, strict=True)
    ]


def _things(lineage: Lineage) -> set[tuple[ThingKind, UUID]]:
    ends = {(hop[end]["kind"], UUID(hop[end]["id"])) for hop in lineage.hops for end in ("from", "to")}
    return {("contribution", lineage.contribution_id), *ends}


def _thing(kind: ThingKind, thing_id: UUID, named: Any) -> dict[str, Any]:
    title, gone = (named["title"], named["gone"]) if named else (None, None)
    return {"kind": kind, "id": str(thing_id), "title": title, "gone": gone}
