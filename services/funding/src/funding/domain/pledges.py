"""Pledges: promises of means to an initiative, what follows them, and what becomes of them."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from dorpsplein.contracts.funding.pledges import (
    PledgeCommitted,
    PledgeMade,
    PledgeMatched,
)
from dorpsplein.errors import Conflict
from funding.domain.ledger import EUR, Transfer, escrow, party, pot, transfer
from funding.domain.resources import Slot
from funding.domain.rules import Allocation

Status = Literal["held", "committed", "delivered", "lapsed", "withdrawn", "refunded"]


@dataclass(frozen=True, slots=True)
class MakePledge:
    """Promise so much of a resource to an initiative, within a round to have it matched, as quoted or anew."""

    id: UUID
    pledger: UUID
    initiative: UUID
    round: UUID | None
    resource: str
    quantity: int
    at: datetime
    slot: Slot | None = None
    quote: UUID | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """What followed a pledge, under which versions, decided on what (as digest); `valued` is what it counted for.

    `back` is what returned to which pot line; `spent` that it was paid out, so that none of it can return.
    """

    allocation: Allocation
    rule_version: str
    input_digest: str
    valued: int
    valuation_version: str
    back: tuple[tuple[str, int], ...] = ()
    spent: bool = False


@dataclass(frozen=True, slots=True)
class Pledge:
    """A promise. Held until its initiative has the means it needs, then committed; until then it can be withdrawn.

    `delivered` is what really came of it, `gone` what will not come any more.
    """

    id: UUID
    pledger: UUID
    initiative: UUID
    round: UUID | None
    resource: str
    quantity: int
    made_at: datetime
    status: Status
    version: int
    slot: Slot | None = None
    match: Match | None = None
    quote: UUID | None = None
    delivered: int = 0
    gone: int = 0

    @property
    def stands(self) -> bool:
        """Whether any of it counts for its initiative."""
        return self.status in {"held", "committed", "delivered"}

    @property
    def open(self) -> int:
        """How much of it has neither come nor gone."""
        return self.quantity - self.delivered - self.gone

    @property
    def cents(self) -> int:
        """Its euros, in cents; 0 for other means."""
        return self.quantity if self.resource == EUR else 0

    @property
    def matched(self) -> int:
        """The cents that followed it."""
        return self.match.allocation.cents if self.match else 0

    @property
    def holds(self) -> list[Transfer]:
        """The transfers that hold it and its match: pending until they are posted or given back."""
        account, target = party(self.pledger), escrow(self.initiative)
        held = [transfer(self.id, "pledge", self.resource, account, target, self.quantity, pending=True)]
        for line, cents in self.match.allocation.by if self.match and self.round else ():
            assert self.round is not None
            held.append(transfer(self.id, "match", EUR, pot(self.round, line), target, cents, pending=True))
        return held


def made(command: MakePledge, match: Match | None, *, committed: bool) -> Pledge:
    """A pledge just made; committed at once where its initiative has what it needs."""
    pledge = Pledge(
        id=command.id,
        pledger=command.pledger,
        initiative=command.initiative,
        round=command.round,
        resource=command.resource,
        quantity=command.quantity,
        made_at=command.at,
        status="committed" if committed else "held",
        version=0,
        slot=command.slot,
        match=match,
        quote=command.quote,
    )
    return replace(pledge, version=len(facts_of(pledge)))


def facts_of(pledge: Pledge) -> list[PledgeMade | PledgeMatched | PledgeCommitted]:
    """The facts of a pledge just made: versions 1, 2, … of it."""
    facts: list[PledgeMade | PledgeMatched | PledgeCommitted] = [
        PledgeMade(
            pledge_id=pledge.id,
            initiative_id=pledge.initiative,
            round_id=pledge.round,
            pledger_id=pledge.pledger,
            amount_cents=pledge.cents,
            resource=pledge.resource,
            quantity=pledge.quantity,
            starts_at=pledge.slot.starts_at if pledge.slot else None,
            ends_at=pledge.slot.ends_at if pledge.slot else None,
        )
    ]
    if pledge.match and pledge.matched and pledge.round:
        facts.append(_matched(pledge, pledge.match, pledge.round))
    if pledge.status == "committed":
        facts += commit(pledge)
    return facts


def _matched(pledge: Pledge, match: Match, round_id: UUID) -> PledgeMatched:
    allocation = match.allocation
    return PledgeMatched(
        pledge_id=pledge.id,
        initiative_id=pledge.initiative,
        round_id=round_id,
        amount_cents=allocation.cents,
        matched_by=dict(allocation.by),
        rule_version=match.rule_version,
        input_digest=match.input_digest,
        explanation=[str(reason) for reason in allocation.reasons],
        quote_id=pledge.quote,
        valued_cents=match.valued,
        valuation_version=match.valuation_version,
    )


def same_again(known: Pledge, command: MakePledge) -> Pledge:
    """The pledge that has this id. Raises Conflict("id-taken") unless it was made with the same input."""
    fields = ("pledger", "initiative", "round", "resource", "quantity", "slot", "quote")
    if any(getattr(known, name) != getattr(command, name) for name in fields):
        raise Conflict("id-taken", f"Pledge {known.id} was made with other input; use a new id.")
    return known


def commit(pledge: Pledge) -> list[PledgeCommitted]:
    """Make a pledge and its match good, as its initiative has what it needs."""
    return [
        PledgeCommitted(
            pledge_id=pledge.id,
            initiative_id=pledge.initiative,
            amount_cents=pledge.cents,
            match_cents=pledge.matched,
            resource=pledge.resource,
            quantity=pledge.quantity,
        )
    ]
