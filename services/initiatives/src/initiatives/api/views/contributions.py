"""What answers about contributions look like. Tests hold the answers to it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from dorpsplein.fields import View
from initiatives.api.views.people import Person
from initiatives.domain.contributions import Kind, Origin, SetAsideReason, Status


class Experience(View):
    """Lived experience as the contributor claims it themselves."""

    topic: str
    words: str


class Contribution(View):
    """What somebody brought in; who, where they agreed to be named.

    `mediaId` leads to `GET /media/{id}`; `sessionTitle` is what the session is called, or else asks. `reason` and
    `answer` are there where it was set aside.
    """

    id: UUID
    kind: Kind
    words: str
    origin: Origin
    status: Status
    at: datetime
    reason: SetAsideReason | None
    answer: str | None
    media_id: UUID | None
    scene_id: UUID | None
    session_id: UUID | None
    session_title: str | None
    contributor: Person | None
    lived_experience: Experience | None


class WholeContribution(Contribution):
    """A contribution on its own."""

    initiative_id: UUID
    version: int


class ContributionList(View):
    """A page of contributions; `next` is the cursor of the one after it."""

    items: list[Contribution]
    next: str | None


class OwnContribution(View):
    """What I brought in; `words` are None where moderation has hidden it."""

    id: UUID
    initiative_id: UUID
    title: str | None
    kind: Kind
    words: str | None
    origin: Origin
    status: Status
    anonymous: bool
    hidden: bool
    reason: SetAsideReason | None
    answer: str | None
    at: datetime


class OwnContributionList(View):
    """A page of what I brought in; `next` is the cursor of the one after it."""

    items: list[OwnContribution]
    next: str | None


class WithdrawnContribution(View):
    """What is left of a contribution that was taken back."""

    id: UUID
    status: Literal[Status.WITHDRAWN]
