"""A support: one resident's free public yes to one initiative, and an aggregate of its own."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from dorpsplein.contracts.initiatives.supports import SupportGiven, SupportWithdrawn
from dorpsplein.errors import NotFound
from dorpsplein.settings import NAMESPACE


@dataclass(frozen=True, slots=True)
class Support:
    """A support as its events left it: `sequence` counts them, 0 before the first; `at` is the moment of the last."""

    id: UUID
    initiative_id: UUID
    supporter_id: UUID
    given: bool = False
    sequence: int = 0
    at: datetime | None = None


SupportEvent = SupportGiven | SupportWithdrawn


def support_id(initiative_id: UUID, person_id: UUID) -> UUID:
    """The id of a person's support of an initiative: always the same, so there is never a second one."""
    return uuid5(NAMESPACE, f"support/{initiative_id}/{person_id}")


def give(support: Support, channel: str) -> SupportGiven | None:
    """Say yes; None when that was said already."""
    if support.given:
        return None
    return SupportGiven(
        support_id=support.id,
        initiative_id=support.initiative_id,
        supporter_id=support.supporter_id,
        channel=channel,
    )


def take_back(support: Support) -> SupportWithdrawn | None:
    """Take a yes back; None when it was taken back already. Raises NotFound when there never was one."""
    if support.sequence == 0:
        raise NotFound("support-unknown", "You have not supported this initiative.")
    if not support.given:
        return None
    return SupportWithdrawn(
        support_id=support.id,
        initiative_id=support.initiative_id,
        supporter_id=support.supporter_id,
    )


def evolve(support: Support, event: SupportEvent, at: datetime) -> Support:
    """The support after an event of that moment."""
    return Support(
        support.id,
        support.initiative_id,
        support.supporter_id,
        given=isinstance(event, SupportGiven),
        sequence=support.sequence + 1,
        at=at,
    )
