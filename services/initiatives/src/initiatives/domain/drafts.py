"""Drafts: an initiative that somebody is still writing, seen by nobody else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from dorpsplein.errors import NotFound, Refused, Stale

MOST_DRAFTS = 50
"""How many somebody may have begun themselves."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody has written so far, field by field, as it was sent; `version` counts how often it was kept.

    `encounter_id` is the talk it began with, where there was one.
    """

    id: UUID
    owner_id: UUID
    version: int = 1
    content: Mapping[str, Any] = field(default_factory=dict)
    encounter_id: UUID | None = None


def refuse_more(there_are: int) -> None:
    """Raises Refused("too-many-drafts") for who has so many already."""
    if there_are >= MOST_DRAFTS:
        raise Refused("too-many-drafts", f"You have {MOST_DRAFTS} drafts; propose one or throw one away first.")


def only_owner(draft: Draft | None, draft_id: UUID, person: UUID) -> Draft:
    """The draft, for who writes it; for anybody else there is none. Raises NotFound("draft-unknown")."""
    if draft is None or draft.owner_id != person:
        raise NotFound("draft-unknown", f"You have no draft {draft_id}.")
    return draft


def refuse_stale(draft: Draft, version: int) -> None:
    """Raises Stale("draft-changed") where it was kept again since it was read."""
    if draft.version != version:
        raise Stale("draft-changed", "The draft was kept again since you read it.", version=draft.version)
