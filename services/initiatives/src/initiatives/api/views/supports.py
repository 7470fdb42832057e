"""What answers about supports look like. Tests hold the answers to it."""

from datetime import datetime
from uuid import UUID

from dorpsplein.fields import View
from initiatives.domain.paper import BatchStatus


class Receipt(View):
    """A support after what was asked: whether it is given, and since when; `sequence` counts its changes.

    `supports` is how many support the initiative at this moment, this one included. Of an anonymous support the time is
    the hour.
    """

    support_id: UUID
    initiative_id: UUID
    given: bool
    anonymous: bool
    sequence: int
    at: datetime
    supports: int


class SupportCount(View):
    """How many support an initiative."""

    initiative_id: UUID
    supports: int


class SupportCounts(View):
    """How many support each initiative that was asked for."""

    items: list[SupportCount]


class Proof(View):
    """What shows that a support was counted at the close: hashes in hexadecimal, from the leaf up to the root.

    The leaf is SHA-256 over the 16 bytes of the support's id and the 8 of its sequence, the largest first; it is number
    `index` of `size` in a tree as in RFC 6962. The root stands in the fact SupportClosed.
    """

    support_id: UUID
    initiative_id: UUID
    sequence: int
    index: int
    size: int
    leaf: str
    proof: list[str]
    root: str
    closed_at: datetime


class PaperBatch(View):
    """A batch of paper that was counted: `supports` is how many different lines it has."""

    id: UUID
    version: int
    initiative_id: UUID
    officer_id: UUID
    status: BatchStatus
    supports: int
    counted_at: datetime
