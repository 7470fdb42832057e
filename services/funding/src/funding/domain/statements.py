"""A bank statement, and what one line of it means here. Amounts are whole cents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from dorpsplein.errors import Refused
from funding.domain.banking import digits_of
from funding.domain.ledger import EUR
from funding.domain.payouts import Payout

GONE = frozenset({"withdrawn", "lapsed", "refunded"})
"""Pledges in these states take no money: what comes in for them has to go back."""


@dataclass(frozen=True, slots=True)
class Line:
    """One movement on the account: an entry, or one of the transactions an entry is made of.

    `key` is what makes two lines the same, whichever statement they stand on. `end_to_end` is what the payer's bank
    passed on, `references` the creditor references in the remittance information. `reverses`: it undoes an earlier
    movement of the other direction. `fault` says what makes it unusable, if anything.
    """

    key: bytes
    booked_on: date
    cents: int
    credit: bool
    reverses: bool = False
    end_to_end: str = ""
    references: tuple[str, ...] = ()
    bank_reference: str = ""
    fault: str = ""

    @property
    def payout(self) -> UUID | None:
        """The pay-out it may be about: ours have their id's 32 hexadecimal digits as end-to-end id."""
        try:
            return UUID(hex=self.end_to_end) if len(self.end_to_end) == 32 else None
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Statement:
    """What a bank says moved on one account, with the balances before and after. `pending` lines are no lines yet."""

    account: str
    number: str
    opening: int
    closing: int
    lines: tuple[Line, ...]
    pending: int = 0


@dataclass(frozen=True, slots=True)
class Promise:
    """What is asked of a pledge to take money in for it."""

    id: UUID
    status: str
    resource: str


Outcome = Literal["payout-booked", "payout-returned", "pledge-paid-in", "unmatched"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a line means: with the pay-out or pledge it is about, or why it fits nothing."""

    outcome: Outcome
    reason: str = ""
    payout: UUID | None = None
    pledge: UUID | None = None


def check(statements: Sequence[Statement], account: str, booked: Sequence[int]) -> None:
    """See that statements are of our account and add up; `booked` is what each moved by its entries.

    Raises Refused("statement-of-another-account") and Refused("balance-does-not-add-up").
    """
    for statement, moved in zip(statements, booked, strict=True):
        if statement.account != account:
            raise Refused(
                "statement-of-another-account",
                f"Statement {statement.number} is not of the account this service pays from; nothing was taken in.",
            )
        if statement.opening + moved != statement.closing:
            raise Refused(
                "balance-does-not-add-up",
                f"Statement {statement.number} opens at {statement.opening} cents and moves {moved}, but closes at "
                f"{statement.closing}; nothing was taken in. Ask the bank for a whole statement.",
            )


def judge(line: Line, payouts: Mapping[UUID, Payout], promises: Mapping[str, Sequence[Promise]]) -> Verdict:
    """What a line means, given the pay-outs as they are now and pledges by the digits of their references."""
    if line.fault:
        return Verdict("unmatched", line.fault)
    payout = payouts.get(line.payout) if line.payout else None
    if payout is not None:
        return _of_payout(line, payout)
    if line.reverses:
        return Verdict("unmatched", "reversal-of-something-else")
    if not line.credit:
        return Verdict("unmatched", "payout-unknown" if line.payout else "payment-not-ours")
    return _of_pledge(line, promises)


def _of_payout(line: Line, payout: Payout) -> Verdict:
    if line.cents != payout.cents:
        return Verdict("unmatched", "amount-differs", payout=payout.id)
    if line.credit:
        if payout.status in {"sent", "booked"}:
            return Verdict("payout-returned", payout=payout.id)
        return Verdict("unmatched", "payout-not-awaited", payout=payout.id)
    if payout.status == "sent" and not line.reverses:
        return Verdict("payout-booked", payout=payout.id)
    return Verdict("unmatched", "payout-not-awaited", payout=payout.id)


def _of_pledge(line: Line, promises: Mapping[str, Sequence[Promise]]) -> Verdict:
    if not line.references:
        return Verdict("unmatched", "reference-missing")
    meant = {one.id: one for reference in line.references for one in promises.get(digits_of(reference), ())}
    if len(meant) != 1:
        return Verdict("unmatched", "reference-ambiguous" if meant else "reference-unknown")
    promise = next(iter(meant.values()))
    if promise.resource != EUR:
        return Verdict("unmatched", "pledge-not-of-euros", pledge=promise.id)
    if promise.status in GONE:
        return Verdict("unmatched", "pledge-does-not-stand", pledge=promise.id)
    return Verdict("pledge-paid-in", pledge=promise.id)
