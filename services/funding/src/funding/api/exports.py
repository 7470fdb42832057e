"""Open data: `/exports/{name}`, as CSV or JSON Lines, streamed."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from dorpsplein.exports import RESPONSES, Format, Turns, exported
from dorpsplein.web import Db, found
from funding.storage.exports import EXPORTS

MOST_AT_ONCE = 2
"""An export has a connection to the database for as long as its reader takes; the others are for everyone else."""

router = APIRouter(tags=["exports"])

TURNS = Turns(MOST_AT_ONCE)


def _described() -> str:
    """The columns of every export, for the description of the API."""
    return "\n\n".join(
        f"**{name}**: " + "; ".join(f"`{column}` {what}" for column, what in export.columns.items()) + "."
        for name, export in EXPORTS.items()
    )


@router.get(
    "/exports/{name}",
    response_model=None,
    description="Open data, as of the moment of asking. No person can be told from it.\n\n" + _described(),
    responses=RESPONSES,
)
async def export(
    request: Request,
    db: Db,
    name: Annotated[str, Path(json_schema_extra={"enum": list(EXPORTS)})],
    format_: Annotated[Format, Query(alias="format")] = "csv",
) -> Response:
    """Stream an export. Raises NotFound, and Transient while others are being read."""
    return await exported(request, db, TURNS, found(EXPORTS.get(name), "export", name), format_, name=name)
