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


class SessionAnnounced(Event, type="nl.participatie.sessions.session-announced.v1", topic="presence.session"):
    """People will come together around a question, for these initiatives (or none yet).

    `working_form` is `creative-lab`, `inspiration-session` or `design-atelier`; without a place it is online.
    """

    session_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID | None, NotPersonal] = None
    working_form: Annotated[str, NotPersonal]
    starts_at: Annotated[AwareDatetime, NotPersonal]
    ends_at: Annotated[AwareDatetime, NotPersonal]
    initiative_ids: Annotated[list[UUID], NotPersonal]
    host_id: Annotated[UUID, Pseudonym]


class SessionStarted(Event, type="nl.participatie.sessions.session-started.v1", topic="presence.session"):
    """The people are there."""

    session_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID | None, NotPersonal] = None


class SessionHarvested(Event, type="nl.participatie.sessions.session-harvested.v1", topic="presence.session"):
    """The session yielded something. It may come again when more is brought in.

    `lines` is how many there are by now, those that stay without words too; `initiative_ids` is whom it is for by now.
    """

    session_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID | None, NotPersonal] = None
    initiative_ids: Annotated[list[UUID], NotPersonal]
    lines: Annotated[int, NotPersonal]


class SessionCancelled(Event, type="nl.participatie.sessions.session-cancelled.v1", topic="presence.session"):
    """The session does not take place, or was broken off. `reason` is a code."""

    session_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID | None, NotPersonal] = None
    reason: Annotated[str, NotPersonal]


class SessionState(Event, type="nl.participatie.sessions.session-state.v1", topic="presence.session.state"):
    """The latest public view of a session, with what it asks. `lines` is what its harvest holds by now."""

    session_id: Annotated[UUID, Key, NotPersonal]
    title: Annotated[str | None, Published] = None
    question: Annotated[str, Published]
    working_form: Annotated[str, NotPersonal]
    status: Annotated[str, NotPersonal]
    place_id: Annotated[UUID | None, NotPersonal] = None
    starts_at: Annotated[AwareDatetime, NotPersonal]
    ends_at: Annotated[AwareDatetime, NotPersonal]
    initiative_ids: Annotated[list[UUID], NotPersonal]
    lines: Annotated[int, NotPersonal] = 0


class HarvestLineNoted(Event, type="nl.participatie.harvest-lines.harvest-line-noted.v1", topic="presence.harvest"):
    """One thing a session yielded, with as much as its teller consents to, as with an encounter.

    `contributor_id` is there with consent `named` only.
    """

    harvest_line_id: Annotated[UUID, Key, NotPersonal]
    session_id: Annotated[UUID, NotPersonal]
    initiative_id: Annotated[UUID | None, NotPersonal] = None
    consent: Annotated[str, NotPersonal]
    contributor_id: Annotated[UUID | None, Pseudonym] = None


class HarvestConsentWithdrawn(
    Event, type="nl.participatie.harvest-lines.harvest-consent-withdrawn.v1", topic="presence.harvest"
):
    """Who told it no longer shares it; a tombstone erases the words from the state topic."""

    harvest_line_id: Annotated[UUID, Key, NotPersonal]
    session_id: Annotated[UUID, NotPersonal]
    initiative_id: Annotated[UUID | None, NotPersonal] = None


class HarvestState(Event, type="nl.participatie.harvest-lines.harvest-state.v1", topic="presence.harvest.state"):
    """The words of a line of a harvest whose teller agreed to share them."""

    harvest_line_id: Annotated[UUID, Key, NotPersonal]
    session_id: Annotated[UUID, NotPersonal]
    initiative_id: Annotated[UUID | None, NotPersonal] = None
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
    SessionAnnounced,
    SessionStarted,
    SessionHarvested,
    SessionCancelled,
    SessionState,
    HarvestLineNoted,
    HarvestConsentWithdrawn,
    HarvestState,
)
