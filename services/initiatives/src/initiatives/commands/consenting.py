"""Answering what one is asked, and what follows from an answer in the same transaction."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.web import found
from initiatives.commands import renders
from initiatives.commands.consents import change
from initiatives.commands.dreams import SCENE_PART
from initiatives.commands.stories import STORY, consents_changed
from initiatives.domain import consents as domain
from initiatives.domain.consents import Consent, ConsentEvent
from initiatives.storage import consents as storage

CHANGED: Mapping[str, Callable[[Transaction, Sequence[UUID], datetime], Awaitable[None]]] = {
    STORY: consents_changed,
    SCENE_PART: renders.consents_changed,
}
"""Who is told, by kind of subject, that answers about some subjects have changed. The consents are locked."""


async def give_consent(
    tx: Transaction, consent_id: UUID, *, person: UUID, subject_version: int, now: datetime
) -> dict[str, Any]:
    """Agree to the version one has seen. Raises what `domain.give` raises."""
    return await _answer(tx, consent_id, lambda one: domain.give(one, subject_version, person=person), now)


async def decline_consent(tx: Transaction, consent_id: UUID, *, person: UUID, now: datetime) -> dict[str, Any]:
    """Say no. Raises what `domain.decline` raises."""
    return await _answer(tx, consent_id, lambda one: domain.decline(one, person=person), now)


async def withdraw_consent(tx: Transaction, consent_id: UUID, *, person: UUID, now: datetime) -> dict[str, Any]:
    """Take back what was given; what was used is taken from view. Raises what `domain.withdraw` raises."""
    return await _answer(tx, consent_id, lambda one: domain.withdraw(one, person=person), now)


async def _answer(
    tx: Transaction, consent_id: UUID, decide: Callable[[Consent], Sequence[ConsentEvent]], now: datetime
) -> dict[str, Any]:
    consent: Consent = found((await storage.lock(tx, [consent_id])).get(consent_id), "consent", consent_id)
    for after in await change(tx, [consent], decide, now=now):
        consent = after
        if after.subject_kind in CHANGED:
            await CHANGED[after.subject_kind](tx, [after.subject_id], now)
    return {
        "id": str(consent.id),
        "version": consent.version,
        "subjectKind": consent.subject_kind,
        "subjectId": str(consent.subject_id),
        "subjectVersion": consent.subject_version,
        "use": consent.use,
        "status": consent.status,
    }
