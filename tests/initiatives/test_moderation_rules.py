"""Reports and hiding: who may decide what, when an appeal is possible, and what is told of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.initiatives.conftest import NOON, some_id

from dorpsplein.contracts.initiatives import moderation as contracts
from dorpsplein.contracts.initiatives.moderation import (
    ContentHidden,
    ContentRestored,
    HidingAppealed,
    HidingSettled,
    HidingUpheld,
    ModerationDecisionState,
)
from dorpsplein.envelope import Pseudonym
from dorpsplein.errors import Forbidden, Refused, Rejected
from dorpsplein.identity import Role
from initiatives.domain import moderation, reports
from initiatives.domain.house_rules import HOUSE_RULES, OF_OPERATOR, Rule
from initiatives.domain.moderation import APPEAL, Decision, Kind, Moderator, Status, Subject

ANNA, BORIS, PETRA, PIET, OTTO, REPORT, DECISION, STORY, GARDEN = (some_id(n) for n in range(1, 10))
SUBJECT = Subject(Kind.STORY, STORY, GARDEN, frozenset({ANNA}))
PANEL = frozenset({Role.PANEL})
OTHER = Moderator(PIET, PANEL)


@contextmanager
def rejected(code: str, kind: type[Rejected] = Refused) -> Iterator[None]:
    with pytest.raises(kind) as refusal:
        yield
    assert refusal.value.code == code
    assert refusal.value.detail


def report(rule: Rule = Rule.SPAM, *, by: UUID = BORIS, today: int = 0) -> reports.Report:
    return reports.make(SUBJECT, rule, report_id=REPORT, reporter=by, today=today)[0]


def hidden(rule: Rule = Rule.SPAM, *, by: Moderator | None = None) -> Decision:
    return moderation.hide(
        SUBJECT,
        rule,
        "Reclame.",
        decision_id=DECISION,
        moderator=by or Moderator(PETRA, PANEL),
        reporters={BORIS},
        now=NOON,
    )[0]


def appealed() -> Decision:
    return moderation.appeal(hidden(), "Het is geen reclame.", person=ANNA, now=NOON)[0]


def test_the_house_rules_are_said_in_two_languages_and_an_opinion_is_in_none() -> None:
    assert set(HOUSE_RULES) == set(Rule)
    assert all(rule.nl and rule.en for rule in HOUSE_RULES.values())
    assert not {"opinion", "misleading", "disagree"} & {word for code in Rule for word in code.split("-")}


def test_nobody_reports_their_own_or_more_than_twenty_things_a_day() -> None:
    with rejected("own-content", Forbidden):
        report(by=ANNA)
    assert report(today=reports.MOST_A_DAY - 1).status == reports.Status.OPEN
    with rejected("too-many-reports"):
        report(today=reports.MOST_A_DAY)


@pytest.mark.parametrize(
    ("by", "rule", "code"),
    [
        (Moderator(ANNA, PANEL), Rule.SPAM, "own-content"),
        (Moderator(BORIS, PANEL), Rule.SPAM, "own-report"),
        (Moderator(OTTO, frozenset({Role.OPERATOR})), Rule.SPAM, "rule-not-yours"),
    ],
)
def test_who_is_involved_or_may_not_use_the_rule_decides_neither_way(by: Moderator, rule: Rule, code: str) -> None:
    with rejected(code, Forbidden):
        hidden(rule, by=by)
    with rejected(code, Forbidden):
        reports.dismiss(report(rule), "Niets aan de hand.", by)
    with rejected(code, Forbidden):
        moderation.restore(appealed(), "Toch wel.", by, NOON)


@pytest.mark.parametrize("rule", sorted(OF_OPERATOR))
def test_an_operator_decides_by_the_rules_that_cannot_wait(rule: Rule) -> None:
    assert hidden(rule, by=Moderator(OTTO, frozenset({Role.OPERATOR}))).rule == rule


def test_a_report_is_decided_on_once() -> None:
    dismissed, _ = reports.dismiss(report(), "Niets aan de hand.", OTHER)
    honoured, fact = reports.honour(report(), DECISION)
    assert (dismissed.status, dismissed.version, dismissed.reason) == ("dismissed", 2, "Niets aan de hand.")
    assert (honoured.status, honoured.version, fact.decision_id) == ("honoured", 2, DECISION)
    for decided in (dismissed, honoured):
        with rejected("report-decided"):
            reports.dismiss(decided, "Nog eens.", OTHER)
        with rejected("report-decided"):
            reports.honour(decided, DECISION)


def test_what_is_hidden_is_told_with_its_rule_its_reason_and_until_when_an_appeal_is_possible() -> None:
    decision, told = moderation.hide(
        SUBJECT, Rule.SPAM, "Reclame.", decision_id=DECISION, moderator=OTHER, reporters={BORIS}, now=NOON
    )
    fact, state = told
    assert fact == ContentHidden(
        decision_id=DECISION,
        subject_kind="story",
        subject_id=STORY,
        initiative_id=GARDEN,
        rule="spam",
        appeal_until=NOON + APPEAL,
    )
    assert isinstance(state, ModerationDecisionState)
    assert (state.reason, state.status, decision.hides) == ("Reclame.", "hidden", True)


def test_only_whose_it_is_appeals_once_and_in_time() -> None:
    with rejected("not-yours", Forbidden):
        moderation.appeal(hidden(), "Nee.", person=BORIS, now=NOON)
    with rejected("appeal-too-late"):
        moderation.appeal(hidden(), "Nee.", person=ANNA, now=NOON + APPEAL)
    after, told = moderation.appeal(hidden(), "Nee.", person=ANNA, now=NOON + APPEAL - timedelta(microseconds=1))
    assert [type(event) for event in told] == [HidingAppealed, ModerationDecisionState]
    assert (after.status, after.version, after.hides) == ("appealed", 2, True)
    with rejected("appealed-already"):
        moderation.appeal(after, "Nee!", person=ANNA, now=NOON)


def test_who_hid_it_does_not_answer_the_appeal() -> None:
    for answer in (moderation.uphold, moderation.restore):
        with rejected("decided-before", Forbidden):
            answer(appealed(), "Ik blijf erbij.", Moderator(PETRA, PANEL), NOON)
        with rejected("not-appealed"):
            answer(hidden(), "Zomaar.", OTHER, NOON)
    upheld, told = moderation.uphold(appealed(), "Het is reclame.", OTHER, NOON)
    assert (upheld.status, upheld.hides, type(told[0])) == ("upheld", True, HidingUpheld)
    restored, told = moderation.restore(appealed(), "Het is geen reclame.", OTHER, NOON)
    assert (restored.status, restored.hides, type(told[0])) == ("restored", False, ContentRestored)


def test_it_stands_once_nobody_appealed_in_time_and_not_before() -> None:
    due = NOON + APPEAL
    settled, told = moderation.settle(hidden(), due)
    assert (settled.status, settled.closed_at, type(told[0])) == ("settled", due, HidingSettled)
    assert moderation.settle(hidden(), due - timedelta(microseconds=1))[1] == []
    assert moderation.settle(appealed(), due)[1] == []
    assert moderation.settle(settled, due)[1] == []
    with rejected("appeal-too-late"):
        moderation.appeal(settled, "Nee.", person=ANNA, now=NOON)


@pytest.mark.parametrize("status", Status)
def test_every_move_that_is_not_in_the_table_is_refused(status: Status) -> None:
    decision = replace(appealed(), status=status)
    doing: dict[str, Callable[[], Any]] = {
        "appeal": lambda: moderation.appeal(decision, "Nee.", person=ANNA, now=NOON),
        "uphold": lambda: moderation.uphold(decision, "Ja.", OTHER, NOON),
        "restore": lambda: moderation.restore(decision, "Nee.", OTHER, NOON),
    }
    for verb, act in doing.items():
        sources, target = moderation.MOVES[verb]
        if status in sources:
            assert act()[0].status == target
        else:
            with pytest.raises(Refused):
                act()


def test_no_fact_of_moderation_says_who_did_anything() -> None:
    for event in contracts.EVENTS:
        assert not [name for name, field in event.model_fields.items() if Pseudonym in field.metadata], event
