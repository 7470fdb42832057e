"""Moderation: what breaks a house rule is hidden, with a reason and an appeal, in a public log.

Nobody decides on what is their own or on what they reported themselves, nor twice on the same thing.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from dorpsplein.contracts.initiatives.moderation import (
    ContentHidden,
    ContentRestored,
    HidingAppealed,
    HidingSettled,
    HidingUpheld,
    ModerationDecisionState,
)
from dorpsplein.envelope import Event
from dorpsplein.errors import Forbidden, Refused
from dorpsplein.identity import Role
from initiatives.domain.house_rules import Rule, refuse_rule

APPEAL = timedelta(days=14)
"""How long whose it is may appeal."""


class Kind(StrEnum):
    """What can be reported."""

    INITIATIVE = "initiative"
    CONTRIBUTION = "contribution"
    STORY = "story"
    RETELLING = "retelling"
    SCENE = "scene"


class Status(StrEnum):
    """Where a decision to hide is in its life."""

    HIDDEN = "hidden"
    APPEALED = "appealed"
    UPHELD = "upheld"
    SETTLED = "settled"
    RESTORED = "restored"


MOVES: Mapping[str, tuple[frozenset[Status], Status]] = {
    "appeal": (frozenset({Status.HIDDEN}), Status.APPEALED),
    "uphold": (frozenset({Status.APPEALED}), Status.UPHELD),
    "restore": (frozenset({Status.APPEALED}), Status.RESTORED),
    "settle": (frozenset({Status.HIDDEN}), Status.SETTLED),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What was reported: a thing of some kind, in which initiative, and whose it is."""

    kind: Kind
    id: UUID
    initiative_id: UUID | None = None
    authors: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Moderator:
    """Who decides, in which roles."""

    id: UUID
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision to hide as its facts left it; `version` counts them. `involved` reported it."""

    id: UUID
    version: int
    status: Status
    subject: Subject
    rule: Rule
    reason: str
    moderator_id: UUID
    hidden_at: datetime
    appeal_until: datetime
    involved: frozenset[UUID] = field(default_factory=frozenset)
    appeal_words: str | None = None
    appealed_at: datetime | None = None
    outcome_reason: str | None = None
    closed_at: datetime | None = None

    @property
    def hides(self) -> bool:
        """Whether its subject is hidden now."""
        return self.status != Status.RESTORED


Told = tuple[Decision, list[Event]]
"""A decision after what was done, and what is told of it: one fact and the public state after it, or nothing."""


def hide(
    subject: Subject,
    rule: Rule,
    reason: str,
    *,
    decision_id: UUID,
    moderator: Moderator,
    reporters: Set[UUID],
    now: datetime,
) -> Told:
    """Take something from view.

    Raises Forbidden("own-content"), ("own-report") or ("rule-not-yours").
    """
    refuse_involved(moderator, subject, rule, reporters)
    until = now + APPEAL
    decision = Decision(
        decision_id, 1, Status.HIDDEN, subject, rule, reason, moderator.id, now, until, frozenset(reporters)
    )
    hidden = ContentHidden(
        decision_id=decision_id,
        subject_kind=subject.kind,
        subject_id=subject.id,
        initiative_id=subject.initiative_id,
        rule=rule,
        appeal_until=until,
    )
    return decision, [hidden, state_of(decision)]


def appeal(decision: Decision, words: str, *, person: UUID, now: datetime) -> Told:
    """Ask that another moderator looks at it.

    Raises Forbidden("not-yours"), Refused("appeal-too-late") or ("appealed-already").
    """
    if person not in decision.subject.authors:
        raise Forbidden("not-yours", "Only whose it is may appeal.")
    if decision.status == Status.SETTLED or (decision.status == Status.HIDDEN and now >= decision.appeal_until):
        raise Refused("appeal-too-late", f"An appeal was possible until {decision.appeal_until:%Y-%m-%dT%H:%MZ}.")
    after = replace(_moved(decision, "appeal", "appealed-already"), appeal_words=words, appealed_at=now)
    fact = HidingAppealed(decision_id=decision.id, initiative_id=decision.subject.initiative_id)
    return after, [fact, state_of(after)]


def uphold(decision: Decision, reason: str, moderator: Moderator, now: datetime) -> Told:
    """Find, as another moderator, that it stays hidden. Raises as `restore` does."""
    _refuse_same(decision, moderator)
    after = replace(_moved(decision, "uphold", "not-appealed"), outcome_reason=reason, closed_at=now)
    fact = HidingUpheld(decision_id=decision.id, initiative_id=decision.subject.initiative_id)
    return after, [fact, state_of(after)]


def restore(decision: Decision, reason: str, moderator: Moderator, now: datetime) -> Told:
    """Find, as another moderator, that it can be shown.

    Raises Forbidden("decided-before") for who hid it, ("own-content"), ("own-report") or ("rule-not-yours"), and
    Refused("not-appealed").
    """
    _refuse_same(decision, moderator)
    after = replace(_moved(decision, "restore", "not-appealed"), outcome_reason=reason, closed_at=now)
    fact = ContentRestored(
        decision_id=decision.id,
        subject_kind=decision.subject.kind,
        subject_id=decision.subject.id,
        initiative_id=decision.subject.initiative_id,
    )
    return after, [fact, state_of(after)]


def settle(decision: Decision, now: datetime) -> Told:
    """Let it stand once nobody appealed in time; nothing before that, and nothing where somebody did."""
    if decision.status not in MOVES["settle"][0] or now < decision.appeal_until:
        return decision, []
    after = replace(_moved(decision, "settle", "not-appealed"), closed_at=now)
    fact = HidingSettled(decision_id=decision.id, initiative_id=decision.subject.initiative_id)
    return after, [fact, state_of(after)]


def refuse_involved(moderator: Moderator, subject: Subject, rule: Rule, reporters: Set[UUID]) -> None:
    """Raises Forbidden("own-content"), ("own-report"), or ("rule-not-yours") for who may not decide by that rule."""
    if moderator.id in subject.authors:
        raise Forbidden("own-content", "Nobody decides on what is their own; another moderator does.")
    if moderator.id in reporters:
        raise Forbidden("own-report", "Nobody decides on what they reported; another moderator does.")
    refuse_rule(rule, moderator.roles)


def state_of(decision: Decision) -> ModerationDecisionState:
    """The line of the public log that a decision is: never the words that were hidden, nor who did what."""
    return ModerationDecisionState(
        decision_id=decision.id,
        subject_kind=decision.subject.kind,
        subject_id=decision.subject.id,
        initiative_id=decision.subject.initiative_id,
        rule=decision.rule,
        status=decision.status,
        hidden_at=decision.hidden_at,
        appeal_until=decision.appeal_until,
        reason=decision.reason,
        outcome_reason=decision.outcome_reason,
    )


def _refuse_same(decision: Decision, moderator: Moderator) -> None:
    if moderator.id == decision.moderator_id:
        raise Forbidden("decided-before", "You hid this; another moderator decides on the appeal.")
    refuse_involved(moderator, decision.subject, decision.rule, decision.involved)


def _moved(decision: Decision, verb: str, code: str) -> Decision:
    sources, target = MOVES[verb]
    if decision.status not in sources:
        raise Refused(code, f"This cannot be done with a decision that is {decision.status}.")
    return replace(decision, status=target, version=decision.version + 1)
