"""The double-entry ledger: everything that moves leaves one account and reaches another, in one resource.

A pending transfer holds its amount until it is resolved, once: posted (wholly or in part), voided or expired. What is
not posted returns. Nothing is ever edited; a correction is one more transfer. Accounts: a `party` may promise without
limit; a `pot` (one a pot line), an `escrow` (one an initiative), `delivered` and `returned` never go below nothing,
holds included. Resources are kept apart: euros are never added to hours. The model is that of two-phase transfers as
TigerBeetle documents them (https://docs.tigerbeetle.com/coding/two-phase-transfers/).
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple
from uuid import UUID, uuid5

from funding.domain.receipts import is_personal
from funding.domain.rules.snapshots import canonical

EUR = "EUR/2"
"""Euros with two decimals: amounts are whole cents."""

Kind = Literal["pot-line", "pledge", "match", "delivery", "payout", "return", "compensation"]
Outcome = Literal["posted", "voided", "expired"]


@dataclass(frozen=True, slots=True)
class Transfer:
    """An amount of one resource from one account to another. Those of one group succeed or fail whole.

    Its id follows from what it is for (`transfer`), so that the same thing asked twice is the same transfer.
    """

    id: UUID
    group: UUID
    kind: Kind
    resource: str
    debit: str
    credit: str
    amount: int
    pending: bool = False

    @property
    def input_hash(self) -> bytes:
        """SHA-256 of the input: the same id with another hash is an error."""
        return hashlib.sha256(
            canonical([str(self.group), self.kind, self.resource, self.debit, self.credit, self.amount, self.pending])
        ).digest()


@dataclass(frozen=True, slots=True)
class Resolution:
    """What became of a pending transfer: `amount` of it was posted, the rest returned."""

    transfer: Transfer
    outcome: Outcome
    amount: int


class Balance(NamedTuple):
    """An account's sums in one resource, or what is to be added to them."""

    debits_pending: int = 0
    debits_posted: int = 0
    credits_pending: int = 0
    credits_posted: int = 0


@dataclass(slots=True)
class Entries:
    """Transfers and resolutions that are written together or not at all."""

    transfers: list[Transfer] = field(default_factory=list)
    resolutions: list[Resolution] = field(default_factory=list)

    def changes(self) -> dict[tuple[str, str], Balance]:
        """What they add to the balance of each account, by account and resource, in sorted order."""
        sums: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for one in self.transfers:
            place = 0 if one.pending else 1
            sums[one.debit, one.resource][place] += one.amount
            sums[one.credit, one.resource][2 + place] += one.amount
        for resolved in self.resolutions:
            one = resolved.transfer
            for account, place in ((one.debit, 0), (one.credit, 2)):
                sums[account, one.resource][place] -= one.amount
                sums[account, one.resource][place + 1] += resolved.amount
        return {account: Balance(*sums[account]) for account in sorted(sums)}


def transfer(
    group: UUID,
    kind: Kind,
    resource: str,
    debit: str,
    credit: str,
    amount: int,
    *,
    pending: bool = False,
    step: object = "",
) -> Transfer:
    """A transfer of a group, with the id that the same group, kind, step and accounts always give.

    `step` tells apart what a group does several times between the same accounts, such as deliveries. The id says
    nothing of a person: it stands in the log for ever, where their account is hidden.
    """
    made = uuid5(group, f"{kind}:{step}:{_unnamed(debit)}>{_unnamed(credit)}")
    return Transfer(made, group, kind, resource, debit, credit, amount, pending)


def _unnamed(account: str) -> str:
    return account.partition(":")[0] if is_personal(account) else account


def post(held: Iterable[Transfer]) -> list[Resolution]:
    """Post pending transfers whole."""
    return [Resolution(one, "posted", one.amount) for one in held]


def void(held: Iterable[Transfer], outcome: Outcome = "voided") -> list[Resolution]:
    """Give pending transfers back whole, because someone said so or (`expired`) because their time was over."""
    return [Resolution(one, outcome, 0) for one in held]


def party(who: UUID | str) -> str:
    """The account of a pledger (by pseudonym) or a co-financier (by code)."""
    return f"party:{who}"


def returned(who: UUID | str) -> str:
    """The account of what went back to a party after it was committed."""
    return f"returned:{who}"


def pot(round_id: UUID, pot_line: UUID | str) -> str:
    """The account of what one co-financier put into a round."""
    return f"pot:{round_id}:{pot_line}"


def escrow(initiative: UUID) -> str:
    """The account where an initiative's means wait."""
    return f"escrow:{initiative}"


def delivered(initiative: UUID) -> str:
    """The account of what an initiative really got: hours worked, halls used, euros paid out."""
    return f"delivered:{initiative}"
