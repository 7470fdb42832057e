"""Encounters: a talk in the field, noted with as much as its teller consents to.

`none`: that there was a talk about a theme, and nothing else. `anonymous`: its words too. `named`: and whose.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from dorpsplein.contracts.presence.encounters import EncounterConsentWithdrawn, EncounterNoted, EncounterState
from dorpsplein.errors import Forbidden
from presence.domain.consent import Consent, within_consent
from presence.domain.surroundings import Surroundings, about_what_is_there


@dataclass(frozen=True, slots=True)
class Note:
    """An arranger notes a talk. The id may be the arranger's own, so that noting it again is no second talk."""

    id: UUID
    noted_by: UUID
    theme: str
    consent: Consent
    place_id: UUID | None = None
    initiative_id: UUID | None = None
    words: str | None = None
    contributor_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Encounter:
    """A talk as it stands. `withdrawn`: its teller took their consent back, so words and name are gone."""

    note: Note
    noted_at: datetime
    withdrawn: bool = False
    version: int = 1


def note(command: Note, around: Surroundings) -> list[EncounterNoted | EncounterState]:
    """Note a talk: the fact, and its words as public state where there are any.

    Raises Refused for words or a name beyond the consent, an unknown place, an unknown or withdrawn initiative.
    """
    within_consent(command.consent, command.words, command.contributor_id)
    about_what_is_there(around, place_id=command.place_id, initiative_id=command.initiative_id, has_been=True)
    noted = EncounterNoted(
        encounter_id=command.id,
        place_id=command.place_id,
        initiative_id=command.initiative_id,
        theme=command.theme,
        consent=command.consent,
        noted_by=command.noted_by,
        contributor_id=command.contributor_id,
    )
    if command.words is None:
        return [noted]
    state = EncounterState(
        encounter_id=command.id,
        initiative_id=command.initiative_id,
        theme=command.theme,
        words=command.words,
        consent=command.consent,
        contributor_id=command.contributor_id,
    )
    return [noted, state]


def is_the_same(encounter: Encounter, command: Note) -> bool:
    """Tell whether a note that comes again says what was noted.

    What was withdrawn is gone, so nothing is left to compare but whose note it was.
    """
    if encounter.withdrawn:
        return encounter.note.noted_by == command.noted_by
    return encounter.note == command


def withdraw(encounter: Encounter, person: UUID, *, for_anyone: bool = False) -> list[EncounterConsentWithdrawn]:
    """Take consent back; nothing happens where there is none (any more).

    Raises Forbidden("not-your-encounter") for who neither noted nor told it, unless `for_anyone`.
    """
    if not for_anyone:
        only_for_its_people(encounter, person)
    if encounter.note.consent is Consent.NONE:
        return []
    return [EncounterConsentWithdrawn(encounter_id=encounter.note.id)]


def only_for_its_people(encounter: Encounter, person: UUID) -> None:
    """Raises Forbidden("not-your-encounter") for who neither noted nor told it."""
    if person not in (encounter.note.noted_by, encounter.note.contributor_id):
        raise Forbidden("not-your-encounter", "Only who noted or told this may see or change it.")


def evolve(encounter: Encounter, _: EncounterConsentWithdrawn) -> Encounter:
    """The encounter after its consent was withdrawn: words and name are gone."""
    bare = replace(encounter.note, consent=Consent.NONE, words=None, contributor_id=None)
    return replace(encounter, note=bare, withdrawn=True, version=encounter.version + 1)
