"""Talks that were noted in the field: the contribution each brings in, and the draft that some become."""

from uuid import UUID, uuid5

from dorpsplein.contracts.presence.encounters import EncounterState
from dorpsplein.settings import NAMESPACE
from initiatives.domain.drafts import Draft

SHARED = frozenset({"anonymous", "named"})
"""The consents with which words or sound are shared."""


def contribution_id(encounter_id: UUID) -> UUID:
    """The id of what an encounter brought in."""
    return uuid5(NAMESPACE, f"contribution/encounter/{encounter_id}")


def draft_of(told: EncounterState) -> Draft | None:
    """The draft a talk becomes: of its teller where they are named, else of who noted it.

    None where it becomes no draft, or nobody is known to write it. Each talk has one draft, under one id.
    """
    owner_id = told.contributor_id if told.consent == "named" else told.noted_by
    if told.becomes != "draft" or owner_id is None:
        return None
    place = {"latitude": told.latitude, "longitude": told.longitude}
    content = {
        "summary": told.words or None,
        "theme": told.theme,
        "neighbourhood": told.neighbourhood,
        "place": place if None not in place.values() else None,
    }
    return Draft(
        id=uuid5(NAMESPACE, f"draft/encounter/{told.encounter_id}"),
        owner_id=owner_id,
        content={name: value for name, value in content.items() if value is not None},
        encounter_id=told.encounter_id,
    )
