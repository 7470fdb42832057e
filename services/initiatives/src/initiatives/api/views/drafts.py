"""What answers about drafts look like. Tests hold the answers to it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.fields import View


class Draft(View):
    """A draft, with what was written so far as it was sent; `encounterId` is the talk it began with."""

    id: UUID
    version: int
    content: dict[str, Any]
    changed_at: datetime
    encounter_id: UUID | None


class DraftList(View):
    """A page of drafts, the latest first; `next` is the cursor of the one after it."""

    items: list[Draft]
    next: str | None
