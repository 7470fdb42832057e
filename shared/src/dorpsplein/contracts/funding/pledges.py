"""Pledges of every kind of means, the match that follows each, and quotes of it.

`resource` is `EUR/2` (cents), `TIME/<skill>` (minutes), `SLOT/<facility>` (minutes) or `MAT/<item>` (units), and
`quantity` counts in its unit. Fields that end in `cents` are euros only: `amount_cents` is 0 for other means.
"""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime

from dorpsplein.envelope import Event, Key, NotPersonal, Pseudonym

Resource = Annotated[str, NotPersonal]
Quantity = Annotated[int | None, NotPersonal]
"""None in events from before other means than euros: then it is `amount_cents`."""


class PledgeMade(Event, type="nl.participatie.pledges.pledge-made.v1", topic="funding.pledge"):
    """Someone promised means to an initiative; they are held for it. A slot says from when to when."""

    pledge_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    round_id: Annotated[UUID | None, NotPersonal] = None
    pledger_id: Annotated[UUID, Pseudonym]
    amount_cents: Annotated[int, NotPersonal]
    resource: Resource = "EUR/2"
    quantity: Quantity = None
    starts_at: Annotated[AwareDatetime | None, NotPersonal] = None
    ends_at: Annotated[AwareDatetime | None, NotPersonal] = None


class PledgeMatched(Event, type="nl.participatie.pledges.pledge-matched.v1", topic="funding.pledge"):
    """Means followed a pledge by rule. `matched_by` says what each pot line (by id) gave, in cents.

    Every line of `explanation` begins with signed cents. Those without a pot line add up to `amount_cents`, those
    of each pot line to what it gave. Hours and halls count for `valued_cents` under a valuation version.
    """

    pledge_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    round_id: Annotated[UUID, NotPersonal]
    amount_cents: Annotated[int, NotPersonal]
    matched_by: Annotated[dict[str, int], NotPersonal]
    rule_version: Annotated[str, NotPersonal]
    input_digest: Annotated[str, NotPersonal]
    explanation: Annotated[list[str], NotPersonal]
    quote_id: Annotated[UUID | None, NotPersonal] = None
    valued_cents: Annotated[int | None, NotPersonal] = None
    valuation_version: Annotated[str | None, NotPersonal] = None


class PledgeCommitted(Event, type="nl.participatie.pledges.pledge-committed.v1", topic="funding.pledge"):
    """The initiative has the means it needs: the pledge and its match are posted and cannot be taken back."""

    pledge_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    amount_cents: Annotated[int, NotPersonal]
    match_cents: Annotated[int, NotPersonal]
    resource: Resource = "EUR/2"
    quantity: Quantity = None


class PledgeWithdrawn(Event, type="nl.participatie.pledges.pledge-withdrawn.v1", topic="funding.pledge"):
    """A pledge was taken back before commit; what followed it returned to the pot.

    `reason` is `by-pledger`, or `initiative-withdrawn` where it went with its initiative.
    """

    pledge_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    amount_cents: Annotated[int, NotPersonal]
    match_cents: Annotated[int, NotPersonal]
    reason: Annotated[str, NotPersonal] = "by-pledger"
    resource: Resource = "EUR/2"
    quantity: Quantity = None


class PledgeDelivered(Event, type="nl.participatie.pledges.pledge-delivered.v1", topic="funding.pledge"):
    """A part of a committed pledge was really delivered. `complete` with the last part.

    `evidence` says whether there is some; the evidence itself stays with the initiative.
    """

    pledge_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    delivery_id: Annotated[UUID, NotPersonal]
    resource: Resource
    quantity: Annotated[int, NotPersonal]
    delivered_in_all: Annotated[int, NotPersonal]
    complete: Annotated[bool, NotPersonal]
    evidence: Annotated[bool, NotPersonal]


class PledgeLapsed(Event, type="nl.participatie.pledges.pledge-lapsed.v1", topic="funding.pledge"):
    """What was promised will not come: `quantity` of it, with the match that had followed that part.

    `reason` is `goal-missed`, `declined` by the initiator, or `not-delivered`.
    """

    pledge_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    amount_cents: Annotated[int, NotPersonal]
    match_cents: Annotated[int, NotPersonal]
    resource: Resource
    quantity: Annotated[int, NotPersonal]
    reason: Annotated[str, NotPersonal]


class PledgeRefunded(Event, type="nl.participatie.pledges.pledge-refunded.v1", topic="funding.pledge"):
    """A committed pledge, as far as it was not delivered, went back to its pledger, and its match to the pot."""

    pledge_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    amount_cents: Annotated[int, NotPersonal]
    match_cents: Annotated[int, NotPersonal]
    resource: Resource
    quantity: Annotated[int, NotPersonal]
    reason: Annotated[str, NotPersonal]


class MatchQuoted(Event, type="nl.participatie.quotes.match-quoted.v1", topic="funding.quote"):
    """A match is reserved until `expires_at` for a pledge that may come; it cannot fall."""

    quote_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    round_id: Annotated[UUID, NotPersonal]
    amount_cents: Annotated[int, NotPersonal]
    matched_by: Annotated[dict[str, int], NotPersonal]
    rule_version: Annotated[str, NotPersonal]
    input_digest: Annotated[str, NotPersonal]
    explanation: Annotated[list[str], NotPersonal]
    expires_at: Annotated[AwareDatetime, NotPersonal]


class MatchReleased(Event, type="nl.participatie.quotes.match-released.v1", topic="funding.quote"):
    """A reserved match returned to its pot; `reason` is `expired` or `given-back`."""

    quote_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    round_id: Annotated[UUID, NotPersonal]
    amount_cents: Annotated[int, NotPersonal]
    reason: Annotated[str, NotPersonal]


EVENTS = (
    PledgeMade,
    PledgeMatched,
    PledgeCommitted,
    PledgeWithdrawn,
    PledgeDelivered,
    PledgeLapsed,
    PledgeRefunded,
    MatchQuoted,
    MatchReleased,
)
