"""Encounters over HTTP."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import StringConstraints
from uuid_utils.compat import uuid7

from dorpsplein.database import Transaction
from dorpsplein.fields import Body, Code, Prose, View
from dorpsplein.identity import Caller, Role
from dorpsplein.web import Db, Now, OnlyOnce, answer_once, etag, found, permitted
from presence.api.lists import Limit, after_id, listed
from presence.commands import encounters as commands
from presence.domain import encounters as domain
from presence.domain.consent import Consent
from presence.permissions import PERMISSIONS
from presence.storage import encounters as storage

router = APIRouter(tags=["encounters"])


class NewEncounter(Body):
    """A talk. `id` may be the client's own: noting it again under the same id is no second talk.

    `mediaId` is its sound, uploaded to the initiatives service by the same arranger, before or after. It `becomes` a
    contribution, or a draft of a new initiative: of the teller where they are named, else of who noted it.
    """

    id: UUID | None = None
    theme: Code
    consent: Consent
    place_id: UUID | None = None
    initiative_id: UUID | None = None
    words: Annotated[Prose, StringConstraints(max_length=4_000)] | None = None
    contributor_id: UUID | None = None
    media_id: UUID | None = None
    becomes: domain.Becomes = domain.Becomes.CONTRIBUTION

    def note(self, noted_by: UUID, *, otherwise: UUID) -> domain.Note:
        """The command to note this talk, under its own id or `otherwise`."""
        return domain.Note(
            id=self.id or otherwise,
            noted_by=noted_by,
            theme=self.theme,
            consent=self.consent,
            place_id=self.place_id,
            initiative_id=self.initiative_id,
            words=self.words,
            contributor_id=self.contributor_id,
            media_id=self.media_id,
            becomes=self.becomes,
        )


class EncounterView(View):
    """A talk without its words or sound, which are never repeated in the answer to a command."""

    id: UUID
    noted_by: UUID
    noted_at: datetime
    theme: str
    consent: str
    place_id: UUID | None
    initiative_id: UUID | None
    becomes: str
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
            becomes=note.becomes,
            withdrawn=encounter.withdrawn,
            version=encounter.version,
            **more,
        )


class WholeEncounterView(EncounterView):
    """A talk as who noted or told it sees it."""

    words: str | None
    media_id: UUID | None
    contributor_id: UUID | None
    initiative_title: str | None

    @classmethod
    def of_row(cls, row: asyncpg.Record) -> Self:
        """The view of an encounter's row."""
        return cls.of(
            storage.encounter_of(row),
            words=row["words"],
            media_id=row["media_id"],
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
    note = body.note(caller.id, otherwise=uuid7())

    async def command(tx: Transaction) -> dict[str, Any]:
        view = EncounterView.of(await commands.note_encounter(tx, note, now=now))
        return {**view.model_dump(mode="json"), "location": f"/v1/encounters/{view.id}"}

    return await answer_once(db, request_once, 201, command)


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
