"""Euros that leave for an initiative's bank account, and euros that came in for pledges.

Ids and amounts only: bank accounts and what stands on a statement never leave the service.
"""

from typing import Annotated
from uuid import UUID

from dorpsplein.envelope import Event, Key, NotPersonal


class PayoutOrdered(Event, type="nl.participatie.payouts.payout-ordered.v1", topic="funding.payout"):
    """A treasurer set euros of an initiative apart, to be paid to its bank account."""

    payout_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    amount_cents: Annotated[int, NotPersonal]


class PayoutBooked(Event, type="nl.participatie.payouts.payout-booked.v1", topic="funding.payout"):
    """The bank paid it: the statement shows it."""

    payout_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    amount_cents: Annotated[int, NotPersonal]


class PayoutReturned(Event, type="nl.participatie.payouts.payout-returned.v1", topic="funding.payout"):
    """It was cancelled, refused or sent back: the euros are the initiative's again, to be paid out anew."""

    payout_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    amount_cents: Annotated[int, NotPersonal]


class PledgePaidIn(Event, type="nl.participatie.payments.pledge-paid-in.v1", topic="funding.payment"):
    """Euros came in for a pledge, on a bank statement. A pledge may be paid in parts, each its own payment."""

    payment_id: Annotated[UUID, Key, NotPersonal]
    pledge_id: Annotated[UUID, NotPersonal]
    amount_cents: Annotated[int, NotPersonal]


EVENTS = (PayoutOrdered, PayoutBooked, PayoutReturned, PledgePaidIn)
