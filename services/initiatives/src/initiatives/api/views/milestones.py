"""What answers about milestones look like. Tests hold the answers to it."""

from datetime import date, datetime
from uuid import UUID

from dorpsplein.fields import View
from initiatives.domain.milestones import Status


class Milestone(View):
    """A milestone on the page of its initiative."""

    id: UUID
    title: str
    status: Status
    due_on: date | None
    set_at: datetime
    changed_at: datetime


class MilestoneMoved(View):
    """A milestone after a command."""

    id: UUID
    initiative_id: UUID
    title: str
    status: Status
    due_on: date | None
    changed_at: datetime
