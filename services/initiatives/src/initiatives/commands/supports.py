"""Giving support and taking it back: the busiest command, so those that wait at once are carried out together."""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Cause, Fact
from dorpsplein.errors import Rejected
from dorpsplein.service import Runtime
from initiatives.domain import support as domain
from initiatives.domain.initiative import refuse_support
from initiatives.domain.support import ON_SCREEN, By, Change, Support, former_id, support_id
from initiatives.storage import supports as storage
from initiatives.storage.supports import Before

ROLL_UP_EVERY_S = 1.0
LOOK_AT_ALL_EVERY = 60
MOST_TALLIES = 20


@dataclass(frozen=True, slots=True)
class ChangeSupport:
    """One person's wish for one initiative: `gives` says yes, otherwise the yes is taken back.

    With `leaves` only the ground of one paper batch is taken away, for the reason it names.
    """

    support_id: UUID
    initiative_id: UUID
    person_id: UUID
    gives: bool
    now: datetime
    by: By = ON_SCREEN
    anonymous: bool | None = False
    leaves: str | None = None

    @property
    def support(self) -> Support:
        """The support that is meant, as it is before the first yes."""
        return Support(self.support_id, self.initiative_id, self.person_id)


def wish(
    secret: str,
    initiative_id: UUID,
    person_id: UUID,
    *,
    gives: bool,
    now: datetime,
    by: By = ON_SCREEN,
    anonymous: bool | None = False,
) -> ChangeSupport:
    """The wish of a person; `secret` is the deployment's, under which the support has its id."""
    known = support_id(secret, initiative_id, person_id)
    return ChangeSupport(known, initiative_id, person_id, gives, now, by, anonymous)


@dataclass(frozen=True, slots=True)
class Changed:
    """The support after a wish, whether the wish `changed` it, and how many support the initiative then."""

    support: Support
    changed: bool
    supports: int


async def change_supports(tx: Transaction, commands: Sequence[ChangeSupport]) -> list[Changed | Exception]:
    """Carry out wishes in order, in two round trips; answers each with what became of it, or its refusal.

    Where somebody else makes one of these supports for the first time at the same moment, or closes the support of its
    initiative, only that one is decided again, on what is stored then.
    """
    return await _change(tx, commands, tx.causes or [None] * len(commands))


async def _change(
    tx: Transaction, commands: Sequence[ChangeSupport], causes: Sequence[Cause | None]
) -> list[Changed | Exception]:
    before = await storage.lock(tx, [(c.support, former_id(c.initiative_id, c.person_id)) for c in commands])
    after = {wanted: one.support for wanted, one in before.items()}
    counts = {one.support.initiative_id: one.supports for one in before.values()}
    answers: list[Changed | Exception] = []
    facts: list[Fact] = []
    for command, cause in zip(commands, causes, strict=True):
        wanted = command.support_id
        try:
            support, event = _decide(before[wanted], after[wanted], command)
        except Rejected as refusal:
            answers.append(refusal)
            continue
        counts[command.initiative_id] += support.given - after[wanted].given
        after[wanted] = support
        if event is not None:
            facts.append(fact(support, event, cause))
        answers.append(Changed(support, event is not None, counts[command.initiative_id]))
    again = await _save(tx, before, after, facts)
    places = [place for place, command in enumerate(commands) if command.support_id in again]
    if places:
        decided = await _change(tx, [commands[place] for place in places], [causes[place] for place in places])
        for place, answer in zip(places, decided, strict=True):
            answers[place] = answer
    return answers


def _decide(before: Before, support: Support, command: ChangeSupport) -> Change:
    """What a wish means; what it would do to the count must be possible at this moment."""
    if command.leaves is not None:
        change = domain.leave_batch(support, command.now, command.leaves)
    elif command.gives:
        change = domain.give(support, command.by, command.now, anonymous=command.anonymous)
    else:
        change = domain.take_back(support, command.now)
    if change[0].given > support.given:
        refuse_support(before.status, command.initiative_id, closed=before.closed)
    elif change[0].given < support.given:
        domain.refuse_closed(closed=before.closed)
    return change


async def _save(
    tx: Transaction, before: dict[UUID, Before], after: dict[UUID, Support], facts: Sequence[Fact]
) -> set[UUID]:
    """Store what changed; returns the ids, as they were wanted, of those that others got ahead of."""
    changes = {wanted: (one.support, after[wanted]) for wanted, one in before.items() if after[wanted] != one.support}
    if not changes:
        return set()
    stored = await storage.save(tx, list(changes.values()), facts)
    return {wanted for wanted, (_, support) in changes.items() if support.id not in stored}


def fact(support: Support, event: domain.SupportEvent, cause: Cause | None = None) -> Fact:
    """A fact of a support; of an anonymous one neither its exact time nor what led to it is told."""
    if support.anonymous:
        return Fact(event, support.sequence, at=support.at)
    return Fact(event, support.sequence, cause)


async def keep_counts_short(runtime: Runtime) -> None:
    """Roll up tallies for as long as the process lives, so that counting stays cheap. A count never depends on it.

    It looks at what is new, and now and then at all, for those that come slowly.
    """
    since = 0
    for turn in itertools.count():
        async with runtime.database.transaction() as tx:
            since = await storage.roll_up(tx, since if turn % LOOK_AT_ALL_EVERY else 0, MOST_TALLIES)
        await asyncio.sleep(ROLL_UP_EVERY_S)
