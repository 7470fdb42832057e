"""Taking a contribution back, and what follows from that in the same transaction."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Cause
from initiatives.commands import media, renders
from initiatives.commands.contributions import both_locked
from initiatives.commands.lineage import unlink_from
from initiatives.commands.using import keep
from initiatives.domain import contributions as domain
from initiatives.storage import contributions as storage
from initiatives.storage import translations

WITHDRAWN: Mapping[str, Callable[[Transaction, Sequence[UUID], datetime], Awaitable[None]]] = {
    "scene": renders.contributions_changed,
}
"""Who is told, by kind of what contributions are used in, that some contributions are being taken back."""


async def withdraw(tx: Transaction, contribution_id: UUID, *, person: UUID, now: datetime) -> dict[str, Any]:
    """Take one's contribution back: its words are erased everywhere, and where it was used that ends.

    Raises NotFound and what `domain.withdraw` raises.
    """
    _, contribution = await both_locked(tx, contribution_id)
    events = domain.withdraw(contribution, person=person)
    await keep(tx, [(contribution, events, domain.fold(contribution, events))], now=now)
    if contribution.media_id is not None:
        await media.unuse(tx, contribution.media_id, "contribution", contribution_id)
    await _uses_end(tx, [contribution_id], now, None)
    return {"id": str(contribution_id), "status": domain.Status.WITHDRAWN}


async def follow_erasures(tx: Transaction, causes: Mapping[UUID, Cause], *, now: datetime) -> None:
    """Of what was told in talks and sessions, take back what its teller does not share any more; each once."""
    for contribution in (await storage.lock(tx, await storage.words_gone(tx, list(causes)))).values():
        events = domain.words_gone(contribution)
        cause = causes[contribution.id]
        await keep(tx, [(contribution, events, domain.fold(contribution, events))], now=now, cause=cause)
        await _uses_end(tx, [contribution.id], now, cause)


async def _uses_end(tx: Transaction, contribution_ids: Sequence[UUID], now: datetime, cause: Cause | None) -> None:
    for changed in WITHDRAWN.values():
        await changed(tx, contribution_ids, now)
    # after the scenes: with their dream visions locked, nobody is still writing English
    await translations.forget_of(tx, contribution_ids)
    for contribution_id in contribution_ids:
        await unlink_from(tx, "contribution", contribution_id, now=now, cause=cause)
