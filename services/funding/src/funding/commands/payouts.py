"""Give a bank account, order pay-outs, make the file for the bank, cancel what the bank never paid.

Locks are taken in one order: an initiative's bank account, its means, then pay-outs by id.
"""

import asyncio
from datetime import date, datetime
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Conflict, Forbidden, NotFound, Refused
from dorpsplein.identity import Caller, Role
from dorpsplein.web import found
from funding import sepa, storage
from funding.commands.guards import unless_taken
from funding.domain import payouts
from funding.domain.payouts import MOST_IN_A_BATCH, Account, Debtor, OrderPayout, Payout
from funding.storage.payouts import Batch

PAYING = frozenset({Role.TREASURER, Role.OPERATOR})


async def set_account(tx: Transaction, initiative: UUID, account: Account, caller: Caller, at: datetime) -> None:
    """Keep where an initiative is paid. Raises NotFound and Forbidden("not-yours"): only its initiator says so."""
    await _refuse_others(tx, initiative, caller, paying=False)
    await storage.payouts.set_account(tx, initiative, account, caller.id, at)


async def account(tx: Transaction, initiative: UUID, caller: Caller) -> Account:
    """Where an initiative is paid, for its initiator and those who pay. Raises NotFound and Forbidden("not-yours")."""
    await _refuse_others(tx, initiative, caller, paying=True)
    given = await storage.payouts.account(tx, initiative)
    if given is None:
        raise NotFound("bank-account-unknown", "This initiative has given no bank account.")
    return given


async def erase_account(tx: Transaction, initiative: UUID, caller: Caller) -> None:
    """Forget where an initiative is paid, also in files that were made; without an account nothing happens.

    Raises NotFound, Forbidden("not-yours"), and Refused("payout-under-way") while the bank has still to answer.
    """
    await _refuse_others(tx, initiative, caller, paying=True)
    await storage.payouts.lock_account(tx, initiative)
    if await storage.payouts.under_way(tx, initiative):
        raise Refused(
            "payout-under-way", "A pay-out to this account is under way; erase it once the bank has answered."
        )
    await storage.payouts.erase_account(tx, initiative)


async def _refuse_others(tx: Transaction, initiative: UUID, caller: Caller, *, paying: bool) -> None:
    initiators = await storage.payouts.initiators(tx, initiative)
    if initiators is None:
        raise NotFound("initiative-unknown", f"There is no initiative {initiative}.")
    if caller.id not in initiators and not (paying and caller.roles & PAYING):
        raise Forbidden("not-yours", "A bank account is the business of its initiative's initiators, and of who pays.")


async def order(tx: Transaction, asked: OrderPayout) -> tuple[Payout, bool]:
    """Hold euros of an initiative for a pay-out. The same id with the same input answers what is there.

    Raises NotFound("initiative-unknown"), Conflict("id-taken"), and what the domain refuses.
    """
    if known := await storage.payouts.payout(tx, asked.id):
        return payouts.same(known, asked), False
    if await storage.payouts.initiators(tx, asked.initiative) is None:
        raise NotFound("initiative-unknown", f"There is no initiative {asked.initiative}.")
    has_account = await storage.payouts.lock_account(tx, asked.initiative)
    available = await storage.payouts.lock_available(tx, asked.initiative)
    payout, event, entries = payouts.order(asked, has_account=has_account, available=available)
    async with unless_taken():
        await storage.payouts.add(tx, payout, [Fact(event, payout.version)])
        await storage.ledger.write(tx, entries, asked.at)
    return payout, True


async def cancel(tx: Transaction, payout_id: UUID, at: datetime) -> Payout:
    """Give back what a pay-out holds that no statement has booked; one that came back answers the same.

    Raises NotFound and Refused("payout-booked").
    """
    payout: Payout = found((await storage.payouts.lock(tx, [payout_id])).get(payout_id), "payout", payout_id)
    decided = payouts.cancel(payout)
    if decided is None:
        return payout
    payout, event, entries = decided
    await storage.ledger.write(tx, entries, at)
    await storage.payouts.change(tx, [payout], [Fact(event, payout.version)])
    return payout


async def make_batch(
    tx: Transaction, batch_id: UUID, execution_date: date, debtor: Debtor | None, caller: Caller, at: datetime
) -> tuple[Batch, bool]:
    """Put every pay-out that waits (at most 1,000, the oldest first) into one file for the bank.

    The same id with the same date answers what is there. Raises Conflict("id-taken"), Refused("debtor-not-set"),
    Refused("execution-date-past") and Refused("nothing-to-send").
    """
    if known := await storage.payouts.batch(tx, batch_id):
        if known.execution_date != execution_date:
            raise Conflict("id-taken", f"Batch {batch_id} was made with another execution date.")
        return known, False
    if debtor is None:
        raise Refused(
            "debtor-not-set",
            "It is not set which account is paid from: set DORPSPLEIN_DEBTOR_NAME, _IBAN and _BIC for funding.",
        )
    if execution_date < at.date():
        raise Refused("execution-date-past", "The bank cannot pay in the past; choose today or later.")
    waiting = await storage.payouts.lock_to_send(tx, MOST_IN_A_BATCH)
    if not waiting:
        raise Refused("nothing-to-send", "No pay-out waits for a file.")
    accounts = await storage.payouts.accounts(tx, [payout.initiative for payout in waiting])
    payments = [(payout, accounts[payout.initiative]) for payout in waiting]
    file = await asyncio.to_thread(sepa.file_for_bank, batch_id, execution_date, at, debtor, payments)
    batch = Batch(batch_id, execution_date, caller.id, at, len(waiting), sum(payout.cents for payout in waiting))
    async with unless_taken():
        await storage.payouts.send(tx, batch, file, waiting)
    return batch, True
