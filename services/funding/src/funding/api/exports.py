"""Open data: `/exports/{name}`, as CSV or JSON Lines, streamed."""

import csv
import io
import json
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from dorpsplein.database import Database
from dorpsplein.errors import Transient
from dorpsplein.web import Db, found
from funding import storage
from funding.domain.receipts import moment
from funding.storage.exports import EXPORTS, Export

MOST_AT_ONCE = 2
"""An export has a connection to the database for as long as its reader takes; the others are for everyone else."""

router = APIRouter(tags=["exports"])

Format = Literal["csv", "jsonl"]
MEDIA_TYPES: Mapping[Format, str] = {"csv": "text/csv; charset=utf-8; header=present", "jsonl": "application/jsonl"}


class Turns:
    """How many exports may be read at the same time in this process."""

    def __init__(self, most: int) -> None:
        self.left = most

    @contextmanager
    def one(self) -> Iterator[None]:
        """Take a turn. Raises Transient where there is none left."""
        if not self.left:
            raise Transient("other exports are being read at this moment")
        self.left -= 1
        try:
            yield
        finally:
            self.left += 1


TURNS = Turns(MOST_AT_ONCE)


class Streamed(StreamingResponse):
    """An answer in pieces whose source is closed at the end, also where the reader goes away half-way."""

    def __init__(self, first: str, rest: AsyncGenerator[str, None], media_type: str, file_name: str) -> None:
        headers = {"Content-Disposition": f'attachment; filename="{file_name}"'}
        super().__init__(self._pieces(first, rest), headers=headers, media_type=media_type)
        self._rest = rest

    async def _pieces(self, first: str, rest: AsyncGenerator[str, None]) -> AsyncGenerator[str, None]:
        yield first
        async for piece in rest:
            yield piece

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._rest.aclose()


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
    responses={200: {"content": {kind.split(";")[0]: {"schema": {"type": "string"}} for kind in MEDIA_TYPES.values()}}},
)
async def export(
    db: Db,
    name: Annotated[str, Path(json_schema_extra={"enum": list(EXPORTS)})],
    format_: Annotated[Format, Query(alias="format")] = "csv",
) -> Response:
    """Stream an export. Raises NotFound, and Transient while others are being read."""
    pieces = _pieces(db, found(EXPORTS.get(name), "export", name), format_)
    return Streamed(await anext(pieces), pieces, MEDIA_TYPES[format_], f"{name}.{format_}")


async def _pieces(db: Database, export: Export, format_: Format) -> AsyncGenerator[str, None]:
    """The heading, then the rows a batch at a time; the first piece comes once the first rows were read."""
    columns = list(export.columns)
    written = _csv if format_ == "csv" else _jsonl
    piece = _csv(columns, [columns]) if format_ == "csv" else ""
    with TURNS.one():
        async with aclosing(storage.exports.batches(db, export)) as batches:
            async for rows in batches:
                yield piece + written(columns, [[_plain(value) for value in row] for row in rows])
                piece = ""
    if piece or format_ == "jsonl":
        yield piece


def _plain(value: Any) -> Any:
    """A value as it is written: numbers as they are, moments in UTC, ids as text."""
    if isinstance(value, datetime):
        return moment(value)
    return value if value is None or isinstance(value, int) else str(value)


def _csv(_: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _jsonl(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = (json.dumps(dict(zip(columns, row, strict=True)), separators=(",", ":")) for row in rows)
    return "".join(f"{line}\n" for line in lines)
