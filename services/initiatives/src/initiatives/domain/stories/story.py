"""A story as its events left it: a story and its retellings are one aggregate, and each has its life cycle.

A retelling is there only while its story is public.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import reduce
from typing import TypeVar
from uuid import UUID

from dorpsplein.contracts.initiatives.stories import (
    RetellingTold,
    RetellingWithdrawn,
    StoryConsented,
    StoryConsentLost,
    StoryEdited,
    StoryPublished,
    StoryRetold,
    StoryTold,
    StoryUnpublished,
    StoryWithdrawn,
)
from dorpsplein.errors import Refused


class Status(StrEnum):
    """Where a story is in its life."""

    TOLD = "told"
    CONSENTED = "consented"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class RetellingStatus(StrEnum):
    """Where a retelling is in its life."""

    WAITING = "waiting"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


AnyStatus = TypeVar("AnyStatus", Status, RetellingStatus)

MOVES: Mapping[str, tuple[frozenset[Status], Status]] = {
    "consent": (frozenset({Status.TOLD}), Status.CONSENTED),
    "lose consent": (frozenset({Status.CONSENTED}), Status.TOLD),
    "publish": (frozenset({Status.CONSENTED}), Status.PUBLISHED),
    "retell": (frozenset({Status.PUBLISHED}), Status.PUBLISHED),
    "edit": (frozenset({Status.TOLD, Status.CONSENTED, Status.PUBLISHED}), Status.TOLD),
    "unpublish": (frozenset({Status.PUBLISHED}), Status.TOLD),
    "withdraw": (frozenset({Status.TOLD, Status.CONSENTED, Status.PUBLISHED}), Status.WITHDRAWN),
}
"""What may happen to a story when, and what it leads to. An edit that asks nobody anything leaves it where it is."""
RETELLING_MOVES: Mapping[str, tuple[frozenset[RetellingStatus], RetellingStatus]] = {
    "publish": (frozenset({RetellingStatus.WAITING}), RetellingStatus.PUBLISHED),
    "withdraw": (frozenset({RetellingStatus.WAITING, RetellingStatus.PUBLISHED}), RetellingStatus.WITHDRAWN),
}
"""What may happen to a retelling when, and what it leads to."""


@dataclass(frozen=True, slots=True)
class Words:
    """What is told, with the media that go with it."""

    title: str | None
    text: str
    media_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Retelling:
    """A story in the words of an alderman, which are gone once it is withdrawn."""

    id: UUID
    by_id: UUID
    words: Words | None
    status: RetellingStatus = RetellingStatus.WAITING
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """A story as its events left it; `version` counts them, 0 before the first.

    `words_version` is what the `people` in it, apart from its teller, are asked to agree to.
    """

    id: UUID
    initiative_id: UUID
    teller_id: UUID
    words: Words | None
    people: tuple[UUID, ...] = ()
    contribution_ids: tuple[UUID, ...] = ()
    version: int = 0
    words_version: int = 1
    status: Status = Status.TOLD
    retellings: tuple[Retelling, ...] = ()
    published_at: datetime | None = None

    @property
    def asked(self) -> tuple[UUID, ...]:
        """Who must agree: its teller, who does so by telling, and everyone in it."""
        return (self.teller_id, *self.people)


StoryEvent = (
    StoryTold
    | StoryEdited
    | StoryConsented
    | StoryConsentLost
    | StoryPublished
    | RetellingTold
    | StoryRetold
    | RetellingWithdrawn
    | StoryUnpublished
    | StoryWithdrawn
)


def evolve(story: Story, event: StoryEvent) -> Story:
    """The story after an event; new words stand in it before, as they stand in no fact."""
    after = replace(story, version=story.version + 1)
    match event:
        case StoryEdited():
            status = moved(story.status, "edit") if event.waits else story.status
            return replace(after, status=status, words_version=event.words_version)
        case StoryConsented():
            return replace(after, status=moved(story.status, "consent"))
        case StoryConsentLost():
            return replace(after, status=moved(story.status, "lose consent"))
        case StoryPublished():
            return replace(after, status=moved(story.status, "publish"))
        case StoryUnpublished():
            return replace(after, status=moved(story.status, "unpublish"))
        case StoryWithdrawn():
            return replace(after, status=moved(story.status, "withdraw"), words=None)
        case StoryRetold():
            return _with_retelling(after, event.retelling_id, "publish")
        case RetellingWithdrawn():
            return _with_retelling(after, event.retelling_id, "withdraw")
        case StoryTold() | RetellingTold():
            return after


def fold(story: Story, events: Sequence[StoryEvent]) -> Story:
    """The story after events."""
    return reduce(evolve, events, story)


def moved(status: Status, verb: str) -> Status:
    """Where a move leads. Raises Refused("illegal-story-move")."""
    return _move(MOVES, status, verb, "story")


def moved_retelling(status: RetellingStatus, verb: str) -> RetellingStatus:
    """Where a move leads. Raises Refused("illegal-retelling-move")."""
    return _move(RETELLING_MOVES, status, verb, "retelling")


def _move(
    moves: Mapping[str, tuple[frozenset[AnyStatus], AnyStatus]], status: AnyStatus, verb: str, what: str
) -> AnyStatus:
    sources, target = moves[verb]
    if status not in sources:
        needed = " or ".join(sorted(sources))
        raise Refused(f"illegal-{what}-move", f"This {what} is {status}; to {verb} it must be {needed}.")
    return target


def _with_retelling(story: Story, retelling_id: UUID, verb: str) -> Story:
    def after(one: Retelling) -> Retelling:
        if one.id != retelling_id:
            return one
        status = moved_retelling(one.status, verb)
        return replace(one, status=status, words=None if status == RetellingStatus.WITHDRAWN else one.words)

    return replace(story, retellings=tuple(map(after, story.retellings)))
