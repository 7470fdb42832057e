"""What was done in the field without signal, over HTTP, as one batch."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import AfterValidator, Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import PydanticCustomError, to_json
from uuid_utils.compat import uuid7

from dorpsplein.database import Transaction
from dorpsplein.errors import Rejected
from dorpsplein.fields import Body, Moment, View
from dorpsplein.identity import Caller, Role
from dorpsplein.web import Db, Now, OnlyOnce, answer_once, faults_document, permitted, rejection_document
from presence.api.encounters import NewEncounter
from presence.api.harvest import NewLine
from presence.commands import field as commands
from presence.domain.field import Act, Arrive, FieldCommand, Kind, Leave, WithdrawConsent
from presence.permissions import PERMISSIONS

MOST_COMMANDS = 1_000
MOST_BATCH_BYTES = 5_000_000
"""Enough for a thousand commands of ordinary length; who has more sends two batches."""

router = APIRouter(tags=["field"])


def _in_utc(moment: datetime) -> datetime:
    """The moment in UTC; what a phone that lost its clock says (1970) is one, the ends of the calendar are not."""
    if not 1970 <= moment.year < 9999:
        raise PydanticCustomError("moment_range", "must be a moment from the year 1970 on, before the year 9999")
    return moment.astimezone(UTC)


ClientMoment = Annotated[Moment, AfterValidator(_in_utc)]


class Command(Body, ABC):
    """What every command says: its id, of the client's making, and when it happened by the client's clock."""

    id: UUID
    at: ClientMoment

    @abstractmethod
    def act(self, caller: Caller) -> Act:
        """What it does when this caller sends it."""


class NoteEncounter(Command):
    """A talk; without an `id` of its own it has that of the command."""

    kind: Literal[Kind.NOTE_ENCOUNTER]
    encounter: NewEncounter

    def act(self, caller: Caller) -> Act:
        """The note."""
        return self.encounter.note(caller.id, otherwise=self.id)


class WithdrawEncounterConsent(Command):
    """The teller of a talk takes their consent back."""

    kind: Literal[Kind.WITHDRAW_ENCOUNTER_CONSENT]
    encounter_id: UUID

    def act(self, caller: Caller) -> Act:
        """The withdrawal; an operator's is for anyone."""
        return WithdrawConsent(self.encounter_id, for_anyone=Role.OPERATOR in caller.roles)


class ArriveAt(Command):
    """The caller came, at the moment `at`: a claim, which has to lie within the slot."""

    kind: Literal[Kind.ARRIVE]
    slot_id: UUID

    def act(self, caller: Caller) -> Act:
        """The arrival."""
        return Arrive(self.slot_id)


class LeaveFrom(Command):
    """The caller left."""

    kind: Literal[Kind.LEAVE]
    slot_id: UUID

    def act(self, caller: Caller) -> Act:
        """The departure."""
        return Leave(self.slot_id)


class BringInLine(Command):
    """One line of what a session yielded."""

    kind: Literal[Kind.BRING_IN_LINE]
    session_id: UUID
    line: NewLine

    def act(self, caller: Caller) -> Act:
        """The line."""
        return self.line.noted(self.session_id, caller.id)


AnyCommand = Annotated[
    NoteEncounter | WithdrawEncounterConsent | ArriveAt | LeaveFrom | BringInLine, Field(discriminator="kind")
]


@dataclass(frozen=True)
class NotReadable:
    """What is no command, with its faults and its id as it was written."""

    id: str | None
    faults: Sequence[Any]


def _or_its_faults(item: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(item)
    except ValidationError as fault:
        written = item.get("id") if isinstance(item, dict) else None
        shown = written[:100] if isinstance(written, str) and written.isprintable() else None
        return NotReadable(shown, fault.errors(include_url=False, include_context=False, include_input=False))


def _as_sent(loc: Sequence[Any]) -> Sequence[Any]:
    """Where a fault is in what was sent: pydantic puts the kind in front, by which it chose what to read."""
    return loc[1:] if loc and loc[0] in set(Kind) else loc


class FieldBatch(Body):
    """What was done without signal. Each command is read on its own: one that is not valid stops no other.

    `sentAt` is the moment of sending by the client's clock; how far it is from ours is recorded, and that is all.
    """

    sent_at: ClientMoment
    commands: Annotated[
        list[Annotated[AnyCommand, WrapValidator(_or_its_faults)]], Field(min_length=1, max_length=MOST_COMMANDS)
    ]

    @property
    def read(self) -> Sequence[Command | NotReadable]:
        """The commands as they could be read, in order."""
        return self.commands


class CommandResult(View):
    """What came of one command: `effect` names what it was done on, `problem` says why it was refused.

    `already-done` has the same effect as the first time. A command that was refused may be sent again.
    """

    id: str | None
    result: Literal["done", "already-done", "refused"]
    effect: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None

    @classmethod
    def of(cls, command_id: UUID, outcome: commands.Outcome) -> "CommandResult":
        """The view of an outcome."""
        if isinstance(outcome, Rejected):
            return cls(id=str(command_id), result="refused", problem=rejection_document(outcome))
        result: Literal["done", "already-done"] = "already-done" if outcome.already else "done"
        return cls(id=str(command_id), result=result, effect=dict(outcome.effect))

    @classmethod
    def of_unreadable(cls, place: int, item: NotReadable) -> "CommandResult":
        """The view of what is no command, `place` in its batch."""
        faults = [{**fault, "loc": ("body", "commands", place, *_as_sent(fault["loc"]))} for fault in item.faults]
        return cls(id=item.id, result="refused", problem=faults_document(faults))


class FieldResults(View):
    """The results of a batch, in the order its commands were sent."""

    results: list[CommandResult]


@router.post("/field-commands", response_model=FieldResults)
async def carry_out_field_commands(
    caller: Annotated[Caller, permitted(PERMISSIONS["carry_out_field_commands"])],
    db: Db,
    now: Now,
    request_once: OnlyOnce,
    body: FieldBatch,
) -> Response:
    """Carry out what was done without signal: in any order, any number of times, one effect and one result each.

    They are carried out as they happened, by `at`. What is stored has our own time; `at` is kept beside as a claim.
    """
    sent = [_command(item, caller) for item in body.read if isinstance(item, Command)]

    async def command(tx: Transaction) -> dict[str, Any]:
        outcomes = iter(await commands.carry_out(tx, caller.id, sent, batch_id=uuid7(), sent_at=body.sent_at, now=now))
        results = [
            CommandResult.of_unreadable(place, item)
            if isinstance(item, NotReadable)
            else CommandResult.of(item.id, next(outcomes))
            for place, item in enumerate(body.read)
        ]
        return FieldResults(results=results).model_dump(mode="json", exclude_none=True)

    return await answer_once(db, request_once, 200, command)


def _command(item: Command, caller: Caller) -> FieldCommand:
    said = item.model_dump(mode="json")
    digest = hashlib.sha256(to_json(said)).digest()
    return FieldCommand(item.id, item.at, digest, Kind(said["kind"]), item.act(caller))
