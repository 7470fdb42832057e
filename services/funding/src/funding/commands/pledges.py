"""Make pledges, quote what would follow them, and take them back: means, ledger and facts move together or not."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Cause
from dorpsplein.errors import Rejected, Transient
from dorpsplein.timers import cancel_timers, set_timers
from dorpsplein.web import found
from funding import storage
from funding.commands.guards import unless_slot_taken, unless_taken
from funding.domain import fates
from funding.domain.books import Books
from funding.domain.pledges import MakePledge, Pledge
from funding.domain.quotes import AskQuote, Quote

QUOTE_EXPIRES = "quote-expires"


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
Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


async def make_pledges(tx: Transaction, asked: Sequence[Pledging]) -> list[Made | Exception]:
    """Make all pledges that wait, in order: one lock, each its own decision on top of those before, one write.

    Caps and pots are exact however many come at once. A pledge that is refused leaves the others alone.
    """
    commands = [one.command for one in asked]
    books = await storage.books.lock(
        tx,
        rounds={command.round for command in commands if command.round},
        initiatives={command.initiative for command in commands},
        donors={(command.round, command.pledger) for command in commands if command.round},
        pledges=[one.command.id for one in asked if not one.fresh],
        quotes={command.quote for command in commands if command.quote},
        resources={command.resource for command in commands},
    )
    answers = each(tx, asked, lambda one, cause: books.make(one.command, cause))
    await write(tx, books, max(command.at for command in commands))
    used = [one for kind, one in books.touched if kind == "quote"]
    if used:
        await cancel_timers(tx, QUOTE_EXPIRES, used)
    return [answer if isinstance(answer, Exception) else (books.pledges[answer[0].id], answer[1]) for answer in answers]


async def make_pledge(tx: Transaction, asked: Pledging) -> Made:
    """Make one pledge in a transaction of its own. Raises what the domain refuses."""
    answer = (await make_pledges(tx, [asked]))[0]
    if isinstance(answer, Exception):
        raise answer
    return answer


async def ask_quotes(tx: Transaction, asked: Sequence[AskQuote]) -> list[tuple[Quote, bool] | Exception]:
    """Reserve the matches of all quotes that are asked for, in order, and set the timers that release them."""
    books = await storage.books.lock(
        tx,
        rounds={one.round for one in asked},
        initiatives={one.initiative for one in asked},
        donors={(one.round, one.pledger) for one in asked},
        quotes=[one.id for one in asked],
        resources={one.resource for one in asked},
    )
    answers = each(tx, asked, books.quote)
    await write(tx, books, max(one.at for one in asked))
    if books.asked:
        await set_timers(tx, QUOTE_EXPIRES, {quote.id: quote.expires_at for quote in books.asked.values()})
    return answers


async def ask_quote(tx: Transaction, asked: AskQuote) -> tuple[Quote, bool]:
    """Reserve one match in a transaction of its own. Raises what the domain refuses."""
    answer = (await ask_quotes(tx, [asked]))[0]
    if isinstance(answer, Exception):
        raise answer
    return answer


async def release_quotes(tx: Transaction, ids: Sequence[UUID], now: datetime) -> None:
    """Give back what was reserved by quotes whose time is over; those that were used are left alone."""
    await _release(tx, ids, now, "expired", due_only=True)


async def give_quote_back(tx: Transaction, quote_id: UUID, caller: UUID, now: datetime) -> Quote:
    """Give a quote back before its time is over. Raises NotFound; another's quote is not found either."""
    known = await storage.quotes.quotes_of(tx, [quote_id])
    found(known[0] if known and known[0].pledger == caller else None, "quote", quote_id)
    books = await _release(tx, [quote_id], now, "given-back", due_only=False)
    await cancel_timers(tx, QUOTE_EXPIRES, [quote_id])
    return books.quotes[quote_id]


async def _release(tx: Transaction, ids: Sequence[UUID], now: datetime, reason: str, *, due_only: bool) -> Books:
    known = await storage.quotes.quotes_of(tx, ids)
    books = await storage.books.lock(
        tx,
        rounds={quote.round for quote in known},
        initiatives={quote.initiative for quote in known},
        donors={(quote.round, quote.pledger) for quote in known},
        quotes=ids,
    )
    for quote in list(books.quotes.values()):
        if not due_only or quote.expires_at <= now:
            books.release(quote.id, reason)
    await write(tx, books, now)
    return books


async def withdraw_pledges(tx: Transaction, asked: Sequence[Withdrawing]) -> list[Pledge | Exception]:
    """Take back all pledges that wait, in order: matches return to the pot, both transfers of each are voided.

    A pledge that was withdrawn before answers the same. One that is not there, not the caller's or committed is
    refused and leaves the others alone.
    """
    known = await storage.pledges.pledges_of(tx, [one.pledge for one in asked])
    books = await books_of(tx, known, initiatives={pledge.initiative for pledge in known})

    def take_back(one: Withdrawing, cause: Cause | None) -> Pledge:
        pledge: Pledge = found(books.pledges.get(one.pledge), "pledge", one.pledge)
        fates.refuse_others(pledge, one.caller)
        fates.refuse_counted(pledge, books.rounds.get(pledge.round) if pledge.round else None, one.at)
        books.follow(fates.withdraw(pledge), one.at, cause)
        return books.pledges[one.pledge]

    answers = each(tx, asked, take_back)
    await write(tx, books, max(one.at for one in asked))
    return answers


def each(
    tx: Transaction, asked: Sequence[Asked], decide: Callable[[Asked, Cause | None], Answer]
) -> list[Answer | Exception]:
    """The answer to each command of a group, or the exception that refuses it."""
    answers: list[Answer | Exception] = []
    for one, cause in zip(asked, tx.causes or [None] * len(asked), strict=True):
        try:
            answers.append(decide(one, cause))
        except Rejected as no:
            answers.append(no)
    return answers


async def write(tx: Transaction, books: Books, at: datetime) -> None:
    """Commit what is held where a goal was reached just now, and keep all that was decided."""
    if reached := list(books.reached()):
        held = await storage.pledges.held(tx, reached)
        books.pledges = {**{pledge.id: pledge for pledge in held}, **books.pledges}
        books.grants |= {grant.id: grant for grant in await storage.grants.grants_of(tx, reached)} | books.grants
        books.commit_all(at)
    async with unless_taken(), unless_slot_taken():
        await storage.books.write(tx, books, at)


async def books_of(tx: Transaction, made: Sequence[Pledge], *, initiatives: Iterable[UUID]) -> Books:
    """The books that pledges can be taken out of: initiative and round of a pledge never change."""
    wanted = set(initiatives)
    grants = await storage.grants.grants_of(tx, sorted(wanted))
    books = await storage.books.lock(
        tx,
        rounds={pledge.round for pledge in made if pledge.round} | {grant.round for grant in grants},
        initiatives=wanted,
        donors={(pledge.round, pledge.pledger) for pledge in made if pledge.round},
        pledges=[pledge.id for pledge in made],
    )
    books.grants = {grant.id: grant for grant in await storage.grants.grants_of(tx, sorted(wanted))}
    return books


async def all_books_of(tx: Transaction, initiatives: Sequence[UUID]) -> Books:
    """The books of initiatives with all that is open for them.

    Raises Transient where a pledge or grant came in between reading and locking; trying again finds it.
    """
    books = await books_of(tx, await storage.pledges.open_of(tx, initiatives), initiatives=initiatives)
    there = await storage.pledges.open_of(tx, initiatives)
    rounds = {pledge.round for pledge in there if pledge.round} | {grant.round for grant in books.grants.values()}
    if any(pledge.id not in books.pledges for pledge in there) or rounds - books.rounds.keys():
        raise Transient("a pledge was made at this moment")
    return books
