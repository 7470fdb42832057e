"""Consents: whether somebody agrees that what is theirs, or is about them, is used for one thing."""

from typing import Annotated
from uuid import UUID

from dorpsplein.envelope import Event, Key, NotPersonal, Pseudonym


class ConsentAsked(Event, type="nl.participatie.consents.consent-asked.v1", topic="initiatives.consent"):
    """Somebody is asked to agree to one use of one version of a subject; asked again, an older answer is void.

    `subject_kind` is `scene-part`, `story` or `retelling`; `use` is `dream-vision`, `credits`, `story` or `retelling`.
    """

    consent_id: Annotated[UUID, Key, NotPersonal]
    subject_kind: Annotated[str, NotPersonal]
    subject_id: Annotated[UUID, NotPersonal]
    subject_version: Annotated[int, NotPersonal] = 1
    initiative_id: Annotated[UUID, NotPersonal]
    person_id: Annotated[UUID, Pseudonym]
    use: Annotated[str, NotPersonal]


class ConsentGiven(Event, type="nl.participatie.consents.consent-given.v1", topic="initiatives.consent"):
    """They agree, to the version of the subject they were shown."""

    consent_id: Annotated[UUID, Key, NotPersonal]
    subject_kind: Annotated[str, NotPersonal]
    subject_id: Annotated[UUID, NotPersonal]
    subject_version: Annotated[int, NotPersonal] = 1
    initiative_id: Annotated[UUID, NotPersonal]
    use: Annotated[str, NotPersonal]


class ConsentDeclined(Event, type="nl.participatie.consents.consent-declined.v1", topic="initiatives.consent"):
    """They do not agree; they may still do so later."""

    consent_id: Annotated[UUID, Key, NotPersonal]
    subject_kind: Annotated[str, NotPersonal]
    subject_id: Annotated[UUID, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    use: Annotated[str, NotPersonal]


class ConsentWithdrawn(Event, type="nl.participatie.consents.consent-withdrawn.v1", topic="initiatives.consent"):
    """They no longer agree; what was used is taken from view."""

    consent_id: Annotated[UUID, Key, NotPersonal]
    subject_kind: Annotated[str, NotPersonal]
    subject_id: Annotated[UUID, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    use: Annotated[str, NotPersonal]


class ConsentLapsed(Event, type="nl.participatie.consents.consent-lapsed.v1", topic="initiatives.consent"):
    """Their consent is not needed any more: they are no longer in the subject, or it was withdrawn."""

    consent_id: Annotated[UUID, Key, NotPersonal]
    subject_kind: Annotated[str, NotPersonal]
    subject_id: Annotated[UUID, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    use: Annotated[str, NotPersonal]


EVENTS = (ConsentAsked, ConsentGiven, ConsentDeclined, ConsentWithdrawn, ConsentLapsed)
