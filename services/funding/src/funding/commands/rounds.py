"""Open funds and rounds, add pot lines, close rounds. The same id with the same input answers the same again.

Each answers what there is now, and whether it is new. Of two that send one new id at the same moment the second
is asked to try again (Transient), and then finds what the first made.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Conflict, Transient
from dorpsplein.identity import Caller
from dorpsplein.web import found
from funding import storage
from funding.domain import ledger, rounds
from funding.domain.rounds import AddPotLine, Fund, Round


@asynccontextmanager
async def unless_taken() -> AsyncIterator[None]:
    """Raises Transient where another transaction used the same id at the same moment."""
    try:
        yield
    except asyncpg.UniqueViolationError as fault:
        raise Transient("The same id is being used at this moment; ask again.") from fault


async def open_fund(tx: Transaction, asked: Fund) -> tuple[Fund, bool]:
    """Open a fund. Raises Conflict("id-taken")."""
    if known := await storage.rounds.fund(tx, asked.id):
        return rounds.same_fund(known, asked), False
    async with unless_taken():
        await storage.rounds.open_fund(tx, asked, [Fact(event, 1) for event in rounds.open_fund(asked)])
    return asked, True


async def open_round(tx: Transaction, asked: Round) -> tuple[Round, bool]:
    """Open a round under a pinned rule version. Raises Conflict("id-taken"), and what the domain refuses."""
    if known := await storage.rounds.round_(tx, asked.id):
        return rounds.same_round(known, asked), False
    events = rounds.open_round(asked, await storage.rounds.fund(tx, asked.fund_id))
    async with unless_taken():
        await storage.rounds.open_round(tx, asked, [Fact(event, asked.version) for event in events])
    return asked, True


async def add_pot_line(
    tx: Transaction, round_id: UUID, command: AddPotLine, caller: Caller, now: datetime
) -> tuple[Round, bool]:
    """Put a co-financier's means into a round: the amount goes from party to pot in the ledger.

    Raises NotFound, Conflict("id-taken"), and what the domain refuses.
    """
    round_ = found(await storage.rounds.lock_round(tx, round_id), "round", round_id)
    if (await storage.rounds.round_of_line(tx, command.id) or round_id) != round_id:
        raise Conflict("id-taken", f"Pot line {command.id} stands in another round.")
    events = rounds.add_pot_line(round_, command, now)
    for event in events:
        round_ = rounds.evolve(round_, event)
        async with unless_taken():
            await storage.ledger.write(tx, ledger.transfers_of([event]), now)
            await storage.rounds.add_line(tx, round_, caller.id, now, [Fact(event, round_.version)])
    return round_, bool(events)


async def close_round(tx: Transaction, round_id: UUID, caller: Caller) -> Round:
    """Close a round for new pledges; what is left stays in its pot. Raises NotFound and Forbidden."""
    round_: Round = found(await storage.rounds.lock_round(tx, round_id), "round", round_id)
    for event in rounds.close_round(round_, caller):
        round_ = rounds.evolve(round_, event)
        await storage.rounds.close_round(tx, round_, [Fact(event, round_.version)])
    return round_
