"""Grants: what a round that is counted at its close gave to an initiative as a whole."""

from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID, uuid5

from dorpsplein.contracts.funding.means import InitiativeMatched, InitiativeMatchReturned
from funding.domain.ledger import EUR, Entries, Transfer, escrow, post, pot, transfer, void
from funding.domain.rules import Allocation


@dataclass(frozen=True, slots=True)
class Grant:
    """What one initiative got from one round. Held until it has the means it needs, as its pledges are."""

    id: UUID
    round: UUID
    initiative: UUID
    count: UUID
    allocation: Allocation
    rule_version: str
    input_digest: str
    status: Literal["held", "committed", "returned"] = "held"

    @property
    def holds(self) -> list[Transfer]:
        """The transfers that hold it: pending until they are posted or given back."""
        target = escrow(self.initiative)
        return [
            transfer(self.id, "match", EUR, pot(self.round, line), target, cents, pending=True)
            for line, cents in self.allocation.by
        ]


def grant_id(round_id: UUID, initiative: UUID) -> UUID:
    """The id of what a round gives to an initiative: it gives once."""
    return uuid5(round_id, f"grant:{initiative}")


def given(grant: Grant) -> InitiativeMatched:
    """The fact of a grant."""
    return InitiativeMatched(
        initiative_id=grant.initiative,
        round_id=grant.round,
        count_id=grant.count,
        amount_cents=grant.allocation.cents,
        matched_by=dict(grant.allocation.by),
        rule_version=grant.rule_version,
        input_digest=grant.input_digest,
        explanation=[str(reason) for reason in grant.allocation.reasons],
    )


def give(grant: Grant, entries: Entries, *, committed: bool) -> Grant:
    """Hold a grant in the ledger, or post it at once where its initiative has what it needs."""
    entries.transfers += [replace(one, pending=not committed) for one in grant.holds]
    return replace(grant, status="committed" if committed else "held")


def commit(grant: Grant, entries: Entries) -> Grant:
    """Post what is held."""
    entries.resolutions += post(grant.holds)
    return replace(grant, status="committed")


def give_back(grant: Grant, entries: Entries) -> tuple[Grant, InitiativeMatchReturned]:
    """Return a grant to the pot lines it came from, whether it was posted or not."""
    if grant.status == "held":
        entries.resolutions += void(grant.holds)
    else:
        source = escrow(grant.initiative)
        entries.transfers += [
            transfer(grant.id, "return", EUR, source, pot(grant.round, line), cents)
            for line, cents in grant.allocation.by
        ]
    back = InitiativeMatchReturned(
        initiative_id=grant.initiative, round_id=grant.round, amount_cents=grant.allocation.cents
    )
    return replace(grant, status="returned"), back
