"""Reports and moderation: what was taken from view by a published house rule, and what became of that.

Who reported, who decided and whose words it was stand in no fact.
"""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime

from dorpsplein.envelope import Event, Key, NotPersonal, Published


class ReportMade(Event, type="nl.participatie.reports.report-made.v1", topic="initiatives.report"):
    """Somebody reported something under a house rule. Its id says nothing of who did."""

    report_id: Annotated[UUID, Key, NotPersonal]
    subject_kind: Annotated[str, NotPersonal]
    subject_id: Annotated[UUID, NotPersonal]
    rule: Annotated[str, NotPersonal]


class ReportDismissed(Event, type="nl.participatie.reports.report-dismissed.v1", topic="initiatives.report"):
    """A moderator found no house rule broken: it stays as it is."""

    report_id: Annotated[UUID, Key, NotPersonal]


class ReportHonoured(Event, type="nl.participatie.reports.report-honoured.v1", topic="initiatives.report"):
    """What was reported was taken from view by that decision."""

    report_id: Annotated[UUID, Key, NotPersonal]
    decision_id: Annotated[UUID, NotPersonal]


class ContentHidden(
    Event, type="nl.participatie.moderation-decisions.content-hidden.v1", topic="initiatives.moderation"
):
    """Something was taken from view by a house rule; whose it is may appeal until `appeal_until`.

    `subject_kind` is `initiative`, `contribution`, `story`, `retelling` or `scene`.
    """

    decision_id: Annotated[UUID, Key, NotPersonal]
    subject_kind: Annotated[str, NotPersonal]
    subject_id: Annotated[UUID, NotPersonal]
    initiative_id: Annotated[UUID | None, NotPersonal] = None
    rule: Annotated[str, NotPersonal]
    appeal_until: Annotated[AwareDatetime, NotPersonal]


class HidingAppealed(
    Event, type="nl.participatie.moderation-decisions.hiding-appealed.v1", topic="initiatives.moderation"
):
    """Whose it is asks that another moderator looks at it."""

    decision_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID | None, NotPersonal] = None


class HidingUpheld(Event, type="nl.participatie.moderation-decisions.hiding-upheld.v1", topic="initiatives.moderation"):
    """Another moderator found the same: it stays hidden."""

    decision_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID | None, NotPersonal] = None


class HidingSettled(
    Event, type="nl.participatie.moderation-decisions.hiding-settled.v1", topic="initiatives.moderation"
):
    """Nobody appealed in time: it stays hidden."""

    decision_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID | None, NotPersonal] = None


class ContentRestored(
    Event, type="nl.participatie.moderation-decisions.content-restored.v1", topic="initiatives.moderation"
):
    """Another moderator found otherwise: it is shown again."""

    decision_id: Annotated[UUID, Key, NotPersonal]
    subject_kind: Annotated[str, NotPersonal]
    subject_id: Annotated[UUID, NotPersonal]
    initiative_id: Annotated[UUID | None, NotPersonal] = None


class InitiativeHidingChanged(
    Event, type="nl.participatie.initiatives.initiative-hiding-changed.v1", topic="initiatives.initiative"
):
    """By a decision of moderation its public state was erased, or is there again."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    decision_id: Annotated[UUID, NotPersonal]
    hidden: Annotated[bool, NotPersonal]


class ContributionHidingChanged(
    Event, type="nl.participatie.contributions.contribution-hiding-changed.v1", topic="initiatives.contribution"
):
    """By a decision of moderation its public state was erased, or is there again."""

    contribution_id: Annotated[UUID, Key, NotPersonal]
    decision_id: Annotated[UUID, NotPersonal]
    hidden: Annotated[bool, NotPersonal]


class StoryHidingChanged(Event, type="nl.participatie.stories.story-hiding-changed.v1", topic="initiatives.story"):
    """By a decision of moderation the public state of a story, or of one retelling of it, was erased or is back."""

    story_id: Annotated[UUID, Key, NotPersonal]
    retelling_id: Annotated[UUID | None, NotPersonal] = None
    decision_id: Annotated[UUID, NotPersonal]
    hidden: Annotated[bool, NotPersonal]


class ModerationDecisionState(
    Event,
    type="nl.participatie.moderation-decisions.moderation-decision-state.v1",
    topic="initiatives.moderation.state",
):
    """A line of the public moderation log: what kind of thing, by which rule, why, and how it ended."""

    decision_id: Annotated[UUID, Key, NotPersonal]
    subject_kind: Annotated[str, NotPersonal]
    subject_id: Annotated[UUID, NotPersonal]
    initiative_id: Annotated[UUID | None, NotPersonal] = None
    rule: Annotated[str, NotPersonal]
    status: Annotated[str, NotPersonal]
    hidden_at: Annotated[AwareDatetime, NotPersonal]
    appeal_until: Annotated[AwareDatetime, NotPersonal]
    reason: Annotated[str, Published]
    outcome_reason: Annotated[str | None, Published] = None


EVENTS = (
    ReportMade,
    ReportDismissed,
    ReportHonoured,
    ContentHidden,
    HidingAppealed,
    HidingUpheld,
    HidingSettled,
    ContentRestored,
    InitiativeHidingChanged,
    ContributionHidingChanged,
    StoryHidingChanged,
    ModerationDecisionState,
)
