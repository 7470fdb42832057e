"""Open funds and rounds, and add pot lines. The same id with the same input answers the same again.

Each answers what there is now, and whether it is new. Of two that send one new id at the same moment the second
is asked to try again (Transient), and then finds what the first made.
"""

from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Conflict
from dorpsplein.identity import Caller
from dorpsplein.timers import set_timers
from dorpsplein.web import found
from funding import storage
from funding.commands.guards import unless_taken
from funding.commands.knobs.settling import settle
from funding.domain import funds, knobs, rounds
from funding.domain.funds import Fund
from funding.domain.knobs import Values
from funding.domain.ledger import Entries
from funding.domain.rounds import AddPotLine, OpenRound, Round
from funding.domain.terms import Terms

ROUND_CLOSES = "round-closes"


async def open_fund(tx: Transaction, asked: Fund, rule: str, given: Values) -> tuple[Fund, bool]:
    """Open a fund with the first values of its knobs. Raises Conflict("id-taken"), and what `knobs.start` refuses."""
    values = knobs.start(rule, given)
    if known := await storage.rounds.fund(tx, asked.id):
        [first] = await storage.knobs.sets.history(tx, asked.id, before=2, limit=1)
        return funds.same_fund(known, asked, first.values == values), False
    async with unless_taken():
        await storage.rounds.open_fund(tx, asked, [Fact(event, 1) for event in funds.open_fund(asked)])
        await storage.knobs.begin(tx, asked.id, values, asked.opened_at)
    return asked, True


async def open_round(tx: Transaction, asked: OpenRound, now: datetime) -> tuple[Round, bool]:
    """Open a round under the knobs in effect, and set the timer that closes it.

    Raises Conflict("id-taken"), and what the domain refuses.
    """
    if known := await storage.rounds.round_(tx, asked.id):
        return rounds.same_round(known, asked), False
    there = await storage.rounds.fund(tx, asked.fund_id) is not None
    terms = Terms.of((await settle(tx, asked.fund_id, now)).values) if there else None
    fund = await storage.rounds.fund(tx, asked.fund_id)  # as it is once it is locked: the brake may have been pulled
    round_ = rounds.open_round(asked, fund, terms, now)
    async with unless_taken():
        facts = [Fact(event, round_.version) for event in rounds.opened(round_)]
        await storage.rounds.open_round(tx, round_, facts)
        await set_timers(tx, ROUND_CLOSES, {round_.id: round_.closes_at})
    return round_, True


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
            await storage.ledger.write(tx, Entries([rounds.put_in(event)]), now)
            await storage.rounds.add_line(tx, round_, caller.id, now, [Fact(event, round_.version)])
    return round_, bool(events)
