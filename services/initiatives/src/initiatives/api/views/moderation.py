"""What answers about reports and moderation look like. Tests hold the answers to it."""

from datetime import datetime
from uuid import UUID

from dorpsplein.fields import View
from initiatives.domain import reports
from initiatives.domain.house_rules import Rule
from initiatives.domain.moderation import Kind, Status


class HouseRule(View):
    """A rule by which something may be hidden, in the words people read."""

    code: Rule
    nl: str
    en: str


class HouseRules(View):
    """All of them."""

    items: list[HouseRule]


class Report(View):
    """A report: of what, by which rule, and how it stands."""

    id: UUID
    version: int
    subject_kind: Kind
    subject_id: UUID
    rule: Rule
    status: reports.Status
    reason: str | None
    decision_id: UUID | None


class OwnReport(Report):
    """A report as who made it sees it."""

    words: str
    made_at: datetime


class OwnReportList(View):
    """A page of one's own reports; `next` is the cursor of the one after it."""

    items: list[OwnReport]
    next: str | None


class OpenReport(View):
    """A report as moderators see it, with what was reported (null: not there any more), never by whom."""

    id: UUID
    subject_kind: Kind
    subject_id: UUID
    initiative_id: UUID | None
    rule: Rule
    words: str
    content: str | None
    made_at: datetime


class OpenReportList(View):
    """A page of reports that wait; `next` is the cursor of the one after it."""

    items: list[OpenReport]
    next: str | None


class Decision(View):
    """A line of the public log: what kind of thing was hidden, by which rule, why, and how it ended."""

    id: UUID
    version: int
    subject_kind: Kind
    subject_id: UUID
    initiative_id: UUID | None
    rule: Rule
    reason: str
    status: Status
    hidden_at: datetime
    appeal_until: datetime
    appealed_at: datetime | None
    outcome_reason: str | None
    closed_at: datetime | None


class DecisionList(View):
    """A page of the log; `next` is the cursor of the one after it."""

    items: list[Decision]
    next: str | None


class OwnDecision(Decision):
    """A decision on one's own, with what one wrote in appeal."""

    appeal_words: str | None


class OwnDecisionList(View):
    """A page of decisions on one's own; `next` is the cursor of the one after it."""

    items: list[OwnDecision]
    next: str | None


class Appeal(View):
    """An appeal that waits, with what is hidden (null: not there any more)."""

    id: UUID
    subject_kind: Kind
    subject_id: UUID
    initiative_id: UUID | None
    rule: Rule
    reason: str
    appeal_words: str
    content: str | None
    hidden_at: datetime
    appealed_at: datetime


class AppealList(View):
    """A page of appeals; `next` is the cursor of the one after it."""

    items: list[Appeal]
    next: str | None
