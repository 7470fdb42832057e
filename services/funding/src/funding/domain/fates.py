"""What becomes of a pledge: withdrawn, delivered, lapsed, refunded; and what then goes back of its match."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.contracts.funding.pledges import (
    PledgeCommitted,
    PledgeDelivered,
    PledgeLapsed,
    PledgeRefunded,
    PledgeWithdrawn,
)
from dorpsplein.errors import Forbidden, Refused
from funding.domain.ledger import EUR
from funding.domain.pledges import Pledge, Status
from funding.domain.rounds import Round

Followed = PledgeCommitted | PledgeWithdrawn | PledgeDelivered | PledgeLapsed | PledgeRefunded
"""What may follow the making of a pledge."""


def refuse_others(pledge: Pledge, caller: UUID) -> None:
    """Raises Forbidden("not-your-pledge") unless the caller made it."""
    if pledge.pledger != caller:
        raise Forbidden("not-your-pledge", "Only who made a pledge can withdraw it.")


def refuse_counted(pledge: Pledge, round_: Round | None, now: datetime) -> None:
    """Keep what a count was made on: else one could pledge to be counted, and take it back.

    Raises Refused("counted") for a held pledge in a closed round that is matched at its close.
    """
    if pledge.status != "held" or round_ is None or round_.is_open(now) or round_.terms.rule.family != "batch":
        return
    raise Refused("counted", "Its round closed and was counted with this pledge; it stands until its initiative ends.")


def withdraw(pledge: Pledge, reason: str = "by-pledger") -> list[PledgeWithdrawn]:
    """Take a pledge back; nothing where that was done already.

    Raises Refused("pledge-committed"), or ("pledge-ended") where it went another way.
    """
    if pledge.status == "withdrawn":
        return []
    if pledge.status in {"committed", "delivered"}:
        raise Refused("pledge-committed", "The initiative has the means it needs: this pledge is committed.")
    if pledge.status != "held":
        raise Refused("pledge-ended", f"This pledge has {pledge.status} already.")
    return [
        PledgeWithdrawn(
            pledge_id=pledge.id,
            initiative_id=pledge.initiative,
            amount_cents=pledge.cents,
            match_cents=pledge.matched,
            reason=reason,
            resource=pledge.resource,
            quantity=pledge.quantity,
        )
    ]


def deliver(pledge: Pledge, delivery: UUID, quantity: int, *, evidence: bool, needed: bool) -> list[PledgeDelivered]:
    """Say that so much of a committed pledge really came.

    Raises Refused("not-committed"), ("paid-out-instead") for euros, ("more-than-promised") beyond what is open, or
    ("evidence-needed") where its round asks for evidence and there is none.
    """
    if pledge.status != "committed":
        raise Refused("not-committed", f"This pledge is {pledge.status}; only what is committed can be delivered.")
    if pledge.resource == EUR:
        raise Refused("paid-out-instead", "Euros are delivered by paying them out.")
    if quantity > pledge.open:
        raise Refused("more-than-promised", f"No more than {pledge.open} is still open.", most=pledge.open)
    if needed and not evidence:
        raise Refused("evidence-needed", "This pledge was matched: say how it can be seen, such as a time sheet.")
    total = pledge.delivered + quantity
    return [
        PledgeDelivered(
            pledge_id=pledge.id,
            initiative_id=pledge.initiative,
            delivery_id=delivery,
            resource=pledge.resource,
            quantity=quantity,
            delivered_in_all=total,
            complete=total + pledge.gone == pledge.quantity,
            evidence=evidence,
        )
    ]


def lapse(pledge: Pledge, reason: str) -> list[PledgeLapsed]:
    """Say that what is open of a pledge will not come; nothing where nothing is open.

    Raises Refused("pledge-ended") where the pledge ended another way.
    """
    if pledge.status == "lapsed":
        return []
    if not pledge.stands or not pledge.open:
        raise Refused("pledge-ended", f"Nothing of this pledge is open: it is {pledge.status}.")
    return [PledgeLapsed(**_going(pledge), reason=reason)]


def refund(pledge: Pledge, reason: str) -> list[PledgeRefunded]:
    """Give back what is open of a committed pledge. Raises Refused("not-committed")."""
    if pledge.status != "committed":
        raise Refused("not-committed", f"This pledge is {pledge.status}; only what is committed can be refunded.")
    return [PledgeRefunded(**_going(pledge), reason=reason)]


def _going(pledge: Pledge) -> dict[str, Any]:
    return {
        "pledge_id": pledge.id,
        "initiative_id": pledge.initiative,
        "amount_cents": pledge.open if pledge.resource == EUR else 0,
        "match_cents": sum(cents for _, cents in match_going(pledge)),
        "resource": pledge.resource,
        "quantity": pledge.open,
    }


def match_going(pledge: Pledge) -> tuple[tuple[str, int], ...]:
    """What goes back to each pot line when what is open of a pledge goes: in proportion, the rest stays.

    Rounded down at each line, so that a cent is rather kept by the initiative than taken twice from it.
    """
    if not pledge.match or pledge.match.spent:
        return ()
    shares = ((line, cents * pledge.open // pledge.quantity) for line, cents in pledge.match.allocation.by)
    return tuple((line, cents) for line, cents in shares if cents)


def spend_match(pledge: Pledge, available: int) -> Pledge:
    """The pledge with its match marked as spent, where the initiative no longer holds what would go back of it."""
    if pledge.match is None or sum(cents for _, cents in match_going(pledge)) <= available:
        return pledge
    return replace(pledge, match=replace(pledge.match, spent=True))


def evolve(pledge: Pledge, event: Followed) -> Pledge:
    """The pledge after an event that follows its making."""
    pledge = replace(pledge, version=pledge.version + 1)
    match event:
        case PledgeCommitted():
            return replace(pledge, status="committed")
        case PledgeWithdrawn():
            return replace(pledge, status="withdrawn")
        case PledgeDelivered(quantity=quantity, complete=complete):
            status: Status = "delivered" if complete else pledge.status
            return replace(pledge, delivered=pledge.delivered + quantity, status=status)
        case PledgeLapsed():
            return _gone(pledge, "lapsed")
        case PledgeRefunded():
            return _gone(pledge, "refunded")


def _gone(pledge: Pledge, ended: Status) -> Pledge:
    """The pledge without what was open; what was delivered of it stays delivered."""
    match = replace(pledge.match, back=match_going(pledge)) if pledge.match else None
    status: Status = "delivered" if pledge.delivered else ended
    return replace(pledge, match=match, gone=pledge.gone + pledge.open, status=status)
