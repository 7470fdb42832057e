"""The rules of an initiative, without any server."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from dorpsplein.contracts.initiatives.initiatives import (
    InitiativeEdited,
    InitiativeProposed,
    InitiativeState,
    InitiativeWithdrawn,
    ThresholdReached,
)
from dorpsplein.errors import Forbidden, NotFound, Refused, Rejected, Stale
from initiatives.domain import initiative as domain
from initiatives.domain.initiative import Content, Initiative, InitiativeEvent, Reason, Spot, Status

ANNA, BRAM, ID = uuid4(), uuid4(), uuid4()
GARDEN = Content("Een buurttuin", "Samen groen maken.", "groen", Spot(52.0, 5.0), 100)


def given(*events: list[InitiativeEvent]) -> Initiative:
    initiative = None
    for decided in [domain.propose(GARDEN, initiative_id=ID, initiator=ANNA, threshold=3, channel="web"), *events]:
        initiative = domain.fold(initiative, decided)
    assert initiative is not None
    return initiative


def edited(changes: dict[str, Any], before: Initiative | None = None) -> list[InitiativeEvent]:
    before = before or given()
    return domain.edit(before, changes, person=ANNA, version=before.version)


def refusal(kind: type[Rejected], decide: Any) -> str:
    with pytest.raises(kind) as refused:
        decide()
    return refused.value.code


def test_a_proposal_says_who_and_how_many_and_keeps_its_words_out_of_the_fact() -> None:
    fact, state = domain.propose(GARDEN, initiative_id=ID, initiator=ANNA, threshold=3, channel="web")
    assert isinstance(fact, InitiativeProposed)
    assert (fact.initiator_id, fact.threshold, fact.means_needed_cents, fact.latitude) == (ANNA, 3, 100, 52.0)
    assert "buurttuin" not in fact.model_dump_json()
    assert isinstance(state, InitiativeState)
    assert (state.title, state.summary, state.status) == (GARDEN.title, GARDEN.summary, "proposed")
    assert given() == Initiative(ID, 1, Status.PROPOSED, GARDEN, ANNA, 3, "web")


def test_an_edit_names_what_changed_and_makes_the_next_version() -> None:
    events = edited({"title": "Een tuin", "means_needed_cents": 0, "theme": "groen"})
    fact, state = events
    assert isinstance(fact, InitiativeEdited)
    assert isinstance(state, InitiativeState)
    assert fact.changed == ["title", "meansNeededCents"]
    assert given(events).version == 2
    assert given(events).content == Content("Een tuin", GARDEN.summary, "groen", GARDEN.place, 0)


def test_a_neighbourhood_stands_in_every_event_and_can_be_taken_away() -> None:
    content = replace(GARDEN, neighbourhood="noord")
    proposal = domain.propose(content, initiative_id=ID, initiator=ANNA, threshold=3, channel="web")
    assert [getattr(event, "neighbourhood", "") for event in proposal] == ["noord", "noord"]
    before = domain.fold(None, proposal)
    assert before.content == content
    fact, state = edited({"neighbourhood": None}, before)
    assert isinstance(fact, InitiativeEdited)
    assert isinstance(state, InitiativeState)
    assert (fact.changed, fact.neighbourhood, state.neighbourhood) == (["neighbourhood"], None, None)


def test_an_edit_that_changes_nothing_is_no_event() -> None:
    assert edited({"title": GARDEN.title, "place": GARDEN.place}) == []


def test_only_the_newest_version_is_edited() -> None:
    later = given(edited({"title": "Een tuin"}))
    assert refusal(Stale, lambda: domain.edit(later, {"title": "x"}, person=ANNA, version=1)) == "initiative-changed"


def test_nobody_but_the_initiator_edits_or_withdraws() -> None:
    assert refusal(Forbidden, lambda: domain.edit(given(), {}, person=BRAM, version=1)) == "not-yours"
    assert refusal(Forbidden, lambda: domain.withdraw(given(), Reason.OTHER, person=BRAM)) == "not-yours"


def test_a_withdrawn_initiative_keeps_its_reason_and_takes_no_edit_no_support_and_no_second_withdrawal() -> None:
    events = domain.withdraw(given(), Reason.NOT_FEASIBLE, person=ANNA)
    gone = given(events)
    assert isinstance(events[0], InitiativeWithdrawn)
    assert (gone.status, gone.withdrawal_reason, gone.version) == (Status.WITHDRAWN, "not-feasible", 2)
    assert refusal(Refused, lambda: edited({"title": "x"}, gone)) == "initiative-withdrawn"
    assert refusal(Refused, lambda: domain.withdraw(gone, Reason.OTHER, person=ANNA)) == "initiative-withdrawn"
    assert refusal(Refused, lambda: domain.refuse_support(gone.status, ID)) == "initiative-withdrawn"


def test_an_unknown_initiative_takes_no_support_and_every_other_does() -> None:
    assert refusal(NotFound, lambda: domain.refuse_support(None, ID)) == "initiative-unknown"
    domain.refuse_support(Status.PROPOSED, ID)
    domain.refuse_support(Status.SUPPORTED, ID)


def test_the_threshold_is_reached_once_and_at_its_number() -> None:
    assert domain.reach_threshold(given(), 2) == []
    events = domain.reach_threshold(given(), 3)
    reached = given(events)
    assert events[0] == ThresholdReached(initiative_id=ID, threshold=3)
    assert (reached.status, reached.version) == (Status.SUPPORTED, 2)
    assert domain.reach_threshold(reached, 500) == []


def test_a_withdrawn_initiative_never_reaches_its_threshold() -> None:
    assert domain.reach_threshold(given(domain.withdraw(given(), Reason.OTHER, person=ANNA)), 3) == []


def test_an_edit_keeps_a_supported_initiative_supported() -> None:
    reached = given(domain.reach_threshold(given(), 3))
    assert domain.fold(reached, edited({"title": "x"}, reached)).status == Status.SUPPORTED
