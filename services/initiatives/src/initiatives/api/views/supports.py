"""What answers about supports look like. Tests hold the answers to it."""

from datetime import datetime
from uuid import UUID

from dorpsplein.fields import View


class Receipt(View):
    """A support after what was asked: whether it is given, and since when; `sequence` counts its changes."""

    support_id: UUID
    initiative_id: UUID
    given: bool
    sequence: int
    at: datetime


class SupportCount(View):
    """How many support an initiative."""

    initiative_id: UUID
    supports: int


class SupportCounts(View):
    """How many support each initiative that was asked for."""

    items: list[SupportCount]
