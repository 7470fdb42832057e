"""Which stories are worth retelling this week, from facts alone; nobody's taste is in it.

A score is the sum of the weights of its reasons, each of which is shown. What is equal is ordered by its newest
reason, then by its id, so that the same facts always give the same list.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from dorpsplein.contracts.initiatives.initiatives import DreamVisionPublished, InitiativeCelebrated
from dorpsplein.contracts.initiatives.milestones import MilestoneReached

WEEK = timedelta(days=7)


class Reason(StrEnum):
    """Why a story is worth retelling."""

    CELEBRATED = "celebrated"
    DREAM_PUBLISHED = "dream-published"
    MILESTONE_REACHED = "milestone-reached"
    MAY_BE_RETOLD = "may-be-retold"
    NEW_STORY = "new-story"
    UNTOLD = "untold"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a reason weighs, and how it reads in Dutch and English."""

    weight: int
    nl: str
    en: str


MEANINGS: Mapping[Reason, Meaning] = {
    Reason.CELEBRATED: Meaning(
        5,
        "Het initiatief is deze week gevierd en iedereen is bedankt.",
        "The initiative was celebrated this week and everyone was thanked.",
    ),
    Reason.DREAM_PUBLISHED: Meaning(
        4, "Er is deze week een droombeeld gepubliceerd.", "A dream vision was published this week."
    ),
    Reason.MILESTONE_REACHED: Meaning(3, "Er is deze week een mijlpaal bereikt.", "A milestone was reached this week."),
    Reason.MAY_BE_RETOLD: Meaning(
        3,
        "Iedereen in het verhaal vindt doorvertellen goed, en niemand deed het nog.",
        "Everyone in the story agrees to a retelling, and nobody has retold it yet.",
    ),
    Reason.NEW_STORY: Meaning(2, "Het verhaal is deze week gepubliceerd.", "The story was published this week."),
    Reason.UNTOLD: Meaning(
        1, "Er is nog geen verhaal over dit initiatief.", "Nobody has told a story about this initiative yet."
    ),
}
"""The weights are published here; they are small whole numbers so that anyone can add them up."""
OF_FACTS: Mapping[str, Reason] = {
    InitiativeCelebrated.type: Reason.CELEBRATED,
    DreamVisionPublished.type: Reason.DREAM_PUBLISHED,
    MilestoneReached.type: Reason.MILESTONE_REACHED,
}
"""What a fact about an initiative gives as a reason."""


@dataclass(frozen=True, slots=True)
class Happened:
    """A fact about an initiative of this week."""

    initiative_id: UUID
    type: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """A public story; `free` says that everyone in it agrees to a retelling, `retold` that there is one."""

    id: UUID
    initiative_id: UUID
    published_at: datetime
    free: bool
    retold: bool


@dataclass(frozen=True, slots=True)
class Worth:
    """A story, or an initiative that has none, with its reasons and the moment of each."""

    initiative_id: UUID
    story_id: UUID | None
    reasons: tuple[tuple[Reason, datetime], ...]

    @property
    def score(self) -> int:
        """The sum of the weights of its reasons."""
        return sum(MEANINGS[reason].weight for reason, _ in self.reasons)


def since(now: datetime) -> datetime:
    """From when on something is of this week."""
    return now - WEEK


def worth_retelling(happened: Iterable[Happened], stories: Sequence[Candidate], now: datetime) -> list[Worth]:
    """Rank what happened this week, and the stories there are about it, the most worth first.

    Something that happened twice is one reason, of its newest moment.
    """
    newest: dict[UUID, dict[Reason, datetime]] = {}
    for fact in happened:
        if fact.at > since(now):
            reasons = newest.setdefault(fact.initiative_id, {})
            reason = OF_FACTS[fact.type]
            reasons[reason] = max(fact.at, reasons.get(reason, fact.at))
    ranked = [_of_story(story, newest.get(story.initiative_id, {}), now) for story in stories]
    untold = newest.keys() - {story.initiative_id for story in stories}
    for initiative_id in untold:
        reasons = newest[initiative_id]
        ranked.append(_worth(initiative_id, None, {**reasons, Reason.UNTOLD: max(reasons.values())}))
    return sorted((one for one in ranked if one.reasons), key=_rank)


def _of_story(story: Candidate, of_initiative: Mapping[Reason, datetime], now: datetime) -> Worth:
    own = {Reason.NEW_STORY: story.published_at} if story.published_at > since(now) else {}
    if (own or of_initiative) and story.free and not story.retold:
        own[Reason.MAY_BE_RETOLD] = story.published_at
    return _worth(story.initiative_id, story.id, {**of_initiative, **own})


def _worth(initiative_id: UUID, story_id: UUID | None, reasons: Mapping[Reason, datetime]) -> Worth:
    ordered = sorted(reasons.items(), key=lambda item: (-MEANINGS[item[0]].weight, item[0]))
    return Worth(initiative_id, story_id, tuple(ordered))


def _rank(worth: Worth) -> tuple[int, float, str]:
    newest = max(at for _, at in worth.reasons)
    return -worth.score, -newest.timestamp(), str(worth.story_id or worth.initiative_id)
