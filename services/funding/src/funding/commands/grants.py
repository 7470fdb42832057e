"""Give initiatives what a round that is counted at its close allots to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from funding import storage
from funding.commands.pledges import write
from funding.domain.grants import Grant, grant_id
from funding.domain.means import GOING_ON
from funding.domain.rules import Allocation


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a published count allots, by initiative, and under which versions it was counted."""

    round: UUID
    count: UUID
    rule_version: str
    input_digest: str
    lines: Sequence[tuple[str, Allocation]]


async def match_round(tx: Transaction, outcome: Outcome, at: datetime) -> None:
    """Move what was allotted from pot lines to initiatives: held, or posted where they have what they need.

    An initiative that does not go on or missed its goal meanwhile gets nothing: its part stays in the pot.
    """
    wanted = {UUID(candidate): allocation for candidate, allocation in outcome.lines if allocation.cents}
    books = await storage.books.lock(tx, [outcome.round], wanted)
    for initiative, allocation in wanted.items():
        means = books.means.get(initiative)
        if means is None or means.status != GOING_ON or means.is_over(at):
            continue
        books.grant(
            Grant(
                id=grant_id(outcome.round, initiative),
                round=outcome.round,
                initiative=initiative,
                count=outcome.count,
                allocation=allocation,
                rule_version=outcome.rule_version,
                input_digest=outcome.input_digest,
            ),
            at,
        )
    await write(tx, books, at)
