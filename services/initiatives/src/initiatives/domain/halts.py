"""A halt in words: its reason, the appeal against it and the answer. It is the initiative that it stops.

Only on a legal or safety ground, in public. Who halted an initiative does not answer the appeal against that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from dorpsplein.contracts.initiatives.halts import HaltState
from dorpsplein.errors import Forbidden, Refused
from initiatives.domain.moves import Ground, LiftReason

APPEAL = timedelta(days=42)
"""How long initiators may appeal: six weeks, as against any decision in public law (Awb, article 6:7)."""


class Status(StrEnum):
    """Where a halt is in its life."""

    HALTED = "halted"
    APPEALED = "appealed"
    UPHELD = "upheld"
    LIFTED = "lifted"


MOVES: Mapping[str, tuple[frozenset[Status], Status]] = {
    "appeal": (frozenset({Status.HALTED}), Status.APPEALED),
    "uphold": (frozenset({Status.APPEALED}), Status.UPHELD),
    "lift": (frozenset({Status.HALTED, Status.APPEALED, Status.UPHELD}), Status.LIFTED),
}


@dataclass(frozen=True, slots=True)
class Halt:
    """A halt as it was left; `version` counts its public states. `answer` is said when it is upheld or lifted."""

    id: UUID
    version: int
    status: Status
    initiative_id: UUID
    ground: Ground
    reason: str
    halted_by: UUID
    halted_at: datetime
    appeal_until: datetime
    appeal: str | None = None
    answer: str | None = None
    lift_reason: LiftReason | None = None


def halt(initiative_id: UUID, ground: Ground, reason: str, *, halt_id: UUID, alderman: UUID, now: datetime) -> Halt:
    """Stop an initiative, and say why."""
    return Halt(halt_id, 1, Status.HALTED, initiative_id, ground, reason, alderman, now, now + APPEAL)


def appeal(halt: Halt, words: str) -> Halt:
    """Ask that another alderman looks at it. Raises Refused("appealed-already")."""
    return replace(_moved(halt, "appeal", "appealed-already"), appeal=words)


def uphold(halt: Halt, answer: str, *, alderman: UUID) -> Halt:
    """Answer that it stays. Raises Forbidden("decided-before") for who halted it, and Refused("not-appealed")."""
    _refuse_same(halt, alderman)
    return replace(_moved(halt, "uphold", "not-appealed"), answer=answer)


def lift(halt: Halt, reason: LiftReason, answer: str, *, alderman: UUID) -> Halt:
    """Let the initiative go on.

    Raises Refused("not-appealed") where an appeal is granted that is not there, and Forbidden("decided-before") where
    who halted it would answer the appeal.
    """
    if reason == LiftReason.APPEAL_GRANTED:
        _refuse_same(halt, alderman)
        if halt.status not in MOVES["uphold"][0]:
            raise Refused("not-appealed", "There is no appeal to grant; say that the ground is gone, or a mistake.")
    return replace(_moved(halt, "lift", "not-halted"), lift_reason=reason, answer=answer)


def state_of(halt: Halt) -> HaltState:
    """The public state of a halt as it is."""
    return HaltState(
        halt_id=halt.id,
        initiative_id=halt.initiative_id,
        ground=halt.ground,
        status=halt.status,
        appeal_until=halt.appeal_until,
        reason=halt.reason,
        appeal=halt.appeal,
        answer=halt.answer,
    )


def _refuse_same(halt: Halt, alderman: UUID) -> None:
    if alderman == halt.halted_by:
        raise Forbidden("decided-before", "You halted this; another alderman answers the appeal.")


def _moved(halt: Halt, verb: str, code: str) -> Halt:
    sources, target = MOVES[verb]
    if halt.status not in sources:
        raise Refused(code, f"This halt is {halt.status}; to {verb} it, it must be {' or '.join(sorted(sources))}.")
    return replace(halt, status=target, version=halt.version + 1)
