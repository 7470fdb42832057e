"""Milestones: marks that initiators set themselves, are reached or let go, and stay to be seen."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from uuid import UUID

from dorpsplein.contracts.initiatives.milestones import MilestoneDropped, MilestoneReached, MilestoneSet, MilestoneState
from dorpsplein.envelope import Event
from dorpsplein.errors import Refused
from initiatives.domain.initiative import Initiative, only_initiators, refuse_ended

MOST_MILESTONES = 50


class Status(StrEnum):
    """What became of a milestone."""

    SET = "set"
    REACHED = "reached"
    DROPPED = "dropped"


MOVES: Mapping[str, tuple[frozenset[Status], Status]] = {
    "reach": (frozenset({Status.SET}), Status.REACHED),
    "let go": (frozenset({Status.SET}), Status.DROPPED),
}


@dataclass(frozen=True, slots=True)
class Milestone:
    """A milestone as its facts left it."""

    id: UUID
    initiative_id: UUID
    title: str
    due_on: date | None = None
    status: Status = Status.SET
    version: int = 1


def place(initiative: Initiative, milestone: Milestone, there_are: int, *, person: UUID) -> list[Event]:
    """Set a new milestone of an initiative, of which `there_are` so many.

    Raises Forbidden("not-yours"), Refused("too-many-milestones") or of an ended initiative.
    """
    only_initiators(initiative, person)
    refuse_ended(initiative.status)
    if there_are >= MOST_MILESTONES:
        raise Refused("too-many-milestones", f"An initiative has at most {MOST_MILESTONES} milestones.")
    fact = MilestoneSet(milestone_id=milestone.id, initiative_id=initiative.id, due_on=milestone.due_on)
    return [fact, _state(milestone)]


def move(initiative: Initiative, milestone: Milestone, doing: str, *, person: UUID) -> tuple[Milestone, list[Event]]:
    """Reach a milestone or let it go: the milestone after that, and its events.

    Raises Forbidden("not-yours"), Refused("milestone-reached") or ("milestone-dropped") where that was done before, or
    of an ended initiative.
    """
    only_initiators(initiative, person)
    refuse_ended(initiative.status)
    sources, target = MOVES[doing]
    if milestone.status not in sources:
        raise Refused(f"milestone-{milestone.status}", f"This milestone was {milestone.status} before.")
    after = replace(milestone, status=target, version=milestone.version + 1)
    kind = MilestoneReached if target == Status.REACHED else MilestoneDropped
    return after, [kind(milestone_id=milestone.id, initiative_id=initiative.id), _state(after)]


def _state(milestone: Milestone) -> MilestoneState:
    return MilestoneState(
        milestone_id=milestone.id,
        initiative_id=milestone.initiative_id,
        title=milestone.title,
        status=milestone.status,
        due_on=milestone.due_on,
    )
