"""Initiatives: what residents want to make happen, and how far it is."""

from typing import Annotated
from uuid import UUID

from dorpsplein.envelope import Event, Key, NotPersonal, Pseudonym, Published


class InitiativeProposed(
    Event, type="nl.participatie.initiatives.initiative-proposed.v1", topic="initiatives.initiative"
):
    """Someone wants to make something happen. `means_needed_cents` is what it would cost, 0 when unknown."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    initiator_id: Annotated[UUID, Pseudonym]
    theme: Annotated[str, NotPersonal]
    latitude: Annotated[float | None, NotPersonal] = None
    longitude: Annotated[float | None, NotPersonal] = None
    means_needed_cents: Annotated[int, NotPersonal] = 0
    threshold: Annotated[int, NotPersonal]
    channel: Annotated[str, NotPersonal] = "web"
    neighbourhood: Annotated[str | None, NotPersonal] = None


class InitiativeEdited(Event, type="nl.participatie.initiatives.initiative-edited.v1", topic="initiatives.initiative"):
    """Its initiator changed it; `changed` names the fields. The texts stand in the state topic."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    changed: Annotated[list[str], NotPersonal]
    theme: Annotated[str, NotPersonal]
    latitude: Annotated[float | None, NotPersonal] = None
    longitude: Annotated[float | None, NotPersonal] = None
    means_needed_cents: Annotated[int, NotPersonal] = 0
    neighbourhood: Annotated[str | None, NotPersonal] = None


class ThresholdReached(Event, type="nl.participatie.initiatives.threshold-reached.v1", topic="initiatives.initiative"):
    """As many residents as the threshold asks support it. A fact, once, whatever happens after."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    threshold: Annotated[int, NotPersonal]


class InitiativeWithdrawn(
    Event, type="nl.participatie.initiatives.initiative-withdrawn.v1", topic="initiatives.initiative"
):
    """Its initiator took it back; `reason` is a code."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    reason: Annotated[str, NotPersonal]


class InitiativeState(
    Event, type="nl.participatie.initiatives.initiative-state.v1", topic="initiatives.initiative.state"
):
    """The latest public view of an initiative, with the words its initiator published."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    initiator_id: Annotated[UUID, Pseudonym]
    title: Annotated[str, Published]
    summary: Annotated[str, Published]
    theme: Annotated[str, NotPersonal]
    status: Annotated[str, NotPersonal]
    latitude: Annotated[float | None, NotPersonal] = None
    longitude: Annotated[float | None, NotPersonal] = None
    means_needed_cents: Annotated[int, NotPersonal] = 0
    neighbourhood: Annotated[str | None, NotPersonal] = None


EVENTS = (
    InitiativeProposed,
    InitiativeEdited,
    ThresholdReached,
    InitiativeWithdrawn,
    InitiativeState,
)
