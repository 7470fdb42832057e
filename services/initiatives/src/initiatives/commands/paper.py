"""Counting sheets of signatures: each line is a support, given by the same command as on screen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Refused, Rejected
from dorpsplein.web import found
from initiatives.commands.supports import Changed, ChangeSupport, change_supports
from initiatives.domain import paper as domain
from initiatives.domain.paper import Batch, BatchEvent
from initiatives.domain.support import RECOUNTED, UNDONE
from initiatives.storage import paper as storage


@dataclass(frozen=True, slots=True)
class Officer:
    """Who counts; `any_batch`: they may also correct what another officer counted."""

    id: UUID
    any_batch: bool = False


async def count(
    tx: Transaction,
    batch_id: UUID,
    initiative_id: UUID,
    wishes: Sequence[ChangeSupport],
    *,
    officer: Officer,
    now: datetime,
) -> Batch:
    """Count a batch whose lines are these wishes; the same batch again changes nothing.

    Raises Conflict("id-taken") for another batch under its id, NotFound("initiative-unknown"), Refused("batch-refused")
    with every line that cannot be counted, and where no line can the refusal of the first.
    """
    if not await storage.take(tx, batch_id, initiative_id, officer.id, now=now):
        known = await _locked(tx, batch_id)
        same = (await storage.lines(tx, batch_id)).keys() == {wish.support_id for wish in wishes}
        domain.refuse_other(known, initiative_id, officer.id, same_lines=same)
        return known
    come = await _changed(tx, _different(wishes))
    event = domain.count(batch_id, initiative_id, officer=officer.id, supports=len(come))
    return await _keep(tx, None, event, (), come, now)


async def recount(
    tx: Transaction, batch_id: UUID, wishes: Sequence[ChangeSupport], *, officer: Officer, now: datetime
) -> Batch:
    """Correct a batch: its lines are these wishes from now on; those that are the same change nothing.

    Raises NotFound("batch-unknown"), what `domain.recount` raises, and what `count` raises of its lines.
    """
    batch = await _locked(tx, batch_id)
    before, wanted = await storage.lines(tx, batch_id), {wish.support_id: wish for wish in wishes}
    event = domain.recount(batch, officer=officer.id, any_officer=officer.any_batch, supports=len(wanted))
    gone, new = sorted(before.keys() - wanted.keys()), wanted.keys() - before.keys()
    if not gone and not new:
        return batch
    added = [wish for support, wish in wanted.items() if support in new]
    left = [_leaving(batch, before[support], RECOUNTED, now) for support in gone]
    changed = await _changed(tx, [*added, *left])
    return await _keep(tx, batch, event, gone, {support: changed[support] for support in new}, now)


async def undo(tx: Transaction, batch_id: UUID, *, officer: Officer, now: datetime) -> Batch:
    """Undo a batch as a whole, once. Raises NotFound, what `domain.undo` raises, and Refused("support-closed")."""
    batch = await _locked(tx, batch_id)
    event = domain.undo(batch, officer=officer.id, any_officer=officer.any_batch)
    if event is None:
        return batch
    gone = await storage.lines(tx, batch_id)
    await _changed(tx, [_leaving(batch, stored, UNDONE, now) for stored in sorted(gone.values())])
    return await _keep(tx, batch, event, gone, {}, now)


async def initiative_of(tx: Transaction, batch_id: UUID) -> UUID:
    """The initiative of a batch, which is locked from now on. Raises NotFound("batch-unknown")."""
    return (await _locked(tx, batch_id)).initiative_id


async def _locked(tx: Transaction, batch_id: UUID) -> Batch:
    batch: Batch = found(await storage.lock(tx, batch_id), "batch", batch_id)
    return batch


def _different(wishes: Sequence[ChangeSupport]) -> list[ChangeSupport]:
    return list({wish.support_id: wish for wish in wishes}.values())


def _leaving(batch: Batch, support: UUID, reason: str, now: datetime) -> ChangeSupport:
    return ChangeSupport(support, batch.initiative_id, support, gives=False, now=now, leaves=reason)


async def _changed(tx: Transaction, wishes: Sequence[ChangeSupport]) -> dict[UUID, UUID]:
    """Carry out all wishes, or none; by the id of the support each was about, the one it is stored under."""
    answers = await change_supports(tx, wishes)
    refusals = [(wish, answer) for wish, answer in zip(wishes, answers, strict=True) if isinstance(answer, Rejected)]
    if refusals and len(refusals) == len(wishes):
        raise refusals[0][1]
    if refusals:
        errors = [{"supportId": str(wish.support_id), "code": one.code, "detail": one.detail} for wish, one in refusals]
        raise Refused("batch-refused", f"{len(errors)} lines cannot be counted; none is.", errors=errors)
    return {
        wish.support_id: answer.support.id
        for wish, answer in zip(wishes, answers, strict=True)
        if isinstance(answer, Changed)
    }


async def _keep(
    tx: Transaction,
    batch: Batch | None,
    event: BatchEvent,
    gone: Iterable[UUID],
    come: Mapping[UUID, UUID],
    now: datetime,
) -> Batch:
    after = domain.evolve(batch, event, now)
    await storage.save(tx, after, [Fact(event, after.version)], gone, come, now=now)
    return after
