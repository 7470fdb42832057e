"""Visits: frontrunners invite, and the inspiration council comes to see."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime

from dorpsplein.envelope import Event, Key, NotPersonal, Pseudonym, Published


class VisitInvited(Event, type="nl.participatie.visits.visit-invited.v1", topic="presence.visit"):
    """A frontrunner invites the council to come and see."""

    visit_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    invited_by: Annotated[UUID, Pseudonym]


class VisitAccepted(Event, type="nl.participatie.visits.visit-accepted.v1", topic="presence.visit"):
    """These members come, at this time; without a place where the initiative is. Said again when that changes."""

    visit_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    member_ids: Annotated[list[UUID], NotPersonal]
    place_id: Annotated[UUID | None, NotPersonal] = None
    starts_at: Annotated[AwareDatetime, NotPersonal]
    ends_at: Annotated[AwareDatetime, NotPersonal]


class VisitDeclined(Event, type="nl.participatie.visits.visit-declined.v1", topic="presence.visit"):
    """The council does not come; `reason` is a code, and its answer stands in the state topic."""

    visit_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    reason: Annotated[str, NotPersonal]


class VisitCancelled(Event, type="nl.participatie.visits.visit-cancelled.v1", topic="presence.visit"):
    """It does not take place after all; `said_by` is `initiator` or `council`, `reason` a code."""

    visit_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    said_by: Annotated[str, NotPersonal]
    reason: Annotated[str, NotPersonal]


class FrontrunnerVisited(Event, type="nl.participatie.visits.frontrunner-visited.v1", topic="presence.visit"):
    """The council was there: these members."""

    visit_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    member_ids: Annotated[list[UUID], NotPersonal]
    place_id: Annotated[UUID | None, NotPersonal] = None


class VisitReported(Event, type="nl.participatie.visits.visit-reported.v1", topic="presence.visit"):
    """The council reported back; its words stand in the state topic. `promises` is how many were made."""

    visit_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    promises: Annotated[int, NotPersonal]


class VisitState(Event, type="nl.participatie.visits.visit-state.v1", topic="presence.visit.state"):
    """The latest public view of a visit: the invitation, the answer where there is one, and what was reported."""

    visit_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    status: Annotated[str, NotPersonal]
    member_ids: Annotated[list[UUID], NotPersonal]
    place_id: Annotated[UUID | None, NotPersonal] = None
    starts_at: Annotated[AwareDatetime | None, NotPersonal] = None
    ends_at: Annotated[AwareDatetime | None, NotPersonal] = None
    invitation: Annotated[str, Published]
    answer: Annotated[str | None, Published] = None
    report: Annotated[str | None, Published] = None


EVENTS = (
    VisitInvited,
    VisitAccepted,
    VisitDeclined,
    VisitCancelled,
    FrontrunnerVisited,
    VisitReported,
    VisitState,
)
