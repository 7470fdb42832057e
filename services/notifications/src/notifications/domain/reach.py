"""Reach: how far the news of a story came. Only what is known to have arrived somewhere is counted."""

from dataclasses import dataclass
from uuid import UUID

from dorpsplein.contracts.initiatives.stories import StoryPublished, StoryRetold
from dorpsplein.contracts.notifications import ReachMeasured
from dorpsplein.envelope import Event

COUNTED: tuple[type[Event], ...] = (StoryPublished, StoryRetold)
"""The news that is counted; each is keyed by its story."""
STORY = "story"


@dataclass(frozen=True, slots=True)
class Reach:
    """How many different people were mailed, how many mails were sent, how many sendings to systems confirmed.

    `version` counts how often it was told, 0 before the first time.
    """

    subject_id: UUID
    people: int
    mails: int
    deliveries: int
    version: int = 0


def measure(told: Reach, counted: Reach) -> ReachMeasured | None:
    """What to tell after a count; None where nothing has grown.

    A count that is lower than one that was told, as during a replay or after an erasure, takes nothing back.
    """
    reached = ReachMeasured(
        subject_id=told.subject_id,
        subject_kind=STORY,
        people=max(told.people, counted.people),
        mails=max(told.mails, counted.mails),
        deliveries=max(told.deliveries, counted.deliveries),
    )
    same = (reached.people, reached.mails, reached.deliveries) == (told.people, told.mails, told.deliveries)
    return None if same else reached


def evolve(told: Reach, event: ReachMeasured) -> Reach:
    """What was told, after an event."""
    return Reach(told.subject_id, event.people, event.mails, event.deliveries, told.version + 1)
