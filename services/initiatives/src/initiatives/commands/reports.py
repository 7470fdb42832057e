"""Reporting, and deciding on reports: what is hidden is hidden at once, for every report of the same thing."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Conflict, Gone
from dorpsplein.web import found
from initiatives.commands import moderation
from initiatives.domain import moderation as decisions
from initiatives.domain import reports as domain
from initiatives.domain.house_rules import Rule
from initiatives.domain.moderation import Decision, Kind, Moderator, Subject
from initiatives.domain.reports import Report
from initiatives.storage import moderation as decided
from initiatives.storage import reports as storage
from initiatives.storage import subjects


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a moderator finds of a report: hide it or not, by which rule, and why, in public where it is hidden."""

    hide: bool
    rule: Rule
    reason: str


async def make(
    tx: Transaction,
    kind: Kind,
    subject_id: UUID,
    rule: Rule,
    words: str,
    *,
    report_id: UUID,
    reporter: UUID,
    now: datetime,
) -> dict[str, Any]:
    """Report something.

    Raises NotFound, Gone("hidden") for what is hidden already, Conflict("reported-already"), and what the domain says.
    """
    there = (await subjects.read(tx, [(kind, subject_id)])).get((kind, subject_id))
    subject = found(there, kind, subject_id).subject
    await decided.refuse_hidden(tx, kind, subject_id)
    today = await storage.made_today(tx, reporter, now)
    report, fact = domain.make(subject, rule, report_id=report_id, reporter=reporter, today=today)
    if not await storage.add(tx, report, words, [Fact(fact, report.version)], now):
        raise Conflict("reported-already", "You reported this before; /me/reports says how that stands.")
    return shown(report)


async def decide(
    tx: Transaction, report_id: UUID, judgement: Judgement, moderator: Moderator, *, decision_id: UUID, now: datetime
) -> dict[str, Any]:
    """Dismiss a report, or hide what was reported, which decides on all open reports of it.

    Raises NotFound, Refused("report-decided"), Gone("subject-gone") where there is nothing left to hide, and
    Forbidden for who may not decide on it.
    """
    alike = {report.id: report for report in await storage.lock_with_like(tx, report_id)}
    report: Report = found(alike.get(report_id), "report", report_id)
    domain.refuse_decided(report)
    key = (report.subject.kind, report.subject.id)
    there = (await subjects.read(tx, [key])).get(key)
    if not judgement.hide:
        report = replace(report, subject=there.subject if there else report.subject)
        after, fact = domain.dismiss(report, judgement.reason, moderator)
        await storage.save(tx, [after], [Fact(fact, after.version)], now)
        return shown(after)
    if there is None:
        raise Gone("subject-gone", "What was reported is not there any more; dismiss the report.")
    reporters = frozenset(one.reporter_id for one in alike.values())
    decision = await _hide(tx, there.subject, judgement, moderator, reporters, decision_id, now)
    honoured = {one.id: domain.honour(one, decision.id) for one in alike.values()}
    facts = [Fact(fact, after.version) for after, fact in honoured.values()]
    await storage.save(tx, [after for after, _ in honoured.values()], facts, now)
    return shown(honoured[report_id][0])


def shown(report: Report) -> dict[str, Any]:
    """A report as commands answer with it."""
    return {
        "id": str(report.id),
        "version": report.version,
        "subjectKind": report.subject.kind,
        "subjectId": str(report.subject.id),
        "rule": report.rule,
        "status": report.status,
        "reason": report.reason,
        "decisionId": str(report.decision_id) if report.decision_id else None,
    }


async def _hide(
    tx: Transaction,
    subject: Subject,
    judgement: Judgement,
    moderator: Moderator,
    reporters: frozenset[UUID],
    decision_id: UUID,
    now: datetime,
) -> Decision:
    """Hide it; what was hidden between this report and now is so by the decision that stands."""
    if standing := await decided.standing(tx, subject):
        decisions.refuse_involved(moderator, subject, judgement.rule, reporters)
        return standing
    decision, told = decisions.hide(
        subject,
        judgement.rule,
        judgement.reason,
        decision_id=decision_id,
        moderator=moderator,
        reporters=reporters,
        now=now,
    )
    await moderation.keep(tx, decision, told, now)
    return decision
