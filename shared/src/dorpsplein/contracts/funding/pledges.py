"""Events of the funding service: means of many co-financiers, matched by published rules."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime

from dorpsplein.envelope import Event, Key, NotPersonal, Pseudonym, Published


class FundOpened(Event, type="nl.participatie.funds.fund-opened.v1", topic="funding.fund"):
    """A source of means is there."""

    fund_id: Annotated[UUID, Key, NotPersonal]
    opened_by: Annotated[UUID, Pseudonym]


class FundState(Event, type="nl.participatie.funds.fund-state.v1", topic="funding.fund.state"):
    """The latest public view of a fund, with the name it was given."""

    fund_id: Annotated[UUID, Key, NotPersonal]
    name: Annotated[str, Published]


class RoundOpened(Event, type="nl.participatie.rounds.round-opened.v1", topic="funding.round"):
    """A fund's window is open until `closes_at`; pledges in it are matched under one pinned rule version."""

    round_id: Annotated[UUID, Key, NotPersonal]
    fund_id: Annotated[UUID, NotPersonal]
    rule: Annotated[str, NotPersonal]
    rule_version: Annotated[str, NotPersonal]
    knobs: Annotated[dict[str, int], NotPersonal]
    closes_at: Annotated[AwareDatetime, NotPersonal]


class PotLineAdded(Event, type="nl.participatie.rounds.pot-line-added.v1", topic="funding.round"):
    """A co-financier put means into a round. `cofinancier` is the code of the party, such as `provincie`."""

    round_id: Annotated[UUID, Key, NotPersonal]
    pot_line_id: Annotated[UUID, NotPersonal]
    cofinancier: Annotated[str, NotPersonal]
    amount_cents: Annotated[int, NotPersonal]


class RoundClosed(Event, type="nl.participatie.rounds.round-closed.v1", topic="funding.round"):
    """The round takes no more pledges."""

    round_id: Annotated[UUID, Key, NotPersonal]


class PledgeMade(Event, type="nl.participatie.pledges.pledge-made.v1", topic="funding.pledge"):
    """Someone promised money to an initiative."""

    pledge_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    round_id: Annotated[UUID | None, NotPersonal] = None
    pledger_id: Annotated[UUID, Pseudonym]
    amount_cents: Annotated[int, NotPersonal]


class PledgeMatched(Event, type="nl.participatie.pledges.pledge-matched.v1", topic="funding.pledge"):
    """Means followed a pledge by rule. `matched_by` says what each pot line (by id) gave, in cents.

    Every line of `explanation` begins with signed cents. Those without a pot line add up to `amount_cents`, those
    of each pot line to what it gave.
    """

    pledge_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    round_id: Annotated[UUID, NotPersonal]
    amount_cents: Annotated[int, NotPersonal]
    matched_by: Annotated[dict[str, int], NotPersonal]
    rule_version: Annotated[str, NotPersonal]
    input_digest: Annotated[str, NotPersonal]
    explanation: Annotated[list[str], NotPersonal]


class PledgeCommitted(Event, type="nl.participatie.pledges.pledge-committed.v1", topic="funding.pledge"):
    """The initiative has the means it needs: the pledge and its match are posted and cannot be taken back."""

    pledge_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    amount_cents: Annotated[int, NotPersonal]
    match_cents: Annotated[int, NotPersonal]


class PledgeWithdrawn(Event, type="nl.participatie.pledges.pledge-withdrawn.v1", topic="funding.pledge"):
    """A pledge was taken back before commit; what followed it returned to the pot.

    `reason` is `by-pledger`, or `initiative-withdrawn` where it went with its initiative.
    """

    pledge_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    amount_cents: Annotated[int, NotPersonal]
    match_cents: Annotated[int, NotPersonal]
    reason: Annotated[str, NotPersonal] = "by-pledger"


class MeansGoalReached(Event, type="nl.participatie.means.means-goal-reached.v1", topic="funding.means"):
    """An initiative has the means it needs. A fact, once."""

    initiative_id: Annotated[UUID, Key, NotPersonal]
    goal_cents: Annotated[int, NotPersonal]


EVENTS = (
    FundOpened,
    FundState,
    RoundOpened,
    PotLineAdded,
    RoundClosed,
    PledgeMade,
    PledgeMatched,
    PledgeCommitted,
    PledgeWithdrawn,
    MeansGoalReached,
)
