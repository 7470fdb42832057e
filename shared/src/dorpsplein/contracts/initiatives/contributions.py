"""What residents bring in."""

from typing import Annotated
from uuid import UUID

from dorpsplein.envelope import Event, Key, NotPersonal, Pseudonym


class ContributionOffered(
    Event, type="nl.participatie.contributions.contribution-offered.v1", topic="initiatives.contribution"
):
    """Something was brought in for an initiative; `origin` says how (`encounter`), `origin_id` from what."""

    contribution_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    origin: Annotated[str, NotPersonal]
    origin_id: Annotated[UUID | None, NotPersonal] = None
    contributor_id: Annotated[UUID | None, Pseudonym] = None


EVENTS = (ContributionOffered,)
