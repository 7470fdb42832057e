"""Make pledges and take them back; money, state and facts move together or not at all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dorpsplein.contracts.funding import MeansGoalReached
from dorpsplein.database import Transaction
from dorpsplein.envelope import Cause, Fact
from dorpsplein.errors import Rejected, Transient
from dorpsplein.web import found
from funding import storage
from funding.commands.rounds import unless_taken
from funding.domain import ledger, pledges
from funding.domain.pledges import Books, Followed, MakePledge, Pledge


@dataclass(frozen=True, slots=True)
class Pledging:
    """A pledge to be made in a group. `fresh`: its id was made just now, so nobody has it."""

    command: MakePledge
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Withdrawing:
    """A pledge to be taken back in a group, by whom."""

    pledge: UUID
    caller: UUID
    at: datetime


Made = tuple[Pledge, bool]
"""A pledge as it stands now, and whether it is new."""


async def make_pledges(tx: Transaction, asked: Sequence[Pledging]) -> list[Made | Exception]:
    """Make all pledges that wait, in order: one lock, each its own decision on top of those before, one write.

    Caps and pots are exact however many come at once. A pledge that is refused leaves the others alone.
    """
    books = await _books_for(tx, asked)
    facts: list[Fact] = []
    made: dict[UUID, Pledge] = {}
    causes = tx.causes or [None] * len(asked)
    answers = [_decide(books, one.command, cause, made, facts) for one, cause in zip(asked, causes, strict=True)]
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


async def _books_for(tx: Transaction, asked: Sequence[Pledging]) -> Books:
    commands = [one.command for one in asked]
    return await storage.pledges.lock(
        tx,
        rounds={command.round for command in commands if command.round},
        initiatives={command.initiative for command in commands},
        donors={(command.round, command.pledger) for command in commands if command.round},
        pledges=[one.command.id for one in asked if not one.fresh],
    )


def _decide(
    books: Books, command: MakePledge, cause: Cause | None, made: dict[UUID, Pledge], facts: list[Fact]
) -> Made | Exception:
    new = command.id not in books.pledges
    try:
        pledge = books.make(command)
    except Rejected as no:
        return no
    if new:
        made[pledge.id] = pledge
        events = pledges.facts_of(pledge)
        facts += [Fact(event, number, cause) for number, event in enumerate(events, start=1)]
        facts += [Fact(event, 1, cause) for event in books.reach(pledge.initiative, command.at)]
    return pledge, new


async def _commit_where_reached(tx: Transaction, books: Books, facts: Sequence[Fact], at: datetime) -> None:
    """Post every hold of initiatives that reached their goal just now."""
    for fact in facts:
        if isinstance(fact.event, MeansGoalReached):
            held = await storage.pledges.held(tx, [fact.event.initiative_id])
            books.pledges.update((pledge.id, pledge) for pledge in held)
            committed = [(event, fact.cause) for pledge in held for event in books.follow(pledges.commit(pledge))]
            await _resolve(tx, books, committed, "posted", at)


async def _resolve(
    tx: Transaction,
    books: Books,
    events: Sequence[tuple[Followed, Cause | None]],
    outcome: ledger.Outcome,
    at: datetime,
) -> None:
    """Resolve the holds of pledges with one outcome, and keep what one event each says of them."""
    if not events:
        return
    changed = [books.pledges[event.pledge_id] for event, _ in events]
    facts = [Fact(event, pledge.version, cause) for pledge, (event, cause) in zip(changed, events, strict=True)]
    holds = await storage.ledger.holds(tx, [pledge.id for pledge in changed])
    await storage.ledger.write(tx, [], at, resolved=holds, outcome=outcome)
    await storage.pledges.change(tx, books, changed, facts)


async def withdraw_pledges(tx: Transaction, asked: Sequence[Withdrawing]) -> list[Pledge | Exception]:
    """Take back all pledges that wait, in order: matches return to the pot, both transfers of each are voided.

    A pledge that was withdrawn before answers the same. One that is not there, not the caller's or committed is
    refused and leaves the others alone.
    """
    known = await storage.pledges.pledges_of(tx, [one.pledge for one in asked])
    books = await _books_of(tx, known, initiatives={pledge.initiative for pledge in known})
    withdrawn: list[tuple[Followed, Cause | None]] = []
    causes = tx.causes or [None] * len(asked)
    answers = [_take_back(books, one, cause, withdrawn) for one, cause in zip(asked, causes, strict=True)]
    await _resolve(tx, books, withdrawn, "voided", max(one.at for one in asked))
    return answers


def _take_back(
    books: Books, one: Withdrawing, cause: Cause | None, withdrawn: list[tuple[Followed, Cause | None]]
) -> Pledge | Exception:
    try:
        pledge: Pledge = found(books.pledges.get(one.pledge), "pledge", one.pledge)
        pledges.refuse_others(pledge, one.caller)
        withdrawn += [(event, cause) for event in books.follow(pledges.withdraw(pledge))]
    except Rejected as no:
        return no
    return books.pledges[one.pledge]


async def _books_of(tx: Transaction, made: Sequence[Pledge], *, initiatives: Iterable[UUID]) -> Books:
    """The books that pledges can be taken out of: initiative and round of a pledge never change."""
    return await storage.pledges.lock(
        tx,
        rounds={pledge.round for pledge in made if pledge.round},
        initiatives=initiatives,
        donors={(pledge.round, pledge.pledger) for pledge in made if pledge.round},
        pledges=[pledge.id for pledge in made],
    )


async def release(tx: Transaction, initiative: UUID, at: datetime, cause: Cause) -> None:
    """Take back every pledge that is held for an initiative that was withdrawn.

    Raises Transient where a pledge came in between reading and locking; trying again finds it.
    """
    books = await _books_of(tx, await storage.pledges.held(tx, [initiative]), initiatives=[initiative])
    held = await storage.pledges.held(tx, [initiative])
    if any(pledge.id not in books.pledges for pledge in held):
        raise Transient("a pledge was made at this moment")
    withdrawn = [
        (event, cause) for pledge in held for event in books.follow(pledges.withdraw(pledge, "initiative-withdrawn"))
    ]
    await _resolve(tx, books, withdrawn, "voided", at)


async def follow_needs(tx: Transaction, initiative: UUID, at: datetime, cause: Cause) -> None:
    """Say so, and commit what is held, where an initiative now needs no more than it has."""
    books = await storage.pledges.lock(tx, (), [initiative], ())
    facts = [Fact(event, 1, cause) for known in books.means for event in books.reach(known, at)]
    await tx.record(facts)
    await _commit_where_reached(tx, books, facts, at)
