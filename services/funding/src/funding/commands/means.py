"""What initiatives need, and what a deadline, a withdrawal or a promise that falls out means for what was promised."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Cause
from dorpsplein.errors import Conflict, Forbidden, Refused
from dorpsplein.identity import Caller, Role
from dorpsplein.timers import cancel_timers, set_timers
from dorpsplein.web import found
from funding import storage
from funding.commands.guards import unless_taken
from funding.commands.pledges import all_books_of, books_of, write
from funding.domain import fates
from funding.domain import means as needs
from funding.domain.books import Books
from funding.domain.ledger import delivered
from funding.domain.means import Board, Means
from funding.domain.pledges import Pledge

MEANS_DEADLINE = "means-deadline"


@dataclass(frozen=True, slots=True)
class Deliver:
    """So much of a pledge really came, with what shows it."""

    id: UUID
    pledge: UUID
    quantity: int
    evidence: str
    at: datetime


async def set_needs(tx: Transaction, initiative: UUID, board: Board, caller: UUID, now: datetime) -> Means:
    """Set the needs board of an initiative, and the timer of its deadline.

    What was promised already may be enough for it: then all that is held is committed. Raises NotFound, and what
    `means.set_needs` refuses.
    """
    books = await storage.books.lock(tx, (), [initiative])
    known: Means = found(books.means.get(initiative), "initiative", initiative)
    if events := needs.set_needs(known, board, caller, now):
        await storage.means.set_board(tx, initiative, board)
        books.take(initiative, events, now)
        books.reach(initiative, now)
        await _wait(tx, initiative, board.deadline)
        await write(tx, books, now)
    return books.means[initiative]


async def _wait(tx: Transaction, initiative: UUID, until: datetime | None) -> None:
    if until is None:
        await cancel_timers(tx, MEANS_DEADLINE, [initiative])
    else:
        await set_timers(tx, MEANS_DEADLINE, {initiative: until})


async def end_waiting(tx: Transaction, initiatives: Sequence[UUID], now: datetime) -> None:
    """Do what deadlines and the ends of top-up windows mean: take what there is, or send all of it back."""
    books = await all_books_of(tx, initiatives)
    for initiative in books.means:
        books.end_waiting(initiative, now, started=await _has_started(tx, initiative))
    for initiative in books.missed():
        books.send_back(initiative, now, "goal-missed")
    await write(tx, books, now)


async def _has_started(tx: Transaction, initiative: UUID) -> bool:
    """Whether anything was delivered or paid out, or is being paid out."""
    rows = await storage.ledger.of_accounts(tx, [delivered(initiative)])
    return any(row["credits_pending"] or row["credits_posted"] for row in rows)


async def release(tx: Transaction, initiative: UUID, reason: str, at: datetime, cause: Cause) -> None:
    """Give back what is promised to an initiative that is no more, unless something was delivered already.

    Raises Transient where a pledge came in at this moment; trying again finds it.
    """
    books = await all_books_of(tx, [initiative])
    if initiative in books.means and not await _has_started(tx, initiative):
        books.send_back(initiative, at, reason, cause)
        await write(tx, books, at)


async def follow_needs(tx: Transaction, initiative: UUID, at: datetime, cause: Cause) -> None:
    """Say so, and commit what is held, where an initiative now needs no more than it has."""
    books = await storage.books.lock(tx, (), [initiative])
    for known in books.means:
        books.reach(known, at, cause)
    await write(tx, books, at)


async def deliver(tx: Transaction, command: Deliver, caller: Caller) -> tuple[Pledge, bool]:
    """Record that a part of a pledge really came; answers the pledge, and whether the delivery is new.

    Raises NotFound, Forbidden("not-your-initiative"), Conflict("id-taken"), and what `fates.deliver` refuses.
    """
    books, pledge = await _of_initiative(tx, command.pledge, caller)
    if known := await storage.pledges.delivery(tx, command.id):
        if known != (command.pledge, command.quantity, command.evidence, caller.id):
            raise Conflict("id-taken", f"Delivery {command.id} was recorded with other input; use a new id.")
        return pledge, False
    round_ = books.rounds.get(pledge.round) if pledge.round else None
    evidence, needed = bool(command.evidence), bool(round_ and round_.asks_evidence(pledge.matched))
    events = fates.deliver(pledge, command.id, command.quantity, evidence=evidence, needed=needed)
    books.follow(events, command.at)
    await write(tx, books, command.at)
    async with unless_taken():
        await storage.pledges.keep_delivery(
            tx, command.id, command.pledge, command.quantity, command.evidence, caller.id, command.at
        )
    return books.pledges[pledge.id], True


async def lapse(tx: Transaction, pledge_id: UUID, caller: Caller, now: datetime) -> Pledge:
    """Say that what is open of a pledge will not come: a held one is declined, a committed one falls out.

    A goal that was reached may be missed again by it: then a top-up window opens. A match that was paid out already
    stays where it is. Raises NotFound,
    Forbidden("not-your-initiative"), Refused("euros-are-welcome") for held euros, ("paid-out") where the escrow does
    not hold them any more, and what `fates.lapse` refuses.
    """
    books, pledge = await _of_initiative(tx, pledge_id, caller)
    if pledge.status == "held" and pledge.cents:
        raise Refused("euros-are-welcome", "Euros that are held can be withdrawn by their pledger only.")
    if pledge.status == "committed" and not pledge.cents:
        available = await storage.payouts.lock_available(tx, pledge.initiative)
        pledge = books.pledges[pledge_id] = fates.spend_match(pledge, available)
    books.follow(fates.lapse(pledge, "declined" if pledge.status == "held" else "not-delivered"), now)
    books.fall_short(pledge.initiative, now)
    try:
        await write(tx, books, now)
    except storage.ledger.Overdrawn as fault:
        raise Refused("paid-out", "The initiative was paid already: these euros are no longer there.") from fault
    if (until := books.means[pledge.initiative].top_up_until) is not None:
        await _wait(tx, pledge.initiative, until)
    return books.pledges[pledge_id]


async def _of_initiative(tx: Transaction, pledge_id: UUID, caller: Caller) -> tuple[Books, Pledge]:
    """The books with one pledge, for its initiator or an operator."""
    known = await storage.pledges.pledges_of(tx, [pledge_id])
    pledge: Pledge = found(known[0] if known else None, "pledge", pledge_id)
    books = await books_of(tx, [pledge], initiatives=[pledge.initiative])
    if caller.id not in books.means[pledge.initiative].initiators and Role.OPERATOR not in caller.roles:
        raise Forbidden("not-your-initiative", "Only who carries the initiative, or an operator, says what came.")
    return books, books.pledges[pledge_id]
