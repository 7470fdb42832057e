"""Asking people whether something of theirs, or about them, may be used; what they answer is in `consenting`.

Consents are locked before what they are about: whoever changes both asks `lock_consents` first.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from initiatives.domain import consents as domain
from initiatives.domain.consents import Consent, ConsentEvent, consent_id
from initiatives.storage import consents as storage


@dataclass(frozen=True, slots=True)
class Ask:
    """May this version of a subject be used so? `subject_version` starts at 1; a higher one asks again."""

    subject_kind: str
    subject_id: UUID
    initiative_id: UUID
    person_id: UUID
    use: str
    subject_version: int = 1


async def lock_consents(tx: Transaction, subject_kind: str, subject_ids: Sequence[UUID]) -> list[Consent]:
    """All consents to some subjects, which nobody else changes until the transaction ends."""
    return await storage.lock_subjects(tx, subject_kind, subject_ids)


async def ask_consents(
    tx: Transaction, asks: Sequence[Ask], *, now: datetime, given_by: UUID | None = None
) -> list[UUID]:
    """Ask for consents, those of `given_by` themselves are given at once; their ids, in the order of `asks`.

    What was asked for that version before is left as it is.
    """
    ids = [consent_id(one.subject_kind, one.subject_id, one.person_id, one.use) for one in asks]
    known = await storage.lock(tx, ids)
    versions = {id_: one.subject_version for id_, one in zip(ids, asks, strict=True)}
    wanted = {id_: known.get(id_) or _new(id_, one) for id_, one in zip(ids, asks, strict=True)}
    await change(
        tx,
        list(wanted.values()),
        lambda one: domain.ask(one, versions[one.id], by_themselves=one.person_id == given_by),
        now=now,
    )
    return ids


async def standing(tx: Transaction, subject_kind: str, subject_ids: Sequence[UUID]) -> dict[UUID, list[Consent]]:
    """The consents to some subjects as they stand, by subject; one that nobody was asked about has none."""
    by_subject: dict[UUID, list[Consent]] = {one: [] for one in subject_ids}
    for consent in await storage.of_subjects(tx, subject_kind, subject_ids):
        by_subject[consent.subject_id].append(consent)
    return by_subject


async def lapse_consents(
    tx: Transaction,
    subject_kind: str,
    subject_ids: Sequence[UUID],
    *,
    now: datetime,
    of: Collection[UUID] | None = None,
) -> None:
    """The consents to some subjects are not needed any more: all, or those `of` some people."""
    consents = await storage.lock_subjects(tx, subject_kind, subject_ids)
    await change(tx, [one for one in consents if of is None or one.person_id in of], domain.lapse, now=now)


async def change(
    tx: Transaction,
    consents: Sequence[Consent],
    decide: Callable[[Consent], Sequence[ConsentEvent]],
    *,
    now: datetime,
) -> list[Consent]:
    """Carry out a decision on each of some consents that are locked, or new; those it changed, as they are now."""
    changed: list[Consent] = []
    facts: list[Fact] = []
    for consent in consents:
        if events := decide(consent):
            changed.append(reduce(domain.evolve, events, consent))
            facts += [Fact(event, consent.version + place) for place, event in enumerate(events, start=1)]
    if changed:
        await storage.save(tx, changed, facts, now=now)
    return changed


def _new(id_: UUID, asked: Ask) -> Consent:
    return Consent(
        id_,
        asked.subject_kind,
        asked.subject_id,
        asked.subject_version,
        asked.initiative_id,
        asked.person_id,
        asked.use,
    )
