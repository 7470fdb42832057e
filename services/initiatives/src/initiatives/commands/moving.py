"""A supporter's own say in a merge: their yes goes along, or comes back, while the window is open."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.errors import NotFound, Refused, Transient
from dorpsplein.web import found
from initiatives.commands.supports import fact
from initiatives.domain import support as domain
from initiatives.domain.initiative import refuse_support
from initiatives.domain.merges import Merge, refuse_unless_open
from initiatives.domain.support import Change, Support, former_id, support_id
from initiatives.storage import merges as storage
from initiatives.storage import supports
from initiatives.storage.supports import Before

MOST_TRIES = 5

Decision = Callable[[Support, Support], tuple[Change, Change]]


@dataclass(frozen=True, slots=True)
class Consent:
    """What became of a person's yes: their support of the initiative that joined (`here`) and of the other (`there`).

    Each with how many support that initiative now.
    """

    merge_id: UUID
    here: Support
    there: Support
    supports_here: int
    supports_there: int

    @property
    def moved(self) -> bool:
        """Whether the yes went along with this merge."""
        return self.here.moved_by == self.merge_id


class _Overtaken(Exception):
    """The same person's supports were changed in the meantime, by another transaction."""


async def consent(tx: Transaction, merge_id: UUID, person: UUID, *, secret: str, now: datetime) -> Consent:
    """Let a person's yes go along with a merge.

    Raises NotFound("merge-unknown"), Refused("merge-not-open"), and what `support.move` and giving support raise.
    """

    def decision(here: Support, there: Support) -> tuple[Change, Change]:
        return domain.move(here, there, merge_id, now)

    return await _decided(tx, merge_id, person, decision, secret, now)


async def take_consent_back(tx: Transaction, merge_id: UUID, person: UUID, *, secret: str, now: datetime) -> Consent:
    """Let a person's yes come back to where it was given.

    Raises NotFound("merge-unknown") or ("support-unknown"), Refused("merge-not-open"), ("support-closed"), and
    ("support-taken-back") for who has taken it back at the other since.
    """

    def decision(here: Support, there: Support) -> tuple[Change, Change]:
        if here.sequence == 0:
            raise NotFound("support-unknown", "You have not supported the initiative that joined.")
        if here.moved_by == merge_id and not there.given:
            raise Refused("support-taken-back", "You took your support back since, so there is nothing to return.")
        return domain.move_back(here, there, merge_id, now)

    return await _decided(tx, merge_id, person, decision, secret, now)


async def _decided(
    tx: Transaction, merge_id: UUID, person: UUID, decision: Decision, secret: str, now: datetime
) -> Consent:
    """Carry out a decision about a person's supports of both initiatives: both of them are stored, or neither."""
    merge: Merge = found(await storage.lock_together(tx, merge_id), "merge", merge_id)
    refuse_unless_open(merge, now)
    for _ in range(MOST_TRIES):
        try:
            async with tx.connection.transaction():
                return await _carry_out(tx, merge, person, decision, secret)
        except _Overtaken:
            continue
    raise Transient("others keep changing the same support")


async def _carry_out(tx: Transaction, merge: Merge, person: UUID, decision: Decision, secret: str) -> Consent:
    wanted = [
        Support(support_id(secret, initiative, person), initiative, person)
        for initiative in (merge.joining_id, merge.into_id)
    ]
    before = await supports.lock(tx, [(one, former_id(one.initiative_id, person)) for one in wanted])
    here, there = (before[one.id] for one in wanted)
    if here.support.moved_to == there.support.id and there.support.sequence == 0:
        raise _Overtaken  # moved while this waited for its row; where it went was not there yet when that began
    changes = decision(here.support, there.support)
    _refuse_what_is_closed(here, there, changes)
    changed = [
        (one.support, after) for one, (after, _) in zip((here, there), changes, strict=True) if after != one.support
    ]
    facts = [fact(after, event) for after, event in changes if event is not None]
    if changed:
        stored = await supports.save(tx, changed, facts, even_joined=True)
        if len(stored) < len(changed):
            raise _Overtaken
    counts = await supports.counts(tx, [merge.joining_id, merge.into_id])
    (after_here, _), (after_there, _) = changes
    return Consent(merge.id, after_here, after_there, counts[merge.joining_id], counts[merge.into_id])


def _refuse_what_is_closed(here: Before, there: Before, changes: tuple[Change, Change]) -> None:
    """No count changes once it is closed, and nobody supports what is over; but a yes comes back to what joined."""
    for one, (after, _) in zip((here, there), changes, strict=True):
        if after.given != one.support.given:
            domain.refuse_closed(closed=one.closed)
    if changes[1][0].given > there.support.given:
        refuse_support(there.status, there.support.initiative_id, closed=there.closed)
