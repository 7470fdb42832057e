"""A report: somebody says that something breaks a house rule. It does nothing by itself; a moderator decides."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from dorpsplein.contracts.initiatives.moderation import ReportDismissed, ReportHonoured, ReportMade
from dorpsplein.errors import Forbidden, Refused
from initiatives.domain.house_rules import Rule
from initiatives.domain.moderation import Moderator, Subject, refuse_involved

MOST_A_DAY = 20
"""How many reports one person makes in 24 hours at most: who means well needs no more."""


class Status(StrEnum):
    """Where a report is in its life."""

    OPEN = "open"
    DISMISSED = "dismissed"
    HONOURED = "honoured"


MOVES: Mapping[str, tuple[frozenset[Status], Status]] = {
    "dismiss": (frozenset({Status.OPEN}), Status.DISMISSED),
    "honour": (frozenset({Status.OPEN}), Status.HONOURED),
}


@dataclass(frozen=True, slots=True)
class Report:
    """A report as its facts left it; `version` counts them. `reason` is the moderator's, of a dismissal."""

    id: UUID
    version: int
    status: Status
    subject: Subject
    rule: Rule
    reporter_id: UUID
    reason: str | None = None
    decision_id: UUID | None = None


def make(subject: Subject, rule: Rule, *, report_id: UUID, reporter: UUID, today: int) -> tuple[Report, ReportMade]:
    """Report something. `today` is how many this person reported in the last 24 hours.

    Raises Forbidden("own-content") and Refused("too-many-reports").
    """
    if reporter in subject.authors:
        raise Forbidden("own-content", "This is your own: change it or take it back instead.")
    if today >= MOST_A_DAY:
        raise Refused("too-many-reports", f"You made {MOST_A_DAY} reports in the last 24 hours; go on tomorrow.")
    report = Report(report_id, 1, Status.OPEN, subject, rule, reporter)
    made = ReportMade(report_id=report_id, subject_kind=subject.kind, subject_id=subject.id, rule=rule)
    return report, made


def dismiss(report: Report, reason: str, moderator: Moderator) -> tuple[Report, ReportDismissed]:
    """Find that no rule was broken.

    Raises Refused("report-decided"), and Forbidden for who is involved or may not decide by its rule.
    """
    refuse_involved(moderator, report.subject, report.rule, {report.reporter_id})
    after = replace(_moved(report, "dismiss"), reason=reason)
    return after, ReportDismissed(report_id=report.id)


def honour(report: Report, decision_id: UUID) -> tuple[Report, ReportHonoured]:
    """Say that what was reported is hidden by this decision. Raises Refused("report-decided")."""
    after = replace(_moved(report, "honour"), decision_id=decision_id)
    return after, ReportHonoured(report_id=report.id, decision_id=decision_id)


def refuse_decided(report: Report) -> None:
    """Raises Refused("report-decided") for what is not open."""
    if report.status != Status.OPEN:
        raise Refused("report-decided", f"This report was decided on already: it is {report.status}.")


def _moved(report: Report, verb: str) -> Report:
    sources, target = MOVES[verb]
    if report.status not in sources:
        refuse_decided(report)
    return replace(report, status=target, version=report.version + 1)
