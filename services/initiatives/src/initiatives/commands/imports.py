"""Bringing in what another system holds, in bulk; repeating an import changes nothing."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from dorpsplein.database import Transaction
from dorpsplein.errors import Conflict, Refused, Rejected
from dorpsplein.settings import NAMESPACE
from initiatives.commands.supports import Changed, ChangeSupport, change_supports
from initiatives.domain import life
from initiatives.domain.challenge import INITIATIVE
from initiatives.domain.evolving import fold
from initiatives.domain.initiative import Content, Terms
from initiatives.storage import initiatives as storage


@dataclass(frozen=True, slots=True)
class Item:
    """One initiative of a source, under the reference it has there."""

    reference: str
    content: Content

    @property
    def digest(self) -> bytes:
        """What makes two items the same.

        What came later counts only where it is used, so that what was imported before is the same.
        """
        content = asdict(self.content)
        for later, unused in (("neighbourhood", None), ("kind", INITIATIVE), ("answers", {})):
            if content[later] == unused:
                del content[later]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).digest()


def imported_id(source: str, reference: str) -> UUID:
    """The id of an imported initiative: always the same for a source and a reference."""
    return uuid5(NAMESPACE, f"initiative/{source}/{reference}")


async def import_initiatives(
    tx: Transaction, source: str, items: Sequence[Item], *, initiator: UUID, threshold: int, now: datetime
) -> list[dict[str, Any]]:
    """Start the initiatives that are not there yet; answers `reference`, `id` and `created` of each, in order.

    Raises Conflict("reference-taken"), naming the reference, where one came with other content before; then
    nothing is stored.
    """
    ids = [imported_id(source, item.reference) for item in items]
    digests = await storage.lock_imported(tx, source, ids)
    new, answers = [], []
    for item, initiative_id in zip(items, ids, strict=True):
        created = initiative_id not in digests
        if digests.setdefault(initiative_id, item.digest) != item.digest:
            raise Conflict(
                "reference-taken",
                f"{source} brought in {item.reference!r} with other content before; nothing of this import is stored.",
                reference=item.reference,
            )
        if created:
            new.append(_new(initiative_id, item, initiator, threshold))
        answers.append({"reference": item.reference, "id": str(initiative_id), "created": created})
    if new:
        await storage.insert(tx, new, now=now)
    return answers


def _new(initiative_id: UUID, item: Item, initiator: UUID, threshold: int) -> storage.New:
    terms = Terms(threshold)
    events = life.propose(item.content, initiative_id=initiative_id, initiator=initiator, terms=terms, channel="import")
    return storage.New(fold(None, events), events, item.digest)


async def import_supports(tx: Transaction, wishes: Sequence[ChangeSupport]) -> dict[str, int]:
    """Give supports; answers how many were `given` now and how many were there `already`.

    Raises Refused("supports-refused") with every refusal by its place, and then nothing is stored.
    """
    answers = await change_supports(tx, wishes)
    errors = [
        {"pointer": f"/items/{place}", "code": answer.code, "detail": answer.detail}
        for place, answer in enumerate(answers)
        if isinstance(answer, Rejected)
    ]
    if errors:
        raise Refused("supports-refused", f"{len(errors)} of {len(wishes)} cannot be given; none is.", errors=errors)
    given = sum(isinstance(answer, Changed) and answer.changed for answer in answers)
    return {"given": given, "already": len(wishes) - given}
