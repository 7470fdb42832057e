"""Pay-outs: euros of an initiative that leave for its bank account. Amounts are whole cents.

A pay-out holds its euros from the order on (a pending transfer escrow to delivered). The bank's statement posts it,
or gives it back; one that comes back after it was booked is corrected by a further transfer.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from dorpsplein.contracts.funding.payouts import PayoutBooked, PayoutOrdered, PayoutReturned
from dorpsplein.errors import Conflict, Refused
from funding.domain import ledger
from funding.domain.ledger import EUR, Entries, Transfer

MOST_IN_A_BATCH = 1_000

Status = Literal["ordered", "sent", "booked", "returned"]


@dataclass(frozen=True, slots=True)
class Payout:
    """A pay-out as its events left it; `version` counts them. `sent` is in a file for the bank."""

    id: UUID
    initiative: UUID
    cents: int
    ordered_by: UUID
    ordered_at: datetime
    status: Status = "ordered"
    version: int = 1
    batch: UUID | None = None


@dataclass(frozen=True, slots=True)
class OrderPayout:
    """An order to pay an initiative so many cents, or (None) all that waits for it."""

    id: UUID
    initiative: UUID
    cents: int | None
    by: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """A bank account, by IBAN, and in whose name it stands."""

    iban: str
    name: str


@dataclass(frozen=True, slots=True)
class Debtor:
    """The account that is paid from."""

    iban: str
    name: str
    bic: str


PayoutEvent = PayoutOrdered | PayoutBooked | PayoutReturned
Decided = tuple[Payout, PayoutEvent, Entries]
"""A pay-out after a decision, the fact it gives, and what the ledger writes with it."""


def order(asked: OrderPayout, *, has_account: bool, available: int) -> Decided:
    """Order a pay-out of what waits in the escrow and is not held for another, `available` cents.

    Raises Refused("bank-account-missing"), Refused("nothing-to-pay-out") and Refused("escrow-too-small").
    """
    if not has_account:
        raise Refused("bank-account-missing", "This initiative has given no bank account yet; ask its initiator.")
    if available <= 0:
        raise Refused("nothing-to-pay-out", "No committed euros wait for this initiative.", availableCents=0)
    cents = available if asked.cents is None else asked.cents
    if cents > available:
        raise Refused(
            "escrow-too-small",
            f"Only {available} cents wait for this initiative; order at most so much.",
            availableCents=available,
        )
    payout = Payout(asked.id, asked.initiative, cents, asked.by, asked.at)
    ordered = PayoutOrdered(payout_id=payout.id, initiative_id=payout.initiative, amount_cents=cents)
    return payout, ordered, Entries(transfers=[hold_of(payout)])


def same(known: Payout, asked: OrderPayout) -> Payout:
    """A pay-out that was ordered before under this id. Raises Conflict("id-taken") where other input made it."""
    if known.initiative != asked.initiative or asked.cents not in {None, known.cents}:
        raise Conflict("id-taken", f"Pay-out {known.id} was ordered with other input.")
    return known


def book(payout: Payout) -> Decided:
    """The bank paid a pay-out that was sent: its hold is posted."""
    booked = PayoutBooked(payout_id=payout.id, initiative_id=payout.initiative, amount_cents=payout.cents)
    return _next(payout, "booked"), booked, Entries(resolutions=ledger.post([hold_of(payout)]))


def give_back(payout: Payout) -> Decided:
    """A pay-out came back: its hold is voided, or what was posted returns to the escrow by one more transfer."""
    returned = PayoutReturned(payout_id=payout.id, initiative_id=payout.initiative, amount_cents=payout.cents)
    if payout.status != "booked":
        return _next(payout, "returned"), returned, Entries(resolutions=ledger.void([hold_of(payout)]))
    back = ledger.transfer(
        payout.id,
        "compensation",
        EUR,
        ledger.delivered(payout.initiative),
        ledger.escrow(payout.initiative),
        payout.cents,
    )
    return _next(payout, "returned"), returned, Entries(transfers=[back])


def cancel(payout: Payout) -> Decided | None:
    """Take a pay-out back that no statement has booked: ordered by mistake, or its file refused by the bank.

    None where it came back before. Raises Refused("payout-booked") once the bank has paid it.
    """
    if payout.status == "booked":
        raise Refused("payout-booked", "The bank has paid this already; it can only be sent back by who received it.")
    return None if payout.status == "returned" else give_back(payout)


def hold_of(payout: Payout) -> Transfer:
    """The transfer that holds a pay-out's euros until the bank has answered."""
    source, target = ledger.escrow(payout.initiative), ledger.delivered(payout.initiative)
    return ledger.transfer(payout.id, "payout", EUR, source, target, payout.cents, pending=True)


def _next(payout: Payout, status: Status) -> Payout:
    return replace(payout, status=status, version=payout.version + 1)
