"""An initiative: what residents want to make happen, and what may be done with it when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from functools import reduce
from typing import Any
from uuid import UUID

from pydantic.alias_generators import to_camel

from dorpsplein.contracts.initiatives.initiatives import (
    InitiativeEdited,
    InitiativeProposed,
    InitiativeState,
    InitiativeWithdrawn,
    ThresholdReached,
)
from dorpsplein.errors import Forbidden, NotFound, Refused, Stale


class Status(StrEnum):
    """Where an initiative is in its life."""

    PROPOSED = "proposed"
    SUPPORTED = "supported"
    WITHDRAWN = "withdrawn"


class Reason(StrEnum):
    """Why an initiator takes an initiative back. A closed list: it stands in a fact that is kept for ever."""

    CHANGED_PLANS = "changed-plans"
    DONE_ELSEWHERE = "done-elsewhere"
    NOT_FEASIBLE = "not-feasible"
    BY_MISTAKE = "by-mistake"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Spot:
    """A point on the map in WGS 84."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Content:
    """What an initiator says: words, theme, where, what it would cost in cents (0: unknown), a neighbourhood's code."""

    title: str
    summary: str
    theme: str
    place: Spot | None = None
    means_needed_cents: int = 0
    neighbourhood: str | None = None


@dataclass(frozen=True, slots=True)
class Initiative:
    """An initiative as its events left it; `version` counts its facts."""

    id: UUID
    version: int
    status: Status
    content: Content
    initiator_id: UUID
    threshold: int
    channel: str
    threshold_reached: bool = False
    withdrawal_reason: str | None = None


InitiativeEvent = InitiativeProposed | InitiativeEdited | ThresholdReached | InitiativeWithdrawn | InitiativeState
"""Every decision gives one fact and the public state after it, in that order; or nothing."""


def propose(
    content: Content, *, initiative_id: UUID, initiator: UUID, threshold: int, channel: str
) -> list[InitiativeEvent]:
    """Start an initiative that counts as supported from `threshold` supports on."""
    proposed = InitiativeProposed(
        initiative_id=initiative_id,
        initiator_id=initiator,
        threshold=threshold,
        channel=channel,
        **_public(content),
    )
    return [proposed, _state(initiative_id, initiator, content, Status.PROPOSED)]


def edit(initiative: Initiative, changes: Mapping[str, Any], *, person: UUID, version: int) -> list[InitiativeEvent]:
    """Change fields of the content; nothing happens when none differs.

    Raises Forbidden("not-yours"), Stale("initiative-changed") when `version` is not the newest, and
    Refused("initiative-withdrawn").
    """
    _only_initiator(initiative, person)
    if version != initiative.version:
        raise Stale(
            "initiative-changed",
            "The initiative has changed since you read it; read it again and repeat your edit.",
            version=initiative.version,
        )
    _not_withdrawn(initiative.status)
    content = replace(initiative.content, **changes)
    changed = [
        to_camel(field.name)
        for field in fields(Content)
        if getattr(content, field.name) != getattr(initiative.content, field.name)
    ]
    if not changed:
        return []
    edited = InitiativeEdited(initiative_id=initiative.id, changed=changed, **_public(content))
    return [edited, _state(initiative.id, initiative.initiator_id, content, initiative.status)]


def withdraw(initiative: Initiative, reason: Reason, *, person: UUID) -> list[InitiativeEvent]:
    """Take an initiative back for good. Raises Forbidden("not-yours") and Refused("initiative-withdrawn")."""
    _only_initiator(initiative, person)
    _not_withdrawn(initiative.status)
    withdrawn = InitiativeWithdrawn(initiative_id=initiative.id, reason=reason)
    return [withdrawn, _state(initiative.id, initiative.initiator_id, initiative.content, Status.WITHDRAWN)]


def reach_threshold(initiative: Initiative, supports: int) -> list[InitiativeEvent]:
    """Say, once, that as many support it as its threshold asks; nothing ever unsays or repeats it."""
    if initiative.threshold_reached or initiative.status != Status.PROPOSED or supports < initiative.threshold:
        return []
    reached = ThresholdReached(initiative_id=initiative.id, threshold=initiative.threshold)
    return [reached, _state(initiative.id, initiative.initiator_id, initiative.content, Status.SUPPORTED)]


def refuse_support(status: Status | None, initiative_id: UUID) -> None:
    """Raises NotFound("initiative-unknown") or Refused("initiative-withdrawn") where nobody can say yes."""
    if status is None:
        raise NotFound("initiative-unknown", f"There is no initiative {initiative_id}.")
    _not_withdrawn(status)


def evolve(initiative: Initiative | None, event: InitiativeEvent) -> Initiative:
    """The initiative after an event. The words come with the state that follows every fact."""
    if isinstance(event, InitiativeProposed):
        return Initiative(
            id=event.initiative_id,
            version=1,
            status=Status.PROPOSED,
            content=Content("", "", event.theme),
            initiator_id=event.initiator_id,
            threshold=event.threshold,
            channel=event.channel,
        )
    assert initiative is not None
    if isinstance(event, InitiativeState):
        return replace(initiative, content=_content(event), status=Status(event.status))
    after = replace(initiative, version=initiative.version + 1)
    match event:
        case ThresholdReached():
            return replace(after, threshold_reached=True)
        case InitiativeWithdrawn():
            return replace(after, withdrawal_reason=event.reason)
        case _:
            return after


def fold(initiative: Initiative | None, events: Sequence[InitiativeEvent]) -> Initiative:
    """The initiative after events, of which there is at least one unless there is an initiative."""
    after = reduce(evolve, events, initiative)
    assert after is not None
    return after


def _only_initiator(initiative: Initiative, person: UUID) -> None:
    if person != initiative.initiator_id:
        raise Forbidden("not-yours", "Only the initiator of an initiative may do this.")


def _not_withdrawn(status: Status) -> None:
    if status == Status.WITHDRAWN:
        raise Refused("initiative-withdrawn", "Its initiator has withdrawn this initiative.")


def _public(content: Content) -> dict[str, Any]:
    """What facts say of the content: everything but the words."""
    return {
        "theme": content.theme,
        "latitude": content.place.latitude if content.place else None,
        "longitude": content.place.longitude if content.place else None,
        "means_needed_cents": content.means_needed_cents,
        "neighbourhood": content.neighbourhood,
    }


def _state(initiative_id: UUID, initiator: UUID, content: Content, status: Status) -> InitiativeState:
    return InitiativeState(
        initiative_id=initiative_id,
        initiator_id=initiator,
        title=content.title,
        summary=content.summary,
        status=status,
        **_public(content),
    )


def _content(state: InitiativeState) -> Content:
    place = None
    if state.latitude is not None and state.longitude is not None:
        place = Spot(state.latitude, state.longitude)
    return Content(state.title, state.summary, state.theme, place, state.means_needed_cents, state.neighbourhood)
