"""How facts shape an initiative: one fold over all of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import reduce
from uuid import UUID

from dorpsplein.contracts.initiatives.initiatives import (
    CoInitiatorDeclined,
    CoInitiatorInvited,
    CoInitiatorJoined,
    CoInitiatorLeft,
    HaltAppealed,
    HaltLifted,
    InitiativeHalted,
    InitiativeJoined,
    InitiativeParted,
    InitiativePaused,
    InitiativeProposed,
    InitiativeResumed,
    InitiativeState,
    InitiativeWithdrawn,
    SupportClosed,
    ThresholdReached,
)
from dorpsplein.envelope import Event
from initiatives.domain.initiative import Content, Halt, Initiative, Spot, Status, Terms, state_of


def fold(initiative: Initiative | None, events: Sequence[Event]) -> Initiative:
    """The initiative after events, of which there is at least one unless there is an initiative."""
    after = reduce(evolve, events, initiative)
    assert after is not None
    return after


def evolve(initiative: Initiative | None, event: Event) -> Initiative:
    """The initiative after an event. Words and status come with the state that follows every fact."""
    if isinstance(event, InitiativeProposed):
        return _started(event)
    assert initiative is not None
    if isinstance(event, InitiativeState):
        return replace(initiative, content=_content(event), status=Status(event.status), thanks=event.thanks)
    after = replace(initiative, version=initiative.version + 1)
    match event:
        case ThresholdReached():
            return replace(after, threshold_reached=True)
        case SupportClosed():
            return replace(after, support_closed=True)
        case InitiativeWithdrawn(reason=reason):
            return replace(_rested(after), withdrawal_reason=reason)
        case InitiativePaused() | InitiativeJoined() | InitiativeHalted():
            return _stopped(_resting(after, event.since), event)
        case InitiativeResumed() | InitiativeParted() | HaltLifted():
            return _going_on(after, event)
        case HaltAppealed():
            assert after.halt is not None
            return replace(after, halt=replace(after.halt, appealed=True))
        case _:
            return _carried(after, event)


def told(initiative: Initiative, fact: Event, status: Status) -> list[Event]:
    """A fact with the public state after it: the same words, and this status."""
    return [fact, state_of(replace(evolve(initiative, fact), status=status))]


def _resting(initiative: Initiative, since: datetime) -> Initiative:
    """What rests already keeps where it goes back to, and since when."""
    if initiative.rests_since is not None:
        return initiative
    return replace(initiative, before=initiative.status, rests_since=since)


def _stopped(initiative: Initiative, event: InitiativePaused | InitiativeJoined | InitiativeHalted) -> Initiative:
    match event:
        case InitiativePaused():
            return replace(initiative, pause_reason=event.reason)
        case InitiativeJoined():
            return replace(initiative, merge_id=event.merge_id, into_id=event.into_id)
        case InitiativeHalted():
            return replace(initiative, halt=Halt(event.halt_id, event.ground, event.appeal_until))


def _going_on(initiative: Initiative, event: InitiativeResumed | InitiativeParted | HaltLifted) -> Initiative:
    terms = replace(initiative.terms, supports_close_at=event.supports_close_at)
    return replace(_rested(initiative), terms=terms)


def _rested(initiative: Initiative) -> Initiative:
    return replace(initiative, before=None, rests_since=None, pause_reason=None, merge_id=None, into_id=None, halt=None)


def _started(proposed: InitiativeProposed) -> Initiative:
    """Its words come with the state that follows."""
    return Initiative(
        id=proposed.initiative_id,
        version=1,
        status=Status.PROPOSED,
        content=Content("", "", proposed.theme, kind=proposed.kind),
        initiators=(proposed.initiator_id,),
        terms=Terms(proposed.threshold, proposed.supports_close_at, proposed.knob_set),
        channel=proposed.channel,
    )


def _content(state: InitiativeState) -> Content:
    place = None
    if state.latitude is not None and state.longitude is not None:
        place = Spot(state.latitude, state.longitude)
    return Content(
        state.title,
        state.summary,
        state.theme,
        place,
        state.means_needed_cents,
        state.neighbourhood,
        state.kind,
        state.answers,
    )


def _carried(initiative: Initiative, event: Event) -> Initiative:
    match event:
        case CoInitiatorInvited(person_id=person):
            return replace(initiative, invited=(*initiative.invited, person))
        case CoInitiatorDeclined(person_id=person):
            return replace(initiative, invited=_without(initiative.invited, person))
        case CoInitiatorJoined(person_id=person, initiators=initiators):
            return replace(initiative, invited=_without(initiative.invited, person), initiators=tuple(initiators))
        case CoInitiatorLeft(initiators=initiators):
            return replace(initiative, initiators=tuple(initiators))
        case _:
            return initiative


def _without(people: tuple[UUID, ...], person: UUID) -> tuple[UUID, ...]:
    return tuple(one for one in people if one != person)
