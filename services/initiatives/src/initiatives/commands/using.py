"""What the links say of contributions: one that is linked to what it was used in is used."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from dorpsplein.contracts.initiatives.contributions import ContributionState
from dorpsplein.contracts.initiatives.moderation import ContributionHidingChanged
from dorpsplein.database import Transaction
from dorpsplein.envelope import Cause, Fact
from initiatives.domain import contributions as domain
from initiatives.domain.contributions import Contribution, ContributionFact, Status
from initiatives.domain.lineage import Link
from initiatives.storage import contributions as storage

Happened = tuple[Contribution, Sequence[ContributionFact], Contribution]
"""A contribution, what happened to it, and what it is after that."""


async def use(
    tx: Transaction, contribution_ids: Sequence[UUID], *, now: datetime, cause: Cause | None = None
) -> list[Link]:
    """Contributions are used; returns the links of those that get their place by that.

    Raises Refused("not-now") where one was set aside or withdrawn. Ids of no contribution are passed by.
    """
    known = await storage.lock(tx, contribution_ids)
    happened: list[Happened] = []
    for contribution in known.values():
        if events := domain.use(contribution):
            happened.append((contribution, events, domain.fold(contribution, events)))
    await keep(tx, happened, now=now, cause=cause)
    return [link for before, _, after in happened if before.status == Status.OFFERED for link in places(after)]


async def keep(tx: Transaction, happened: Sequence[Happened], *, now: datetime, cause: Cause | None = None) -> None:
    """Store what happened to contributions, with its facts and the public state after them."""
    if not happened:
        return
    facts: list[Fact] = []
    for before, events, after in happened:
        facts += [Fact(event, before.version + place, cause) for place, event in enumerate(events, start=1)]
        facts += _state(before, after, cause)
    await storage.save(tx, [after for _, _, after in happened], facts, now=now)


async def hide_or_show(
    tx: Transaction, contribution_id: UUID, *, decision_id: UUID, hidden: bool, now: datetime
) -> None:
    """Let the public state of a contribution follow a decision of moderation, which has to be stored before."""
    before = (await storage.lock(tx, [contribution_id]))[contribution_id]
    events = [ContributionHidingChanged(contribution_id=contribution_id, decision_id=decision_id, hidden=hidden)]
    await keep(tx, [(before, events, domain.fold(before, events))], now=now)


def places(contribution: Contribution) -> list[Link]:
    """The links of a contribution that has its place: to its initiative, and from what it came of."""
    about = contribution.initiative_id
    links = [Link("contribution", contribution.id, "initiative", about, "placed", about)]
    if contribution.session_id is not None:
        links.append(Link("session", contribution.session_id, "contribution", contribution.id, "from", about))
    if contribution.origin == "encounter" and contribution.origin_id is not None:
        links.append(Link("encounter", contribution.origin_id, "contribution", contribution.id, "from", about))
    return links


def _state(before: Contribution, after: Contribution, cause: Cause | None) -> list[Fact]:
    if state := domain.state_of(after):
        return [Fact(state, after.version, cause)]
    gone: ContributionState | None = domain.state_of(before)
    return [Fact(gone, after.version, cause, erases=True)] if gone else []
