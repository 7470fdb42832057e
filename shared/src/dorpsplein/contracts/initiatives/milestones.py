"""Milestones: marks that initiators set themselves on the way."""

from datetime import date
from typing import Annotated
from uuid import UUID

from dorpsplein.envelope import Event, Key, NotPersonal, Published


class MilestoneSet(Event, type="nl.participatie.milestones.milestone-set.v1", topic="initiatives.milestone"):
    """Its initiators set themselves a mark, perhaps with a day to reach it."""

    milestone_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    due_on: Annotated[date | None, NotPersonal] = None


class MilestoneReached(Event, type="nl.participatie.milestones.milestone-reached.v1", topic="initiatives.milestone"):
    """A mark was reached."""

    milestone_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]


class MilestoneDropped(Event, type="nl.participatie.milestones.milestone-dropped.v1", topic="initiatives.milestone"):
    """A mark was let go."""

    milestone_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]


class MilestoneState(Event, type="nl.participatie.milestones.milestone-state.v1", topic="initiatives.milestone.state"):
    """The latest public view of a milestone, with what it is called."""

    milestone_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    title: Annotated[str, Published]
    status: Annotated[str, NotPersonal]
    due_on: Annotated[date | None, NotPersonal] = None


FACTS = (
    MilestoneSet,
    MilestoneReached,
    MilestoneDropped,
)
EVENTS = (*FACTS, MilestoneState)
