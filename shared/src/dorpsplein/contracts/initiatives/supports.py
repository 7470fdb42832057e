"""Support: residents who say yes to an initiative."""

from typing import Annotated
from uuid import UUID

from dorpsplein.envelope import Event, Key, NotPersonal, Pseudonym


class SupportGiven(Event, type="nl.participatie.supports.support-given.v1", topic="initiatives.support"):
    """One resident says yes. An aggregate of its own, so that no count is a hot row."""

    support_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    supporter_id: Annotated[UUID, Pseudonym]
    channel: Annotated[str, NotPersonal] = "web"


class SupportWithdrawn(Event, type="nl.participatie.supports.support-withdrawn.v1", topic="initiatives.support"):
    """One resident took their yes back."""

    support_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    supporter_id: Annotated[UUID, Pseudonym]


EVENTS = (
    SupportGiven,
    SupportWithdrawn,
)
