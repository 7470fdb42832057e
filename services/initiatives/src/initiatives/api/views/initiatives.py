"""What answers about initiatives look like. Tests hold the answers to it."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from dorpsplein.fields import View
from initiatives.api.views.contributions import Contribution
from initiatives.api.views.dreams import DreamOnPage
from initiatives.api.views.merges import Merge
from initiatives.api.views.milestones import Milestone
from initiatives.api.views.people import Person
from initiatives.api.views.responses import Halt as PastHalt
from initiatives.api.views.responses import Promise, Response
from initiatives.api.views.sessions import Session
from initiatives.api.views.stories import StoryLine
from initiatives.domain.initiative import Status
from initiatives.domain.moves import Ground, PauseReason, Reason


class Place(View):
    """A point on the map in WGS 84."""

    latitude: float
    longitude: float


class Promised(View):
    """What is promised and was delivered of a resource: minutes of a skill or a facility, or items of a material."""

    resource: str
    quantity: int
    delivered: int


class Means(View):
    """What an initiative needs and has, in cents; nothing is missing while it is unknown what it needs (0).

    `goal_missed`: all went back. `taken`: less than was needed, and taken as it is. Until `top_up_until` others may
    fill what fell out. Means other than euros stand apart, in their own units.
    """

    needed_cents: int
    pledged_cents: int
    matched_cents: int
    missing_cents: int
    goal_reached: bool
    goal_missed: bool
    taken: bool
    top_up_until: datetime | None
    promised: list[Promised]


class Halt(View):
    """A stop from outside; until `appeal_until` its initiators can ask that it be looked at again."""

    id: UUID
    ground: Ground
    appeal_until: datetime
    appealed: bool


class Initiative(View):
    """An initiative as lists show it and as commands answer with it.

    Support closes at `supports_close_at` (null: not by itself); `threshold` and that moment follow from the knobs with
    number `knob_set`. A joined initiative goes on in `into_id`, by the merge `merge_id`.
    """

    id: UUID
    version: int
    status: Status
    title: str
    summary: str
    theme: str
    neighbourhood: str | None
    place: Place | None
    means_needed_cents: int
    initiator: Person
    initiators: list[Person]
    kind: Literal["initiative", "challenge"]
    answers: dict[str, str]
    threshold: int
    threshold_reached: bool
    supports_close_at: datetime | None
    support_closed: bool
    knob_set: int | None
    supports: int
    means: Means
    withdrawal_reason: Reason | None
    pause_reason: PauseReason | None
    halt: Halt | None
    merge_id: UUID | None
    into_id: UUID | None
    thanks: str | None
    proposed_at: datetime
    changed_at: datetime


class Line(View):
    """What happened to an initiative: an event type, the moment, how often (supports of a day share a line)."""

    id: UUID
    type: str
    at: datetime
    count: int
    detail: dict[str, Any]


class InitiativePage(Initiative):
    """An initiative with the newest of all that belongs to it, and the latest that happened, the newest first."""

    dream: DreamOnPage | None
    contributions: list[Contribution]
    milestones: list[Milestone]
    sessions: list[Session]
    stories: list[StoryLine]
    responses: list[Response]
    promises: list[Promise]
    merges: list[Merge]
    halts: list[PastHalt]
    latest: list[Line]


class InitiativeList(View):
    """A page of initiatives; `next` is the cursor of the one after it."""

    items: list[Initiative]
    next: str | None


class Question(View):
    """A question that a kind of initiative asks."""

    code: str
    dutch: str
    english: str


class Kind(View):
    """A kind of initiative and what it asks."""

    kind: Literal["initiative", "challenge"]
    questions: list[Question]


class Kinds(View):
    """The kinds there are."""

    items: list[Kind]


class Piece(View):
    """A piece of text that was kept, added or removed."""

    kind: Literal["kept", "added", "removed"]
    text: str


class Difference(View):
    """What an edit did to one field; `pieces` only of words."""

    field: str
    before: Any
    after: Any
    pieces: list[Piece]


class Edit(View):
    """An edit: the version it led from, who made it, and what it changed."""

    version: int
    edited_by: Person
    edited_at: datetime
    changed: list[Difference]


class Edits(View):
    """A page of edits, the newest first; `next` is the cursor of the one after it."""

    items: list[Edit]
    next: str | None
