"""Encounters: talks in the field, noted with as much as their tellers consent to."""

from typing import Annotated
from uuid import UUID

from dorpsplein.envelope import Event, Key, NotPersonal, Pseudonym, Published


class EncounterNoted(Event, type="nl.participatie.encounters.encounter-noted.v1", topic="presence.encounter"):
    """A talk was noted. `consent` is `none`, `anonymous` or `named`; with consent its words stand in the state topic.

    `contributor_id` is there with consent `named` only. It `becomes` a `contribution`, or a `draft` of an initiative.
    """

    encounter_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID | None, NotPersonal] = None
    initiative_id: Annotated[UUID | None, NotPersonal] = None
    theme: Annotated[str, NotPersonal]
    consent: Annotated[str, NotPersonal]
    noted_by: Annotated[UUID, Pseudonym]
    contributor_id: Annotated[UUID | None, Pseudonym] = None
    becomes: Annotated[str, NotPersonal] = "contribution"


class EncounterConsentWithdrawn(
    Event, type="nl.participatie.encounters.encounter-consent-withdrawn.v1", topic="presence.encounter"
):
    """Who told it no longer shares it; a tombstone erases the words from the state topic."""

    encounter_id: Annotated[UUID, Key, NotPersonal]


class EncounterState(Event, type="nl.participatie.encounters.encounter-state.v1", topic="presence.encounter.state"):
    """The words of a talk whose teller agreed to share them, or its sound: media of who noted it (`media_id`).

    A talk in sound alone has no words. Where it was is there as far as it was at a place.
    """

    encounter_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID | None, NotPersonal] = None
    theme: Annotated[str, NotPersonal]
    words: Annotated[str, Published]
    consent: Annotated[str, NotPersonal]
    contributor_id: Annotated[UUID | None, Pseudonym] = None
    becomes: Annotated[str, NotPersonal] = "contribution"
    noted_by: Annotated[UUID | None, Pseudonym] = None
    media_id: Annotated[UUID | None, NotPersonal] = None
    latitude: Annotated[float | None, NotPersonal] = None
    longitude: Annotated[float | None, NotPersonal] = None
    neighbourhood: Annotated[str | None, NotPersonal] = None


EVENTS = (
    EncounterNoted,
    EncounterConsentWithdrawn,
    EncounterState,
)
