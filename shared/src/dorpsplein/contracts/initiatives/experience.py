"""Lived experience: what people say of themselves, and never others of them.

What somebody has lived through is a special kind of personal data, so facts say that there is a claim and nothing
else. Its topic and words stand in public state, without whose they are: that is said only by a contribution of
theirs beside which they chose to put it.
"""

from typing import Annotated
from uuid import UUID

from dorpsplein.envelope import Event, Key, NotPersonal, Published


class LivedExperienceClaimed(
    Event, type="nl.participatie.lived-experiences.lived-experience-claimed.v1", topic="initiatives.experience"
):
    """Somebody says that they know a topic from experience, or says it in other words than before."""

    claim_id: Annotated[UUID, Key, NotPersonal]


class LivedExperienceWithdrawn(
    Event, type="nl.participatie.lived-experiences.lived-experience-withdrawn.v1", topic="initiatives.experience"
):
    """They took it back; a tombstone erases it from the state topic."""

    claim_id: Annotated[UUID, Key, NotPersonal]


class LivedExperienceState(
    Event, type="nl.participatie.lived-experiences.lived-experience-state.v1", topic="initiatives.experience.state"
):
    """What is claimed, in the claimant's own words."""

    claim_id: Annotated[UUID, Key, NotPersonal]
    topic_code: Annotated[str, Published]
    words: Annotated[str, Published]


EVENTS = (LivedExperienceClaimed, LivedExperienceWithdrawn, LivedExperienceState)
