"""Close rounds, by hand or when their time is over, and begin the count of those that are matched at their close."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from dorpsplein.contracts.funding.rounds import RoundClosed
from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.identity import Caller
from dorpsplein.timers import cancel_timers
from dorpsplein.web import found
from funding import storage
from funding.commands.counts import count_closed
from funding.commands.rounds import ROUND_CLOSES
from funding.domain import rounds
from funding.domain.rounds import Round


async def close_round(tx: Transaction, round_id: UUID, caller: Caller, now: datetime) -> Round:
    """Close a round for new pledges; what is left stays in its pot. Raises NotFound and Forbidden."""
    round_: Round = found(await storage.rounds.lock_round(tx, round_id), "round", round_id)
    closed = rounds.close_round(round_, caller)
    await cancel_timers(tx, ROUND_CLOSES, [round_id])
    return await _close(tx, round_, closed, caller.id, now)


async def close_due(tx: Transaction, ids: Sequence[UUID], now: datetime) -> None:
    """Close the rounds whose time is over."""
    for round_id in sorted(ids):
        round_: Round = found(await storage.rounds.lock_round(tx, round_id), "round", round_id)
        await _close(tx, round_, rounds.close_due(round_, now), None, now)


async def _close(
    tx: Transaction, round_: Round, events: Sequence[RoundClosed], by: UUID | None, now: datetime
) -> Round:
    for event in events:
        round_ = rounds.evolve(round_, event)
        await storage.rounds.close_round(tx, round_, now, [Fact(event, round_.version)])
        await count_closed(tx, round_, by, now)
    return round_
