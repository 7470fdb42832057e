"""Encounters over HTTP, one by one or a batch that was kept while there was no signal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field, StringConstraints, ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from uuid_utils.compat import uuid7

from dorpsplein.database import Transaction
from dorpsplein.errors import Rejected
from dorpsplein.fields import Body, Code, Prose, View
from dorpsplein.identity import Caller, Role
from dorpsplein.web import Db, Now, OnlyOnce, answer_once, etag, faults_document, found, permitted, rejection_document
from presence.api.lists import Limit, after_id, listed
from presence.commands import encounters as commands
from presence.domain import encounters as domain
from presence.domain.consent import Consent
from presence.permissions import PERMISSIONS
from presence.storage import encounters as storage

MOST_ITEMS = 200

router = APIRouter(tags=["encounters"])


class NewEncounter(Body):
    """A talk. `id` may be the client's own: noting it again under the same id is no second talk."""

    id: UUID | None = None
    theme: Code
    consent: Consent
    place_id: UUID | None = None
    initiative_id: UUID | None = None
    words: Annotated[Prose, StringConstraints(max_length=4_000)] | None = None
    contributor_id: UUID | None = None

    def note(self, noted_by: UUID) -> domain.Note:
        """The command to note this talk."""
        return domain.Note(
            id=self.id or uuid7(),
            noted_by=noted_by,
            theme=self.theme,
            consent=self.consent,
            place_id=self.place_id,
            initiative_id=self.initiative_id,
            words=self.words,
            contributor_id=self.contributor_id,
        )


class KeptEncounter(NewEncounter):
    """A talk that was kept by the client, under its own id."""

    id: UUID


@dataclass(frozen=True)
class NotReadable:
    """An item of a batch that is no `KeptEncounter`, with its faults and its id as it was written."""

    id: str | None
    faults: Sequence[Any]


def _or_its_faults(item: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(item)
    except ValidationError as fault:
        written = item.get("id") if isinstance(item, dict) else None
        shown = written[:100] if isinstance(written, str) and written.isprintable() else None
        return NotReadable(shown, fault.errors(include_url=False, include_context=False, include_input=False))


class Batch(Body):
    """Talks that were kept. Each is read on its own: one that is not valid does not stop the others."""

    items: Annotated[
        list[Annotated[KeptEncounter, WrapValidator(_or_its_faults)]], Field(min_length=1, max_length=MOST_ITEMS)
    ]

    @property
    def read(self) -> Sequence[KeptEncounter | NotReadable]:
        """The items as they could be read, in order."""
        return self.items


class EncounterView(View):
    """A talk without its words, which are never repeated in the answer to a command."""

    id: UUID
    noted_by: UUID
    noted_at: datetime
    theme: str
    consent: str
    place_id: UUID | None
    initiative_id: UUID | None
    withdrawn: bool
    version: int

    @classmethod
    def of(cls, encounter: domain.Encounter, **more: Any) -> Self:
        """The view of an encounter."""
        note = encounter.note
        return cls(
            id=note.id,
            noted_by=note.noted_by,
            noted_at=encounter.noted_at,
            theme=note.theme,
            consent=note.consent,
            place_id=note.place_id,
            initiative_id=note.initiative_id,
            withdrawn=encounter.withdrawn,
            version=encounter.version,
            **more,
        )


class WholeEncounterView(EncounterView):
    """A talk as who noted or told it sees it."""

    words: str | None
    contributor_id: UUID | None
    initiative_title: str | None

    @classmethod
    def of_row(cls, row: asyncpg.Record) -> Self:
        """The view of an encounter's row."""
        return cls.of(
            storage.encounter_of(row),
            words=row["words"],
            contributor_id=row["contributor_id"],
            initiative_title=row["initiative_title"],
        )


@router.post("/encounters", status_code=201, response_model=EncounterView)
async def note_encounter(
    caller: Annotated[Caller, permitted(PERMISSIONS["note_encounter"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    body: NewEncounter,
) -> Response:
    """Note a talk with as much as its teller consents to. The same id again answers the same."""
    note = body.note(caller.id)

    async def command(tx: Transaction) -> dict[str, Any]:
        view = EncounterView.of(await commands.note_encounter(tx, note, now=now))
        return {**view.model_dump(mode="json"), "location": f"/v1/encounters/{view.id}"}

    return await answer_once(db, request_once, 201, command)


@router.post("/encounters/batch")
async def note_encounters(
    caller: Annotated[Caller, permitted(PERMISSIONS["note_encounters"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    body: Batch,
) -> Response:
    """Note talks kept without signal: in any order, any number of times, one effect and one result each.

    A result is `noted`, `already-noted`, or `refused` with its problem.
    """
    notes = [item.note(caller.id) for item in body.read if isinstance(item, KeptEncounter)]

    async def command(tx: Transaction) -> dict[str, Any]:
        answers = iter(await commands.note_encounters(tx, notes, now=now))
        return {
            "items": [
                _not_readable(place, item) if isinstance(item, NotReadable) else _result(item.id, next(answers))
                for place, item in enumerate(body.read)
            ]
        }

    return await answer_once(db, request_once, 200, command)


def _not_readable(place: int, item: NotReadable) -> dict[str, Any]:
    faults = [{**fault, "loc": ("body", "items", place, *fault["loc"])} for fault in item.faults]
    return {"id": item.id, "result": "refused", "problem": faults_document(faults)}


def _result(encounter_id: UUID, answer: commands.Noted | Rejected) -> dict[str, Any]:
    if isinstance(answer, Rejected):
        return {"id": str(encounter_id), "result": "refused", "problem": rejection_document(answer)}
    view = EncounterView.of(answer.encounter).model_dump(mode="json")
    return {"id": str(encounter_id), "result": "already-noted" if answer.already else "noted", "encounter": view}


@router.get("/encounters/mine")
async def list_own_encounters(
    request: Request,
    caller: Annotated[Caller, permitted(PERMISSIONS["list_own_encounters"])],
    db: Db,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """The talks the caller noted, the newest first."""
    after = after_id(cursor)
    async with db.transaction() as tx:
        rows = await storage.own(tx, caller.id, after=after, limit=limit + 1)
    return listed(request, rows, limit, WholeEncounterView.of_row)


@router.get("/encounters/{encounter_id}", response_model=WholeEncounterView)
async def read_encounter(
    caller: Annotated[Caller, permitted(PERMISSIONS["read_encounter"])], db: Db, encounter_id: UUID
) -> Response:
    """One talk, for who noted or told it."""
    async with db.transaction() as tx:
        row = found(await storage.one(tx, encounter_id), "encounter", encounter_id)
    domain.only_for_its_people(storage.encounter_of(row), caller.id)
    view = WholeEncounterView.of_row(row)
    return JSONResponse(view.model_dump(mode="json"), headers={"ETag": etag(view.version)})


@router.post("/encounters/{encounter_id}/consent-withdrawal", response_model=EncounterView)
async def withdraw_consent(
    caller: Annotated[Caller, permitted(PERMISSIONS["withdraw_consent"])],
    db: Db,
    request_once: OnlyOnce,
    encounter_id: UUID,
) -> Response:
    """Take consent back: words and name are erased here, and by a tombstone everywhere."""
    for_anyone = Role.OPERATOR in caller.roles

    async def command(tx: Transaction) -> dict[str, Any]:
        encounter = await commands.withdraw_consent(tx, encounter_id, caller.id, for_anyone=for_anyone)
        return EncounterView.of(encounter).model_dump(mode="json")

    return await answer_once(db, request_once, 200, command)
