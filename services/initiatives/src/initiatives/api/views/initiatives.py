"""What answers about initiatives look like. Tests hold the answers to it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.fields import View
from initiatives.api.views.contributions import Contribution
from initiatives.api.views.people import Person
from initiatives.domain.initiative import Reason, Status


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


class Initiative(View):
    """An initiative as lists show it and as commands answer with it."""

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
    threshold: int
    threshold_reached: bool
    supports: int
    means: Means
    withdrawal_reason: Reason | None
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
    """An initiative with its newest contributions and the latest that happened, newest first."""

    contributions: list[Contribution]
    latest: list[Line]


class InitiativeList(View):
    """A page of initiatives; `next` is the cursor of the one after it."""

    items: list[Initiative]
    next: str | None
