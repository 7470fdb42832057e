"""Giving support and taking it back: the busiest command, so those that wait at once are carried out together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Cause, Fact
from dorpsplein.errors import Rejected
from initiatives.domain import support as domain
from initiatives.domain.initiative import Status, refuse_support
from initiatives.domain.support import Support, SupportEvent, support_id
from initiatives.storage import supports as storage


@dataclass(frozen=True, slots=True)
class ChangeSupport:
    """One person's wish for one initiative: `gives` says yes, otherwise the yes is taken back."""

    initiative_id: UUID
    supporter_id: UUID
    gives: bool
    now: datetime
    channel: str = "web"


@dataclass(frozen=True, slots=True)
class Changed:
    """The support after a wish, and whether the wish `changed` it."""

    support: Support
    changed: bool


async def change_supports(tx: Transaction, commands: Sequence[ChangeSupport]) -> list[Changed | Exception]:
    """Carry out wishes in order, in two round trips; answers each with what became of it, or its refusal.

    Where somebody else makes one of these supports for the first time at the same moment, only that one is
    decided again, on what is stored then.
    """
    return await _change(tx, commands, tx.causes or [None] * len(commands))


Before = dict[UUID, tuple[Status | None, Support]]
"""Supports by id as they stand, each with the status of its initiative."""


async def _change(
    tx: Transaction, commands: Sequence[ChangeSupport], causes: Sequence[Cause | None]
) -> list[Changed | Exception]:
    asked = [Support(support_id(c.initiative_id, c.supporter_id), c.initiative_id, c.supporter_id) for c in commands]
    before = await storage.lock(tx, list({support.id: support for support in asked}.values()))
    answers: list[Changed | Exception] = []
    facts: list[Fact] = []
    after = {known_id: support for known_id, (_, support) in before.items()}
    for command, wanted, cause in zip(commands, asked, causes, strict=True):
        try:
            event = _decide(before[wanted.id][0], after[wanted.id], command)
        except Rejected as refusal:
            answers.append(refusal)
            continue
        if event is not None:
            after[wanted.id] = domain.evolve(after[wanted.id], event, command.now)
            facts.append(Fact(event, after[wanted.id].sequence, cause))
        answers.append(Changed(after[wanted.id], event is not None))
    missed = await _save(tx, before, after, facts) if facts else set()
    again = [place for place, support in enumerate(asked) if support.id in missed]
    if again:
        decided = await _change(tx, [commands[place] for place in again], [causes[place] for place in again])
        for place, answer in zip(again, decided, strict=True):
            answers[place] = answer
    return answers


def _decide(status: Status | None, support: Support, command: ChangeSupport) -> SupportEvent | None:
    if not command.gives:
        return domain.take_back(support)
    refuse_support(status, command.initiative_id)
    return domain.give(support, command.channel)


async def _save(
    tx: Transaction,
    before: Before,
    after: dict[UUID, Support],
    facts: Sequence[Fact],
) -> set[UUID]:
    """Store what changed; returns the ids of those that somebody else made in the meantime."""
    changed = [support for support in after.values() if support.sequence > before[support.id][1].sequence]
    new = {support.id for support in changed if before[support.id][1].sequence == 0}
    stored = await storage.save(tx, changed, new, facts)
    return {support.id for support in changed} - stored
