"""What came of what people brought in, and who is told."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from dorpsplein.contracts.initiatives.contributions import ContributionOffered, ContributionWithdrawn
from dorpsplein.contracts.initiatives.links import ContributionLinked, ContributionUnlinked
from dorpsplein.database import Transaction
from dorpsplein.envelope import Event, Recorded
from notifications.storage import lineage as stored_lineage
from notifications.wakeups import NEW_IN_LOG


async def lineage(tx: Transaction, events: Sequence[Recorded[Event]]) -> None:
    """Whose contributions there are, what came of what, and the line everyone upstream gets of it, once a hop."""
    offered, withdrawn = [], []
    made: dict[UUID, tuple[object, ...]] = {}
    ended: dict[UUID, tuple[UUID, int, datetime]] = {}
    for event in events:
        match event.event:
            case ContributionOffered(contribution_id=one, contributor_id=person) if person is not None:
                offered.append((one, person, event.time))
            case ContributionWithdrawn(contribution_id=one):
                withdrawn.append((one, event.time))
            case ContributionLinked(link_id=one) as new:
                ends = (new.from_kind, new.from_id, new.to_kind, new.to_id, new.kind, new.initiative_id)
                made[one] = (one, event.sequence, *ends, event.time)
                ended.pop(one, None)
            case ContributionUnlinked(link_id=one):
                ended[one] = (one, event.sequence, event.time)
    await stored_lineage.keep_contributors(tx, offered, withdrawn)
    await stored_lineage.keep_links(tx, list(made.values()), list(ended.values()))
    await stored_lineage.tell(tx, *_new_in_lineage(events))


async def mail_lineage(tx: Transaction, events: Sequence[Recorded[Event]]) -> None:
    """Mail what came of their contributions to those who want mail of the initiative; never again by a rebuild."""
    await stored_lineage.mail(tx, *_new_in_lineage(events))
    await tx.execute(NEW_IN_LOG)


def _new_in_lineage(events: Sequence[Recorded[Event]]) -> tuple[list[UUID], list[UUID]]:
    """The links and the contributions that events make known."""
    links = {UUID(event.subject) for event in events if isinstance(event.event, ContributionLinked)}
    contributions = {UUID(event.subject) for event in events if isinstance(event.event, ContributionOffered)}
    return sorted(links), sorted(contributions)
