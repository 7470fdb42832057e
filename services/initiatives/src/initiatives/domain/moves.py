"""Which moves there are in the life of an initiative, and the reasons there are for them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from dorpsplein.errors import Refused
from initiatives.domain.initiative import LIVE, Initiative, Status


class Reason(StrEnum):
    """Why initiators take an initiative back. A closed list: it stands in a fact that is kept for ever."""

    CHANGED_PLANS = "changed-plans"
    DONE_ELSEWHERE = "done-elsewhere"
    NOT_FEASIBLE = "not-feasible"
    BY_MISTAKE = "by-mistake"
    OTHER = "other"


class PauseReason(StrEnum):
    """Why initiators let an initiative rest."""

    WAITING_FOR_MEANS = "waiting-for-means"
    WAITING_FOR_OTHERS = "waiting-for-others"
    SEASON = "season"
    NO_TIME_NOW = "no-time-now"
    OTHER = "other"


class Ground(StrEnum):
    """The only grounds of a halt."""

    LEGAL = "legal"
    SAFETY = "safety"


class LiftReason(StrEnum):
    """Why a halt is over."""

    APPEAL_GRANTED = "appeal-granted"
    GROUND_GONE = "ground-gone"
    BY_MISTAKE = "by-mistake"


class Move(NamedTuple):
    """From which statuses one may move, and where to; None goes back to where it was before it rested."""

    sources: frozenset[Status]
    target: Status | None


RESTS = frozenset({Status.PAUSED})
MOVES: Mapping[str, Move] = {
    "reach the threshold": Move(frozenset({Status.PROPOSED}), Status.SUPPORTED),
    "start co-creation": Move(frozenset({Status.SUPPORTED}), Status.IN_CO_CREATION),
    "publish the dream vision": Move(frozenset({Status.IN_CO_CREATION}), Status.DREAM_PUBLISHED),
    "get under way": Move(frozenset({Status.DREAM_PUBLISHED}), Status.UNDER_WAY),
    "celebrate": Move(frozenset({Status.UNDER_WAY}), Status.CELEBRATED),
    "pause": Move(LIVE, Status.PAUSED),
    "resume": Move(RESTS, None),
    "withdraw": Move(LIVE | RESTS, Status.WITHDRAWN),
    "expire": Move(frozenset({Status.PROPOSED}), Status.EXPIRED),
    "join": Move(LIVE, Status.JOINED),
    "part": Move(frozenset({Status.JOINED}), None),
    "halt": Move(LIVE | RESTS, Status.HALTED),
    "lift the halt": Move(frozenset({Status.HALTED}), None),
}
"""Every move there is, by what is done."""


def moved(initiative: Initiative, doing: str) -> Status:
    """Where a move leads. Raises Refused("not-now"), saying from where it is possible."""
    move = MOVES[doing]
    if initiative.status not in move.sources:
        raise Refused(
            "not-now",
            f"This initiative is {initiative.status}; to {doing} it must be {' or '.join(sorted(move.sources))}.",
        )
    target = move.target or initiative.before
    assert target is not None
    return target
