"""Stories: told by the community, with the consent of everyone in them; retold by aldermen, the original first."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime

from dorpsplein.envelope import Event, Key, NotPersonal, Pseudonym, Published


class StoryTold(Event, type="nl.participatie.stories.story-told.v1", topic="initiatives.story"):
    """Somebody told what happened; it is not public until everyone in it agrees. `people` is how many are asked."""

    story_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    teller_id: Annotated[UUID, Pseudonym]
    people: Annotated[int, NotPersonal] = 1


class StoryEdited(Event, type="nl.participatie.stories.story-edited.v1", topic="initiatives.story"):
    """Its teller changed it; `changed` names the fields. With other words everyone in it is asked anew.

    A story that was published is not public any more while it waits for consent.
    """

    story_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    changed: Annotated[list[str], NotPersonal]
    words_version: Annotated[int, NotPersonal]
    people: Annotated[int, NotPersonal] = 1
    waits: Annotated[bool, NotPersonal] = True


class StoryConsented(Event, type="nl.participatie.stories.story-consented.v1", topic="initiatives.story"):
    """Everyone in it agrees that it is published."""

    story_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    words_version: Annotated[int, NotPersonal]


class StoryConsentLost(Event, type="nl.participatie.stories.story-consent-lost.v1", topic="initiatives.story"):
    """Somebody in it no longer agrees, before it was published; it waits again."""

    story_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]


class StoryPublished(Event, type="nl.participatie.stories.story-published.v1", topic="initiatives.story"):
    """Its teller published it; the words stand in the state topic."""

    story_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    teller_id: Annotated[UUID, Pseudonym]


class RetellingTold(Event, type="nl.participatie.stories.retelling-told.v1", topic="initiatives.story"):
    """An alderman retold it in their own words; it is not public until everyone in the story agrees."""

    story_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    retelling_id: Annotated[UUID, NotPersonal]
    by_id: Annotated[UUID, Pseudonym]


class StoryRetold(Event, type="nl.participatie.stories.story-retold.v1", topic="initiatives.story"):
    """A retelling is public, with the consent of everyone in the story; the original is always shown first."""

    story_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    retelling_id: Annotated[UUID, NotPersonal]
    by_id: Annotated[UUID, Pseudonym]


class RetellingWithdrawn(Event, type="nl.participatie.stories.retelling-withdrawn.v1", topic="initiatives.story"):
    """A retelling was taken from view for good.

    `reason` is `by-reteller`, `consent-withdrawn`, `story-unpublished`, `story-edited` or `story-withdrawn`.
    """

    story_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    retelling_id: Annotated[UUID, NotPersonal]
    reason: Annotated[str, NotPersonal]


class StoryUnpublished(Event, type="nl.participatie.stories.story-unpublished.v1", topic="initiatives.story"):
    """It was taken from view by itself; `reason` is `consent-withdrawn`."""

    story_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    reason: Annotated[str, NotPersonal]


class StoryWithdrawn(Event, type="nl.participatie.stories.story-withdrawn.v1", topic="initiatives.story"):
    """Its teller took it back for good; its words are erased."""

    story_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]


class StoryState(Event, type="nl.participatie.stories.story-state.v1", topic="initiatives.story.state"):
    """A published story; a tombstone erases it when it is not public any more."""

    story_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    teller_id: Annotated[UUID, Pseudonym]
    title: Annotated[str, Published]
    text: Annotated[str, Published]
    media_ids: Annotated[list[UUID], NotPersonal]
    published_at: Annotated[AwareDatetime, NotPersonal]


class RetellingState(Event, type="nl.participatie.retellings.retelling-state.v1", topic="initiatives.retelling.state"):
    """A published retelling, never to be shown without `story_id` before it; a tombstone erases it.

    Its `sequence` is the version of the story.
    """

    retelling_id: Annotated[UUID, Key, NotPersonal]
    story_id: Annotated[UUID, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    by_id: Annotated[UUID, Pseudonym]
    title: Annotated[str | None, Published] = None
    text: Annotated[str, Published]
    media_ids: Annotated[list[UUID], NotPersonal]
    published_at: Annotated[AwareDatetime, NotPersonal]


FACTS = (
    StoryTold,
    StoryEdited,
    StoryConsented,
    StoryConsentLost,
    StoryPublished,
    RetellingTold,
    StoryRetold,
    RetellingWithdrawn,
    StoryUnpublished,
    StoryWithdrawn,
)
EVENTS = (*FACTS, StoryState, RetellingState)
