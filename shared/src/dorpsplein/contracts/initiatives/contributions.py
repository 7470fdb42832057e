"""What residents bring in, and what becomes of it."""

from typing import Annotated
from uuid import UUID

from dorpsplein.envelope import Event, Key, NotPersonal, Pseudonym, Published


class ContributionOffered(
    Event, type="nl.participatie.contributions.contribution-offered.v1", topic="initiatives.contribution"
):
    """Something was brought in for an initiative.

    `origin` says how (`resident`, `encounter`, `session`), `origin_id` from what talk or session. `kind` is `text`,
    `image`, `audio` or `video`; a resident may have meant it for a scene or a session. Who, only where they agreed.
    """

    contribution_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    origin: Annotated[str, NotPersonal]
    origin_id: Annotated[UUID | None, NotPersonal] = None
    contributor_id: Annotated[UUID | None, Pseudonym] = None
    kind: Annotated[str, NotPersonal] = "text"
    scene_id: Annotated[UUID | None, NotPersonal] = None
    session_id: Annotated[UUID | None, NotPersonal] = None


class ContributionPlaced(
    Event, type="nl.participatie.contributions.contribution-placed.v1", topic="initiatives.contribution"
):
    """An initiator took it in: in the initiative, or more precisely for a scene or as part of a session."""

    contribution_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    scene_id: Annotated[UUID | None, NotPersonal] = None
    session_id: Annotated[UUID | None, NotPersonal] = None


class ContributionUsed(
    Event, type="nl.participatie.contributions.contribution-used.v1", topic="initiatives.contribution"
):
    """It was used for the first time; in what, its links say."""

    contribution_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]


class ContributionSetAside(
    Event, type="nl.participatie.contributions.contribution-set-aside.v1", topic="initiatives.contribution"
):
    """An initiator will not use it; `reason` is a code. What they said to its contributor stands in the state."""

    contribution_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    reason: Annotated[str, NotPersonal]


class ContributionWithdrawn(
    Event, type="nl.participatie.contributions.contribution-withdrawn.v1", topic="initiatives.contribution"
):
    """Whose it was took it back; a tombstone erases its words from the state topic."""

    contribution_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]


class ContributionState(
    Event, type="nl.participatie.contributions.contribution-state.v1", topic="initiatives.contribution.state"
):
    """The latest public view of what a resident offered. Words from talks and sessions stand with presence.

    `answer` is what an initiator said where it was set aside. `claim_id` is the lived experience it stands beside.
    """

    contribution_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    kind: Annotated[str, NotPersonal]
    words: Annotated[str, Published]
    status: Annotated[str, NotPersonal]
    media_id: Annotated[UUID | None, NotPersonal] = None
    contributor_id: Annotated[UUID | None, Pseudonym] = None
    claim_id: Annotated[UUID | None, NotPersonal] = None
    reason: Annotated[str | None, NotPersonal] = None
    answer: Annotated[str | None, Published] = None


EVENTS = (
    ContributionOffered,
    ContributionPlaced,
    ContributionUsed,
    ContributionSetAside,
    ContributionWithdrawn,
    ContributionState,
)
