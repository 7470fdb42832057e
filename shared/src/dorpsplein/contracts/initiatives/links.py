"""What came of what: the thread from a contribution to its result."""

from typing import Annotated
from uuid import UUID

from dorpsplein.envelope import Event, Key, NotPersonal


class ContributionLinked(Event, type="nl.participatie.links.contribution-linked.v1", topic="initiatives.link"):
    """One thing came of another, or came together with it; `kind` says how.

    Things are `contribution`, `encounter`, `session`, `initiative`, `scene`, `dream`, `story`, `retelling`,
    `milestone` and `pledge`. Kinds are `from`, `placed`, `used-in`, `shown-in`, `joined`, `told-in`, `retold-in`,
    `led-to` and `paid-for`. The id follows from both ends and the kind. A link that was undone may be made again.
    """

    link_id: Annotated[UUID, Key, NotPersonal]
    from_kind: Annotated[str, NotPersonal]
    from_id: Annotated[UUID, NotPersonal]
    to_kind: Annotated[str, NotPersonal]
    to_id: Annotated[UUID, NotPersonal]
    kind: Annotated[str, NotPersonal]
    initiative_id: Annotated[UUID | None, NotPersonal] = None


class ContributionUnlinked(Event, type="nl.participatie.links.contribution-unlinked.v1", topic="initiatives.link"):
    """A link was undone: what comes from now on does not come of it. What came of it before still did."""

    link_id: Annotated[UUID, Key, NotPersonal]


EVENTS = (ContributionLinked, ContributionUnlinked)
