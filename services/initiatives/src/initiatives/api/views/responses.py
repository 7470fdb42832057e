"""What answers about responses, promises and halts look like. Tests hold the answers to it."""

from datetime import date, datetime
from uuid import UUID

from dorpsplein.fields import View
from initiatives.api.views.people import Person
from initiatives.domain import halts
from initiatives.domain.moves import Ground, LiftReason
from initiatives.domain.promises import Release, Side, Status


class Cannot(View):
    """Something the municipality cannot do, and why."""

    what: str
    why: str


class PromiseOfResponse(View):
    """A promise as it stands under its response."""

    id: UUID
    version: int
    status: Status
    text: str
    due_on: date


class Response(View):
    """What the municipality says to an initiative; `responder` is who spoke last."""

    id: UUID
    version: int
    initiative_id: UUID
    responder: Person
    can_help: list[str]
    cannot: list[Cannot]
    promises: list[PromiseOfResponse]
    given_at: datetime
    changed_at: datetime


class ResponseList(View):
    """A page of responses; `next` is the cursor of the one after it."""

    items: list[Response]
    next: str | None


class Difference(View):
    """What a version says that the one before did not, and the other way round."""

    can_help_added: list[str]
    can_help_removed: list[str]
    cannot_added: list[Cannot]
    cannot_removed: list[Cannot]


class Version(View):
    """A version of a response."""

    version: int
    responder_id: UUID
    at: datetime
    can_help: list[str]
    cannot: list[Cannot]
    difference: Difference


class VersionList(View):
    """Every version, the newest first."""

    items: list[Version]


class Promise(View):
    """A promise; until `contestable_until` the initiators may say that it was not kept."""

    id: UUID
    version: int
    status: Status
    response_id: UUID
    initiative_id: UUID
    promiser: Person
    text: str
    due_on: date
    due_at: datetime
    said_by: Side | None
    kept_at: datetime | None
    contestable_until: datetime | None
    reason: Release | None
    why: str | None
    made_at: datetime


class PromiseList(View):
    """A page of promises; `next` is the cursor of the one after it."""

    items: list[Promise]
    next: str | None


class Halt(View):
    """A halt: its ground and reason, the appeal, and the answer."""

    id: UUID
    version: int
    initiative_id: UUID
    status: halts.Status
    ground: Ground
    reason: str
    halted_at: datetime
    appeal_until: datetime
    appeal: str | None
    answer: str | None
    lift_reason: LiftReason | None
