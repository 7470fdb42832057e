"""Saying what came of what, once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from dorpsplein.contracts.initiatives.links import ContributionUnlinked
from dorpsplein.database import Transaction
from dorpsplein.envelope import Cause, Fact
from initiatives.commands.using import use
from initiatives.domain.lineage import Link, LinkKind, ThingKind
from initiatives.storage import links as storage

__all__ = ["Link", "link", "unlink", "unlink_from"]


async def link(
    tx: Transaction,
    links: Sequence[Link],
    *,
    now: datetime,
    cause: Cause | None = None,
    causes: Mapping[UUID, Cause | None] | None = None,
) -> None:
    """Store links and tell of those that were not standing yet; the same again changes nothing.

    Links may each have a cause, by their ids. A contribution that is linked to what it was used in is used by that.
    Raises Refused("not-now") where it was set aside or withdrawn.
    """
    used = [one.from_id for one in links if (one.from_kind, one.kind) == ("contribution", "used-in")]
    placed = await use(tx, used, now=now, cause=cause) if used else []
    wanted = {one.id: one for one in (*placed, *links)}
    if not wanted:
        return
    versions = await storage.link(tx, list(wanted.values()), now)
    why = causes or {}
    await tx.record([Fact(wanted[one].told, version, why.get(one, cause)) for one, version in versions.items()])


async def unlink(tx: Transaction, links: Sequence[Link], *, now: datetime, cause: Cause | None = None) -> None:
    """Undo links: what comes from now on does not come of them. Those that do not stand are passed by."""
    await _ended(tx, await storage.unlink(tx, [link.id for link in links], now), cause)


async def unlink_from(
    tx: Transaction,
    kind: ThingKind,
    thing_id: UUID,
    *,
    now: datetime,
    only: LinkKind | None = None,
    cause: Cause | None = None,
) -> None:
    """Undo all links from a thing, or those of one kind."""
    await _ended(tx, await storage.unlink_from(tx, kind, thing_id, only, now), cause)


async def _ended(tx: Transaction, versions: dict[UUID, int], cause: Cause | None) -> None:
    await tx.record(
        [Fact(ContributionUnlinked(link_id=link_id), version, cause) for link_id, version in versions.items()]
    )
