"""Open data: the rows of a query as CSV or JSON Lines, streamed, in constant memory however much there is."""

import csv
import io
import json
import re
import zlib
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import asyncpg
from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from dorpsplein.database import Database
from dorpsplein.errors import Transient

BATCH = 500
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that a spreadsheet would take for a formula (OWASP, CSV Injection)."""

TAKES_GZIP = re.compile(r"\s*gzip\s*(;\s*q=(1|1?\.0*|0?\.\d*[1-9]\d*))?\s*", re.IGNORECASE)
"""One coding a reader takes, unless at the quality 0."""

Format = Literal["csv", "jsonl"]
MEDIA_TYPES: Mapping[Format, str] = {"csv": "text/csv; charset=utf-8; header=present", "jsonl": "application/jsonl"}
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind.split(";")[0]: {"schema": {"type": "string"}} for kind in MEDIA_TYPES.values()}}
}
"""What the description of an API says of an export."""


@dataclass(frozen=True, slots=True)
class Export:
    """One set of open data: what its columns say, in their order, and the query that gives them."""

    columns: Mapping[str, str]
    query: str


class Turns:
    """How many exports may be read at the same time in this process: each has a connection as long as it is read."""

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


class Streamed(StreamingResponse):
    """An answer in pieces whose source is closed at the end, also where the reader goes away half-way."""

    def __init__(self, first: bytes, rest: AsyncGenerator[bytes, None], media_type: str, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        super().__init__(self._pieces(first, rest), headers=named, media_type=media_type)
        self._rest = rest

    async def _pieces(self, first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        yield first
        async for piece in rest:
            yield piece

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._rest.aclose()


async def exported(
    request: Request,
    database: Database,
    turns: Turns,
    export: Export,
    format_: Format,
    *,
    name: str,
    arguments: Sequence[Any] = (),
) -> Streamed:
    """Stream an export, in a file called after `name`; zipped where the reader takes that.

    Raises Transient where no turn is left or the database is away.
    """
    headers = {"Content_Disposition": f'attachment; filename="{name}.{format_}"', "Vary": "Accept-Encoding"}
    pieces = _written(database, turns, export, format_, arguments)
    if any(TAKES_GZIP.fullmatch(coding) for coding in request.headers.get("Accept-Encoding", "").split(",")):
        headers["Content_Encoding"] = "gzip"
        pieces = _zipped(pieces)
    return Streamed(await anext(pieces), pieces, MEDIA_TYPES[format_], **headers)


async def batches(
    database: Database, export: Export, arguments: Sequence[Any] = ()
) -> AsyncGenerator[list[asyncpg.Record], None]:
    """The rows of an export as of one moment, some hundreds at a time, however many there are.

    A connection is taken until the last row was read or the iterator is closed. Raises Transient.
    """
    async with database.transaction() as tx:
        await tx.execute("set transaction read only")
        cursor = await tx.connection.cursor(export.query, *arguments)
        while rows := await cursor.fetch(BATCH):
            yield rows


async def _written(
    database: Database, turns: Turns, export: Export, format_: Format, arguments: Sequence[Any]
) -> AsyncGenerator[bytes, None]:
    """The heading, then the rows a batch at a time; the first piece comes once the first rows were read."""
    columns = list(export.columns)
    write: Callable[[Sequence[str], Sequence[Sequence[Any]]], str] = _csv if format_ == "csv" else _jsonl
    piece = _csv(columns, [columns]) if format_ == "csv" else ""
    with turns.one():
        async with aclosing(batches(database, export, arguments)) as read:
            async for rows in read:
                yield (piece + write(columns, [[_plain(value) for value in row] for row in rows])).encode()
                piece = ""
    if piece or format_ == "jsonl":
        yield piece.encode()


async def _zipped(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """The same, as gzip; every piece is on its way before the next is made."""
    zipping = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    async with aclosing(pieces):
        async for piece in pieces:
            yield zipping.compress(piece) + zipping.flush(zlib.Z_SYNC_FLUSH)
    yield zipping.flush()


def _plain(value: Any) -> Any:
    """A value as it is written: numbers as they are, moments in UTC with microseconds, anything else as text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return value if value is None or isinstance(value, int | float) else str(value)


def _csv(_: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([[_harmless(value) for value in row] for row in rows])
    return text.getvalue()


def _harmless(value: Any) -> Any:
    """A value that no spreadsheet takes for a formula: an apostrophe goes before a text that could be one."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _jsonl(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = (json.dumps(dict(zip(columns, row, strict=True)), separators=(",", ":")) for row in rows)
    return "".join(f"{line}\n" for line in lines)
