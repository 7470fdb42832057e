"""Imports of places over HTTP: a file is sent, and read while one looks how far it is."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from uuid_utils.compat import uuid7

from dorpsplein.database import Transaction
from dorpsplein.errors import Invalid, NotTaken
from dorpsplein.fields import View
from dorpsplein.identity import Caller
from dorpsplein.web import Db, Now, OnlyOnce, answer_once, found, permitted
from presence.domain.place_imports import Format, ImportStatus
from presence.permissions import PERMISSIONS
from presence.storage import place_imports as storage

MOST_FILE_BYTES = 20_000_000
FORMATS: Mapping[str, Format] = {"application/geo+json": Format.GEOJSON, "text/csv": Format.CSV}
FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": f"A file (UTF-8) of at most {MOST_FILE_BYTES} bytes.",
        "content": {kind: {"schema": {"type": "string"}} for kind in FORMATS},
    }
}

router = APIRouter(tags=["places"])


class FaultView(View):
    """What is wrong, and in which `line` (CSV) or `feature` (GeoJSON, from 0); without either, with the whole file."""

    line: int | None
    feature: int | None
    pointer: str
    code: str
    detail: str


class ImportView(View):
    """How far an import is: `read` of `total` were checked, `written` are brought in.

    What is written is seen all at once, when it is `done`; then `added`, `changed` and `already` (there, and told the
    same) say what came of it. One that is `refused` changed nothing, and has `faults`, and `moreFaults` that are only
    counted.
    """

    id: UUID
    sent_by: UUID
    sent_at: datetime
    format: Format
    status: ImportStatus
    total: int | None
    read: int
    written: int
    added: int
    changed: int
    already: int
    faults: list[FaultView]
    more_faults: int
    ended_at: datetime | None
    location: str

    @classmethod
    def of(cls, row: asyncpg.Record) -> Self:
        """The view of an import's row."""
        columns = {name: row[name] for name in cls.model_fields if name not in {"faults", "location"}}
        return cls(**columns, faults=json.loads(row["faults"]), location=f"/v1/place-imports/{row['id']}")


@router.post("/place-imports", status_code=202, response_model=ImportView, openapi_extra=FILE)
async def import_places(
    request: Request,
    caller: Annotated[Caller, permitted(PERMISSIONS["import_places"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
) -> Response:
    """Send a file of places: all are brought in, or none where anything is wrong. The same again changes nothing.

    A CSV has a header, in any order: `name`, `address`, `kind`, `latitude`, `longitude`, and where known
    `neighbourhood`, `host`, `capacity`, `stepFree`, `hearingLoop`, `quietRoom` (yes or no) and a column a day, `mo` to
    `su`, with opening hours such as `09:00-12:00 13:00-17:30`. Features have the properties that a place is added with.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in FORMATS:
        raise NotTaken("type-not-taken", f"Send {' or '.join(FORMATS)} as Content-Type.")
    content = await request.body()
    if not content:
        raise Invalid("file-missing", "Send the file itself as the body.")

    async def command(tx: Transaction) -> dict[str, Any]:
        row = await storage.add(tx, uuid7(), caller.id, now, FORMATS[kind], content)
        return ImportView.of(row).model_dump(mode="json")

    return await answer_once(db, request_once, 202, command)


@router.get("/place-imports/{import_id}", response_model=ImportView)
async def read_place_import(
    _: Annotated[Caller, permitted(PERMISSIONS["read_place_import"])], db: Db, import_id: UUID
) -> Response:
    """How far an import is, or what came of it."""
    async with db.transaction() as tx:
        view = ImportView.of(found(await storage.one(tx, import_id), "place-import", import_id))
    return JSONResponse(view.model_dump(mode="json"), headers={"Cache-Control": "no-store"})
