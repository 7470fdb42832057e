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
from presence.domain.encounters import Becomes, Encounter, Note
from presence.domain.surroundings import Spot, Surroundings

BRAM, ANNA, DORA = UUID(int=1), UUID(int=2), UUID(int=3)
PLACE, POND, GONE, SOUND = UUID(int=4), UUID(int=5), UUID(int=6), UUID(int=8)
AROUND = Surroundings(
    places={PLACE}, initiatives={POND}, withdrawn_initiatives={GONE}, spots={PLACE: Spot(52.4, 4.9, "noord")}
)
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


def test_a_talk_in_sound_alone_says_where_it_was_and_who_keeps_the_sound() -> None:
    _, state = encounters.note(replace(TALK, words=None, media_id=SOUND), AROUND)
    assert isinstance(state, EncounterState)
    assert (state.words, state.media_id, state.noted_by) == ("", SOUND, BRAM)
    assert (state.latitude, state.longitude, state.neighbourhood) == (52.4, 4.9, "noord")


def test_what_is_to_become_a_draft_says_so() -> None:
    for event in encounters.note(replace(TALK, initiative_id=None, becomes=Becomes.DRAFT), AROUND):
        assert event.becomes == "draft"


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
        ({"consent": Consent.NONE, "words": None, "media_id": SOUND}, "sound-without-consent"),
        ({"becomes": Becomes.DRAFT}, "draft-of-an-initiative"),
        ({"becomes": Becomes.DRAFT, "initiative_id": None, "words": None}, "nothing-to-draft"),
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


def test_withdrawn_words_sound_and_name_are_gone() -> None:
    named = Encounter(replace(TALK, consent=Consent.NAMED, contributor_id=ANNA, media_id=SOUND), NOON)
    gone = encounters.evolve(named, EncounterConsentWithdrawn(encounter_id=TALK.id))
    assert (gone.note.consent, gone.note.words, gone.note.contributor_id) == (Consent.NONE, None, None)
    assert gone.note.media_id is None
    assert (gone.withdrawn, gone.version) == (True, 2)
    assert encounters.withdraw(gone, BRAM) == []


def test_a_note_that_comes_again_is_the_same_only_with_the_same_content() -> None:
    there = Encounter(TALK, NOON)
    assert encounters.is_the_same(there, TALK)
    assert not encounters.is_the_same(there, replace(TALK, words="Fewer trees."))
    assert not encounters.is_the_same(there, replace(TALK, noted_by=DORA))
    assert not encounters.is_the_same(there, replace(TALK, media_id=SOUND))
    assert not encounters.is_the_same(there, replace(TALK, becomes=Becomes.DRAFT))


def test_a_note_that_comes_again_after_consent_was_withdrawn_brings_nothing_back() -> None:
    gone = encounters.evolve(Encounter(TALK, NOON), EncounterConsentWithdrawn(encounter_id=TALK.id))
    assert encounters.is_the_same(gone, TALK)
    assert not encounters.is_the_same(gone, replace(TALK, noted_by=DORA))
