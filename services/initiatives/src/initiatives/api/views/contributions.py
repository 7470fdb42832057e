"""What answers about contributions look like. Tests hold the answers to it."""

from datetime import datetime
from uuid import UUID

from dorpsplein.fields import View
from initiatives.api.views.people import Person


class Contribution(View):
    """What somebody brought in; who, where they agreed to be named."""

    id: UUID
    words: str
    origin: str
    at: datetime
    contributor: Person | None


class ContributionList(View):
    """A page of contributions; `next` is the cursor of the one after it."""

    items: list[Contribution]
    next: str | None
