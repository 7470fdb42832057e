"""Reach: how far the news of a story, or the invitation to a session, came.

Only what is known to have arrived somewhere is counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from dorpsplein.contracts.initiatives.stories import StoryPublished, StoryRetold
from dorpsplein.contracts.notifications import ReachMeasured
from dorpsplein.contracts.presence.sessions import SessionAnnounced
from dorpsplein.envelope import Event

COUNTED: Mapping[type[Event], str] = {StoryPublished: "story", StoryRetold: "story", SessionAnnounced: "session"}
"""The news that is counted, and the kind of what it is about; each is keyed by its subject."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How many different people were mailed, how many mails were sent, how many sendings to systems confirmed.

    `version` counts how often it was told, 0 before the first time.
    """

    subject_id: UUID
    subject_kind: str
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
        subject_kind=told.subject_kind,
        people=max(told.people, counted.people),
        mails=max(told.mails, counted.mails),
        deliveries=max(told.deliveries, counted.deliveries),
    )
    same = (reached.people, reached.mails, reached.deliveries) == (told.people, told.mails, told.deliveries)
    return None if same else reached


def evolve(told: Reach, event: ReachMeasured) -> Reach:
    """What was told, after an event."""
    return Reach(told.subject_id, told.subject_kind, event.people, event.mails, event.deliveries, told.version + 1)
