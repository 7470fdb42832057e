"""What the council decides instead of a published outcome: always beside it, in public, with a reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dorpsplein.contracts.funding.counts import OutcomeOverridden
from dorpsplein.errors import Conflict, Refused
from funding.domain.counts import Count, Step, step


@dataclass(frozen=True, slots=True)
class Override:
    """What some candidates get instead, in cents, by whose decision and why."""

    id: UUID
    count: UUID
    reason: str
    changes: tuple[tuple[str, int], ...]
    made_by: UUID
    at: datetime


def same(known: Override, asked: Override) -> Override:
    """The override that has this id. Raises Conflict("id-taken") unless it was made with the same input."""
    before, now = ((it.count, it.reason, it.changes) for it in (known, asked))
    if before != now:
        raise Conflict("id-taken", f"Override {known.id} was made of another count, reason or changes.")
    return known


def override(
    count: Count, asked: Override, earlier: Sequence[Override], candidates: Iterable[str], budget: int
) -> Step:
    """Say that the council decided otherwise, on top of what it decided before; the outcome stays as it is.

    Raises Refused("not-published"), ("candidate-unknown"), ("nothing-overridden") where a candidate gets this
    already, or ("over-budget") where all together would be more than there is.
    """
    if count.status != "published":
        raise Refused("not-published", f"Count {count.id} is {count.status}: only a published outcome is overridden.")
    if unknown := {candidate for candidate, _ in asked.changes} - set(candidates):
        raise Refused("candidate-unknown", f"Not in count {count.id}: {', '.join(sorted(unknown))}.")
    amounts = {candidate: line.cents for candidate, line in count.lines or ()}
    for one in earlier:
        amounts |= dict(one.changes)
    if nothing := [candidate for candidate, cents in asked.changes if amounts.get(candidate, 0) == cents]:
        raise Refused("nothing-overridden", f"This is what they get already: {', '.join(sorted(nothing))}.")
    if (total := sum((amounts | dict(asked.changes)).values())) > budget:
        raise Refused("over-budget", f"All together would be {total} cents, and there are {budget}.")
    return step(
        count,
        OutcomeOverridden(
            count_id=count.id,
            override_id=asked.id,
            overridden_by=asked.made_by,
            outcome_digest=count.outcome_digest or "",
            changes=dict(asked.changes),
        ),
    )
