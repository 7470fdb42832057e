"""Harvests: what sessions yielded, line by line."""

from typing import Annotated
from uuid import UUID

from dorpsplein.envelope import Event, Key, NotPersonal, Pseudonym, Published


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
    HarvestLineNoted,
    HarvestConsentWithdrawn,
    HarvestState,
)
