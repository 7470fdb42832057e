"""A batch of paper: sheets of signatures that an officer counted, at a booth or from the post.

A batch can be counted again and undone. Its lines are supports like any other, given through the channel `paper`, so
who stands on two sheets, or said yes on screen as well, counts once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from dorpsplein.contracts.initiatives.supports import PaperBatchCounted, PaperBatchRecounted, PaperBatchUndone
from dorpsplein.errors import Conflict, Forbidden, Refused


class BatchStatus(StrEnum):
    """Where a batch is in its life."""

    COUNTED = "counted"
    UNDONE = "undone"


MOVES: Mapping[str, tuple[frozenset[BatchStatus], BatchStatus]] = {
    "recount": (frozenset({BatchStatus.COUNTED}), BatchStatus.COUNTED),
    "undo": (frozenset({BatchStatus.COUNTED}), BatchStatus.UNDONE),
}
"""Every move there is: from which statuses, and to which."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as its facts left it: `version` counts them, `supports` its different lines."""

    id: UUID
    initiative_id: UUID
    officer_id: UUID
    supports: int
    counted_at: datetime
    status: BatchStatus = BatchStatus.COUNTED
    version: int = 1


BatchEvent = PaperBatchCounted | PaperBatchRecounted | PaperBatchUndone


def count(batch_id: UUID, initiative_id: UUID, *, officer: UUID, supports: int) -> PaperBatchCounted:
    """Count a batch for the first time."""
    return PaperBatchCounted(batch_id=batch_id, initiative_id=initiative_id, officer_id=officer, supports=supports)


def refuse_other(batch: Batch, initiative_id: UUID, officer: UUID, *, same_lines: bool) -> None:
    """Let the same batch be sent twice. Raises Conflict("id-taken") for another one under its id."""
    if (batch.initiative_id, batch.officer_id, same_lines) != (initiative_id, officer, True):
        raise Conflict("id-taken", f"Batch {batch.id} was counted with other lines; correct it, or use a new id.")


def recount(batch: Batch, *, officer: UUID, any_officer: bool, supports: int) -> PaperBatchRecounted:
    """Correct a batch. Raises Forbidden("not-yours") and Refused("batch-undone")."""
    _only_officer(batch, officer, any_officer=any_officer)
    _moved(batch, "recount")
    return PaperBatchRecounted(
        batch_id=batch.id, initiative_id=batch.initiative_id, officer_id=officer, supports=supports
    )


def undo(batch: Batch, *, officer: UUID, any_officer: bool) -> PaperBatchUndone | None:
    """Undo a batch as a whole; nothing happens when it was undone already. Raises Forbidden("not-yours")."""
    _only_officer(batch, officer, any_officer=any_officer)
    if batch.status not in MOVES["undo"][0]:
        return None
    return PaperBatchUndone(batch_id=batch.id, initiative_id=batch.initiative_id, officer_id=officer)


def evolve(batch: Batch | None, event: BatchEvent, now: datetime) -> Batch:
    """The batch after a fact of that moment."""
    if isinstance(event, PaperBatchCounted):
        return Batch(event.batch_id, event.initiative_id, event.officer_id, event.supports, now)
    assert batch is not None
    after = replace(batch, version=batch.version + 1)
    if isinstance(event, PaperBatchUndone):
        return replace(after, status=MOVES["undo"][1], supports=0)
    return replace(after, supports=event.supports)


def _moved(batch: Batch, doing: str) -> None:
    if batch.status not in MOVES[doing][0]:
        raise Refused("batch-undone", "This batch was undone; count its sheets as a new one.")


def _only_officer(batch: Batch, officer: UUID, *, any_officer: bool) -> None:
    if officer != batch.officer_id and not any_officer:
        raise Forbidden("not-yours", "Only the officer who counted a batch may correct or undo it.")
