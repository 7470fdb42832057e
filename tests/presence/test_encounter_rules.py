"""Encounters: the rules on their own."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from dorpsplein.contracts.presence.encounters import EncounterConsentWithdrawn, EncounterNoted, EncounterState
from dorpsplein.errors import Forbidden, Refused
from presence.domain import encounters
from presence.domain.consent import Consent
from presence.domain.encounters import Encounter, Note
from presence.domain.surroundings import Surroundings

BRAM, ANNA, DORA = UUID(int=1), UUID(int=2), UUID(int=3)
PLACE, POND, GONE = UUID(int=4), UUID(int=5), UUID(int=6)
AROUND = Surroundings(places={PLACE}, initiatives={POND}, withdrawn_initiatives={GONE})
TALK = Note(UUID(int=7), BRAM, "green", Consent.ANONYMOUS, PLACE, POND, "More trees.")
NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def test_words_stand_in_the_public_state_and_never_in_the_fact() -> None:
    fact, state = encounters.note(TALK, AROUND)
    assert isinstance(fact, EncounterNoted)
    assert "trees" not in fact.model_dump_json()
    assert isinstance(state, EncounterState)
    assert state.words == "More trees."


def test_a_talk_without_words_is_a_fact_alone() -> None:
    assert [type(event) for event in encounters.note(replace(TALK, words=None), AROUND)] == [EncounterNoted]


def test_a_named_talk_says_whose_it_is() -> None:
    for event in encounters.note(replace(TALK, consent=Consent.NAMED, contributor_id=ANNA), AROUND):
        assert event.contributor_id == ANNA


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"consent": Consent.NONE}, "words-without-consent"),
        ({"contributor_id": ANNA}, "name-without-consent"),
        ({"consent": Consent.NONE, "words": None, "contributor_id": ANNA}, "name-without-consent"),
        ({"consent": Consent.NAMED}, "contributor-missing"),
        ({"place_id": UUID(int=99)}, "place-unknown"),
        ({"initiative_id": UUID(int=99)}, "initiative-unknown"),
        ({"initiative_id": GONE}, "initiative-withdrawn"),
    ],
)
def test_a_note_beyond_consent_or_about_nothing_is_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as caught:
        encounters.note(replace(TALK, **change), AROUND)
    assert caught.value.code == code


def test_who_noted_or_told_it_takes_consent_back_and_nobody_else() -> None:
    named = Encounter(replace(TALK, consent=Consent.NAMED, contributor_id=ANNA), NOON)
    for person in (BRAM, ANNA):
        assert encounters.withdraw(named, person) == [EncounterConsentWithdrawn(encounter_id=TALK.id)]
    with pytest.raises(Forbidden):
        encounters.withdraw(named, DORA)
    assert encounters.withdraw(named, DORA, for_anyone=True)


def test_withdrawn_words_and_name_are_gone() -> None:
    named = Encounter(replace(TALK, consent=Consent.NAMED, contributor_id=ANNA), NOON)
    gone = encounters.evolve(named, EncounterConsentWithdrawn(encounter_id=TALK.id))
    assert (gone.note.consent, gone.note.words, gone.note.contributor_id) == (Consent.NONE, None, None)
    assert (gone.withdrawn, gone.version) == (True, 2)
    assert encounters.withdraw(gone, BRAM) == []


def test_a_note_that_comes_again_is_the_same_only_with_the_same_content() -> None:
    there = Encounter(TALK, NOON)
    assert encounters.is_the_same(there, TALK)
    assert not encounters.is_the_same(there, replace(TALK, words="Fewer trees."))
    assert not encounters.is_the_same(there, replace(TALK, noted_by=DORA))


def test_a_note_that_comes_again_after_consent_was_withdrawn_brings_nothing_back() -> None:
    gone = encounters.evolve(Encounter(TALK, NOON), EncounterConsentWithdrawn(encounter_id=TALK.id))
    assert encounters.is_the_same(gone, TALK)
    assert not encounters.is_the_same(gone, replace(TALK, noted_by=DORA))
