"""Encounters: a talk in the field, noted with as much as its teller consents to.

`none`: that there was a talk about a theme, and nothing else. `anonymous`: its words too, written down or in the
teller's own voice. `named`: and whose. It becomes a contribution, or a draft of an initiative that is not there yet.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from dorpsplein.contracts.presence.encounters import EncounterConsentWithdrawn, EncounterNoted, EncounterState
from dorpsplein.errors import Forbidden, Refused
from presence.domain.consent import Consent, within_consent
from presence.domain.surroundings import Surroundings, about_what_is_there


class Becomes(StrEnum):
    """What a talk whose teller shares it becomes."""

    CONTRIBUTION = "contribution"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Note:
    """An arranger notes a talk. The id may be the arranger's own, so that noting it again is no second talk.

    `media_id` is its sound, which the arranger uploads to the initiatives service, before or after.
    """

    id: UUID
    noted_by: UUID
    theme: str
    consent: Consent
    place_id: UUID | None = None
    initiative_id: UUID | None = None
    words: str | None = None
    contributor_id: UUID | None = None
    media_id: UUID | None = None
    becomes: Becomes = Becomes.CONTRIBUTION

    @property
    def shares(self) -> bool:
        """Whether anything of it is there for others: words, or sound."""
        return self.words is not None or self.media_id is not None


@dataclass(frozen=True, slots=True)
class Encounter:
    """A talk as it stands. `withdrawn`: its teller took their consent back, so words, sound and name are gone."""

    note: Note
    noted_at: datetime
    withdrawn: bool = False
    version: int = 1


def note(command: Note, around: Surroundings) -> list[EncounterNoted | EncounterState]:
    """Note a talk: the fact, and its words or sound as public state where there are any.

    Raises Refused for words, sound or a name beyond the consent, for an unknown place, an unknown or withdrawn
    initiative, and for a draft of nothing ("nothing-to-draft") or of what is there ("draft-of-an-initiative").
    """
    within_consent(command.consent, command.words, command.contributor_id)
    if command.media_id is not None and command.consent is Consent.NONE:
        raise Refused("sound-without-consent", "Without consent no sound is kept: leave `mediaId` out, or ask.")
    about_what_is_there(around, place_id=command.place_id, initiative_id=command.initiative_id, has_been=True)
    _something_to_draft(command)
    noted = EncounterNoted(
        encounter_id=command.id,
        place_id=command.place_id,
        initiative_id=command.initiative_id,
        theme=command.theme,
        consent=command.consent,
        noted_by=command.noted_by,
        contributor_id=command.contributor_id,
        becomes=command.becomes,
    )
    return [noted, _state(command, around)] if command.shares else [noted]


def _something_to_draft(command: Note) -> None:
    if command.becomes is not Becomes.DRAFT:
        return
    if command.initiative_id is not None:
        raise Refused("draft-of-an-initiative", "A draft is of a new initiative: leave `initiativeId` out.")
    if not command.shares:
        raise Refused("nothing-to-draft", "A draft begins with what was told: it needs `words` or `mediaId`.")


def _state(command: Note, around: Surroundings) -> EncounterState:
    spot = around.spots.get(command.place_id) if command.place_id else None
    return EncounterState(
        encounter_id=command.id,
        initiative_id=command.initiative_id,
        theme=command.theme,
        words=command.words or "",
        consent=command.consent,
        contributor_id=command.contributor_id,
        becomes=command.becomes,
        noted_by=command.noted_by,
        media_id=command.media_id,
        latitude=spot and spot.latitude,
        longitude=spot and spot.longitude,
        neighbourhood=spot and spot.neighbourhood,
    )


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
    """The encounter after its consent was withdrawn: words, sound and name are gone."""
    bare = replace(encounter.note, consent=Consent.NONE, words=None, contributor_id=None, media_id=None)
    return replace(encounter, note=bare, withdrawn=True, version=encounter.version + 1)
