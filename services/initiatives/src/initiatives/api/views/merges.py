"""What answers about merges look like. Tests hold the answers to it."""

from datetime import datetime
from uuid import UUID

from dorpsplein.fields import View
from initiatives.api.views.supports import Receipt
from initiatives.domain.merges import MergeStatus, Side


class Merge(View):
    """A merge: `joining_id` joins `into_id`. Once its window is over it says how many supports moved and stayed.

    `undo_asked_by`: the side whose initiators would undo it after the window; it takes both.
    """

    id: UUID
    version: int
    joining_id: UUID
    into_id: UUID
    status: MergeStatus
    window_ends_at: datetime | None
    undo_asked_by: Side | None
    moved: int | None
    stayed: int | None
    proposed_at: datetime
    changed_at: datetime


class MergeList(View):
    """A page of merges; `next` is the cursor of the one after it."""

    items: list[Merge]
    next: str | None


class Consent(View):
    """What became of a supporter's yes: whether it `moved`, and their support of both initiatives.

    `there` is null where they have none at the initiative that was joined.
    """

    merge_id: UUID
    moved: bool
    here: Receipt
    there: Receipt | None
