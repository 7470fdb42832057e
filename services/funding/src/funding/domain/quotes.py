"""Match quotes: what a pledge would be matched with, reserved for a while, so that it cannot fall."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from dorpsplein.contracts.funding.pledges import MatchQuoted, MatchReleased
from dorpsplein.errors import Conflict, Refused
from funding.domain.ledger import EUR, Transfer, escrow, pot, transfer
from funding.domain.pledges import MakePledge, Match

MOST_RESERVED = 3
"""Quotes one person holds in a round at the same time, so that nobody empties a pot by asking."""


@dataclass(frozen=True, slots=True)
class AskQuote:
    """Ask what a pledge of so much of a resource would be matched with."""

    id: UUID
    pledger: UUID
    initiative: UUID
    round: UUID
    resource: str
    quantity: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Quote:
    """A reserved match. Used by one pledge, or released when its time is over."""

    id: UUID
    pledger: UUID
    initiative: UUID
    round: UUID
    resource: str
    quantity: int
    match: Match
    quoted_at: datetime
    expires_at: datetime
    status: Literal["reserved", "used", "released"] = "reserved"
    pledge: UUID | None = None

    @property
    def cents(self) -> int:
        """What is reserved."""
        return self.match.allocation.cents

    @property
    def holds(self) -> list[Transfer]:
        """The transfers that reserve it: pending until it is used or released."""
        target = escrow(self.initiative)
        return [
            transfer(self.id, "match", EUR, pot(self.round, line), target, cents, pending=True)
            for line, cents in self.match.allocation.by
        ]


def quoted(quote: Quote) -> MatchQuoted:
    """The fact of a quote just made."""
    return MatchQuoted(
        quote_id=quote.id,
        initiative_id=quote.initiative,
        round_id=quote.round,
        amount_cents=quote.cents,
        matched_by=dict(quote.match.allocation.by),
        rule_version=quote.match.rule_version,
        input_digest=quote.match.input_digest,
        explanation=[str(reason) for reason in quote.match.allocation.reasons],
        expires_at=quote.expires_at,
    )


def same_again(known: Quote, command: AskQuote) -> Quote:
    """The quote that has this id. Raises Conflict("id-taken") unless it was asked with the same input."""
    fields = ("pledger", "initiative", "round", "resource", "quantity")
    if any(getattr(known, name) != getattr(command, name) for name in fields):
        raise Conflict("id-taken", f"Quote {known.id} was asked for with other input; use a new id.")
    return known


def refuse_many(reserved: int) -> None:
    """Raises Refused("too-many-quotes") where someone holds as many in a round as one may."""
    if reserved >= MOST_RESERVED:
        raise Refused("too-many-quotes", f"You hold {MOST_RESERVED} quotes in this round; use one, or let it expire.")


def use(quote: Quote | None, pledge: MakePledge) -> Quote:
    """Use a quote for a pledge, which gets exactly what was reserved.

    Raises Refused("quote-unknown"), ("quote-used"), ("quote-expired"), or ("quote-for-another-pledge") where pledger,
    initiative, round, resource or quantity are not those it was made for.
    """
    if quote is None:
        raise Refused("quote-unknown", f"There is no quote {pledge.quote}; ask for one.")
    fields = ("pledger", "initiative", "round", "resource", "quantity")
    if any(getattr(quote, name) != getattr(pledge, name) for name in fields):
        raise Refused("quote-for-another-pledge", "A quote is for the pledge it was made for; ask for another.")
    if quote.status == "used":
        raise Refused("quote-used", f"Quote {quote.id} was used by pledge {quote.pledge}.")
    if quote.status == "released" or pledge.at >= quote.expires_at:
        raise Refused("quote-expired", f"Quote {quote.id} expired at {quote.expires_at.isoformat()}; ask for another.")
    return replace(quote, status="used", pledge=pledge.id)


def release(quote: Quote, reason: str) -> list[MatchReleased]:
    """Give a reserved match back; nothing where it was used or released already."""
    if quote.status != "reserved":
        return []
    return [
        MatchReleased(
            quote_id=quote.id,
            initiative_id=quote.initiative,
            round_id=quote.round,
            amount_cents=quote.cents,
            reason=reason,
        )
    ]
