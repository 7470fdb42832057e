"""Make pledges and take them back; money, state and facts move together or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dorpsplein.contracts.funding import MeansGoalReached, PledgeCommitted, PledgeWithdrawn
from dorpsplein.database import Transaction
from dorpsplein.envelope import Cause, Fact
from dorpsplein.errors import Rejected, Transient
from dorpsplein.web import found
from funding import storage
from funding.commands.rounds import unless_taken
from funding.domain import ledger, pledges
from funding.domain.pledges import Books, MakePledge, Pledge


@dataclass(frozen=True, slots=True)
class Pledging:
    """A pledge to be made in a group, with what led to it."""

    command: MakePledge
    cause: Cause | None = None


Made = tuple[Pledge, bool]
"""A pledge as it stands now, and whether it is new."""


async def make_pledges(tx: Transaction, asked: Sequence[Pledging]) -> list[Made | Exception]:
    """Make all pledges that wait, in order: one lock, each its own decision on top of those before, one write.

    Caps and pots are exact however many come at once. A pledge that is refused leaves the others alone.
    """
    books = await _books_for(tx, [one.command for one in asked])
    facts: list[Fact] = []
    made: dict[UUID, Pledge] = {}
    answers = [_decide(books, one, made, facts) for one in asked]
    if made:
        at = max(pledge.made_at for pledge in made.values())
        async with unless_taken():
            await storage.ledger.write(tx, ledger.transfers_of([fact.event for fact in facts]), at)
            await storage.pledges.add(tx, books, list(made.values()), facts)
        await _commit_where_reached(tx, books, facts, at)
    return [answer if isinstance(answer, Exception) else (books.pledges[answer[0].id], answer[1]) for answer in answers]


async def make_pledge(tx: Transaction, asked: Pledging) -> Made:
    """Make one pledge in a transaction of its own. Raises what the domain refuses."""
    answer = (await make_pledges(tx, [asked]))[0]
    if isinstance(answer, Exception):
        raise answer
    return answer


async def _books_for(tx: Transaction, commands: Sequence[MakePledge]) -> Books:
    return await storage.pledges.lock(
        tx,
        rounds={command.round for command in commands if command.round},
        initiatives={command.initiative for command in commands},
        donors={(command.round, command.pledger) for command in commands if command.round},
        pledges=[command.id for command in commands],
    )


def _decide(books: Books, one: Pledging, made: dict[UUID, Pledge], facts: list[Fact]) -> Made | Exception:
    new = one.command.id not in books.pledges
    try:
        pledge = books.make(one.command)
    except Rejected as no:
        return no
    if new:
        made[pledge.id] = pledge
        events = pledges.facts_of(pledge)
        facts += [Fact(event, number, one.cause) for number, event in enumerate(events, start=1)]
        facts += [Fact(event, 1, one.cause) for event in books.reach(pledge.initiative, one.command.at)]
    return pledge, new


async def _commit_where_reached(tx: Transaction, books: Books, facts: Sequence[Fact], at: datetime) -> None:
    """Post every hold of initiatives that reached their goal just now."""
    for fact in facts:
        if isinstance(fact.event, MeansGoalReached):
            held = await storage.pledges.held(tx, [fact.event.initiative_id])
            await _follow(tx, books, held, [pledges.committed(pledge) for pledge in held], "posted", at, fact.cause)


async def _follow(
    tx: Transaction,
    books: Books,
    held: Sequence[Pledge],
    events: Sequence[PledgeCommitted | PledgeWithdrawn],
    outcome: ledger.Outcome,
    at: datetime,
    cause: Cause | None = None,
) -> None:
    """Resolve the holds of pledges with one outcome, as one event each says; the books are right already."""
    if not held:
        return
    after = [pledges.evolve(pledge, [event]) for pledge, event in zip(held, events, strict=True)]
    books.pledges.update((pledge.id, pledge) for pledge in after)
    facts = [Fact(event, pledge.version, cause) for pledge, event in zip(after, events, strict=True)]
    holds = await storage.ledger.holds(tx, [pledge.id for pledge in held])
    await storage.ledger.write(tx, [], at, resolved=holds, outcome=outcome)
    await storage.pledges.change(tx, books, after, facts)


async def withdraw_pledge(tx: Transaction, pledge_id: UUID, caller: UUID, now: datetime) -> Pledge:
    """Take a pledge back before commit: its match returns to the pot and both transfers are voided.

    Answers the same when it was withdrawn before. Raises NotFound, Forbidden, Refused("pledge-committed").
    """
    unlocked: Pledge = found(await storage.pledges.pledge(tx, pledge_id), "pledge", pledge_id)
    pledges.refuse_others(unlocked, caller)
    books = await _books_of(tx, [unlocked])
    pledge = books.pledges[pledge_id]
    await _withdraw(tx, books, [pledge], "by-pledger", now)
    return books.pledges[pledge_id]


async def _books_of(tx: Transaction, made: Sequence[Pledge]) -> Books:
    return await storage.pledges.lock(
        tx,
        rounds={pledge.round for pledge in made if pledge.round},
        initiatives={pledge.initiative for pledge in made},
        donors={(pledge.round, pledge.pledger) for pledge in made if pledge.round},
        pledges=[pledge.id for pledge in made],
    )


async def _withdraw(
    tx: Transaction, books: Books, held: Sequence[Pledge], reason: str, at: datetime, cause: Cause | None = None
) -> None:
    events: list[PledgeCommitted | PledgeWithdrawn] = []
    leaving = []
    for pledge in held:
        if withdrawn := pledges.withdraw(pledge, reason):
            events += withdrawn
            leaving.append(pledge)
            books.enter(pledge, sign=-1)
    await _follow(tx, books, leaving, events, "voided", at, cause)


async def release(tx: Transaction, initiatives: Sequence[UUID], at: datetime, cause: Cause) -> None:
    """Take back every pledge that is held for initiatives that were withdrawn.

    Raises Transient where a pledge came in between reading and locking; trying again finds it.
    """
    books = await _books_of_held(tx, initiatives)
    held = await storage.pledges.held(tx, initiatives)
    if any(pledge.id not in books.pledges for pledge in held):
        raise Transient("a pledge was made at this moment")
    await _withdraw(tx, books, held, "initiative-withdrawn", at, cause)


async def _books_of_held(tx: Transaction, initiatives: Sequence[UUID]) -> Books:
    held = await storage.pledges.held(tx, initiatives)
    return await storage.pledges.lock(
        tx,
        rounds={pledge.round for pledge in held if pledge.round},
        initiatives=initiatives,
        donors={(pledge.round, pledge.pledger) for pledge in held if pledge.round},
        pledges=[pledge.id for pledge in held],
    )


async def follow_needs(tx: Transaction, initiatives: Sequence[UUID], at: datetime, cause: Cause) -> None:
    """Say so, and commit what is held, where an initiative now needs no more than it has."""
    books = await storage.pledges.lock(tx, (), initiatives, ())
    facts = [Fact(event, 1, cause) for initiative in books.means for event in books.reach(initiative, at)]
    await tx.record(facts)
    await _commit_where_reached(tx, books, facts, at)
