"""The double-entry ledger: every cent that moves leaves one account and reaches another.

A pending transfer holds its cents until it is resolved, once: posted or voided. Nothing is ever edited; a
correction is one more transfer. Accounts: a `party` may promise without limit, a `pot` (one a pot line) and an
`escrow` (one an initiative) never go below nothing, holds included.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple
from uuid import UUID

from dorpsplein.contracts.funding import PledgeCommitted, PledgeMade, PledgeMatched, PotLineAdded
from dorpsplein.envelope import Event

RESOURCE = "EUR/2"
"""Euros with two decimals: amounts are whole cents."""

Outcome = Literal["posted", "voided"]


@dataclass(frozen=True, slots=True)
class Transfer:
    """Cents from one account to another. Those of one group (a pledge, a pot line) succeed or fail whole."""

    group: UUID
    kind: Literal["pot-line", "pledge", "match"]
    debit: str
    credit: str
    cents: int
    pending: bool


@dataclass(frozen=True, slots=True)
class Hold:
    """A pending transfer that stands in the ledger unresolved."""

    id: UUID
    transfer: Transfer


class Balance(NamedTuple):
    """An account's sums in cents, or what is to be added to them."""

    debits_pending: int = 0
    debits_posted: int = 0
    credits_pending: int = 0
    credits_posted: int = 0


def party(who: UUID | str) -> str:
    """The account of a pledger (by pseudonym) or a co-financier (by code)."""
    return f"party:{who}"


def pot(round_id: UUID, pot_line: UUID | str) -> str:
    """The account of what one co-financier put into a round."""
    return f"pot:{round_id}:{pot_line}"


def escrow(initiative: UUID) -> str:
    """The account where an initiative's means wait."""
    return f"escrow:{initiative}"


def transfers_of(events: Sequence[Event]) -> list[Transfer]:
    """The transfers that make these events true.

    A pledge and its match are pending; posted at once where the pledge is committed by one of the same events.
    """
    committed = {event.pledge_id for event in events if isinstance(event, PledgeCommitted)}
    transfers: list[Transfer] = []
    for event in events:
        match event:
            case PotLineAdded(pot_line_id=line, amount_cents=cents):
                account = pot(event.round_id, line)
                transfers.append(Transfer(line, "pot-line", party(event.cofinancier), account, cents, pending=False))
            case PledgeMade(pledge_id=pledge, amount_cents=cents):
                source, target = party(event.pledger_id), escrow(event.initiative_id)
                transfers.append(Transfer(pledge, "pledge", source, target, cents, pledge not in committed))
            case PledgeMatched(pledge_id=pledge):
                target = escrow(event.initiative_id)
                transfers += [
                    Transfer(pledge, "match", pot(event.round_id, line), target, cents, pledge not in committed)
                    for line, cents in event.matched_by.items()
                ]
    return transfers


def changes(transfers: Iterable[Transfer], resolved: Iterable[Hold], outcome: Outcome) -> dict[str, Balance]:
    """What new transfers, and holds resolved with one outcome, add to the balance of each account."""
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for transfer in transfers:
        place = 0 if transfer.pending else 1
        sums[transfer.debit][place] += transfer.cents
        sums[transfer.credit][2 + place] += transfer.cents
    for hold in resolved:
        for account, place in ((hold.transfer.debit, 0), (hold.transfer.credit, 2)):
            sums[account][place] -= hold.transfer.cents
            if outcome == "posted":
                sums[account][place + 1] += hold.transfer.cents
    return {account: Balance(*sums[account]) for account in sorted(sums)}
