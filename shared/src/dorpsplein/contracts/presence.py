"""Events of the presence service: who is where in the community, and the talks that come of it."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime

from dorpsplein.envelope import Event, Key, NotPersonal, Pseudonym, Published


class PlaceAdded(Event, type="nl.participatie.places.place-added.v1", topic="presence.place"):
    """A place where civil servants can be found."""

    place_id: Annotated[UUID, Key, NotPersonal]
    kind: Annotated[str, NotPersonal]
    latitude: Annotated[float, NotPersonal]
    longitude: Annotated[float, NotPersonal]


class PlaceState(Event, type="nl.participatie.places.place-state.v1", topic="presence.place.state"):
    """The latest public view of a place."""

    place_id: Annotated[UUID, Key, NotPersonal]
    name: Annotated[str, Published]
    address: Annotated[str, Published]
    kind: Annotated[str, NotPersonal]
    latitude: Annotated[float, NotPersonal]
    longitude: Annotated[float, NotPersonal]


class PresenceAnnounced(Event, type="nl.participatie.presence.presence-announced.v1", topic="presence.slot"):
    """An officer will be at a place in a time window, for themes."""

    slot_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID, NotPersonal]
    officer_id: Annotated[UUID, Pseudonym]
    starts_at: Annotated[AwareDatetime, NotPersonal]
    ends_at: Annotated[AwareDatetime, NotPersonal]
    themes: Annotated[list[str], NotPersonal]


class ArrangerArrived(Event, type="nl.participatie.presence.arranger-arrived.v1", topic="presence.slot"):
    """The officer is there now."""

    slot_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID, NotPersonal]
    officer_id: Annotated[UUID, Pseudonym]


class ArrangerLeft(Event, type="nl.participatie.presence.arranger-left.v1", topic="presence.slot"):
    """The officer has gone."""

    slot_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID, NotPersonal]
    officer_id: Annotated[UUID, Pseudonym]


class PresenceCancelled(Event, type="nl.participatie.presence.presence-cancelled.v1", topic="presence.slot"):
    """The officer will not come after all."""

    slot_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID, NotPersonal]
    officer_id: Annotated[UUID, Pseudonym]


class EncounterNoted(Event, type="nl.participatie.encounters.encounter-noted.v1", topic="presence.encounter"):
    """A talk was noted. `consent` is `none`, `anonymous` or `named`; with consent its words stand in the state topic.

    `contributor_id` is there with consent `named` only.
    """

    encounter_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID | None, NotPersonal] = None
    initiative_id: Annotated[UUID | None, NotPersonal] = None
    theme: Annotated[str, NotPersonal]
    consent: Annotated[str, NotPersonal]
    noted_by: Annotated[UUID, Pseudonym]
    contributor_id: Annotated[UUID | None, Pseudonym] = None


class EncounterConsentWithdrawn(
    Event, type="nl.participatie.encounters.encounter-consent-withdrawn.v1", topic="presence.encounter"
):
    """Who told it no longer shares it; a tombstone erases the words from the state topic."""

    encounter_id: Annotated[UUID, Key, NotPersonal]


class EncounterState(Event, type="nl.participatie.encounters.encounter-state.v1", topic="presence.encounter.state"):
    """The words of a talk whose teller agreed to share them."""

    encounter_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID | None, NotPersonal] = None
    theme: Annotated[str, NotPersonal]
    words: Annotated[str, Published]
    consent: Annotated[str, NotPersonal]
    contributor_id: Annotated[UUID | None, Pseudonym] = None


EVENTS = (
    PlaceAdded,
    PlaceState,
    PresenceAnnounced,
    ArrangerArrived,
    ArrangerLeft,
    PresenceCancelled,
    EncounterNoted,
    EncounterConsentWithdrawn,
    EncounterState,
)
