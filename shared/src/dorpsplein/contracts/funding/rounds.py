"""Funds, their rounds and the pot lines of co-financiers."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

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
    """A fund's window is open until `closes_at`; pledges in it are matched under one pinned rule version.

    Knobs that are numbers and knobs that are choices stand apart.
    """

    round_id: Annotated[UUID, Key, NotPersonal]
    fund_id: Annotated[UUID, NotPersonal]
    rule: Annotated[str, NotPersonal]
    rule_version: Annotated[str, NotPersonal]
    knobs: Annotated[dict[str, int], NotPersonal]
    closes_at: Annotated[AwareDatetime, NotPersonal]
    choices: Annotated[dict[str, str], NotPersonal] = Field(default_factory=dict)
    valuation_version: Annotated[str | None, NotPersonal] = None
    seed_commitment: Annotated[str | None, NotPersonal] = None


class PotLineAdded(Event, type="nl.participatie.rounds.pot-line-added.v1", topic="funding.round"):
    """A co-financier put means into a round. `cofinancier` is the code of the party, such as `provincie`.

    Its conditions: for which themes and neighbourhoods (none: any), and how much per initiative (None: no limit).
    """

    round_id: Annotated[UUID, Key, NotPersonal]
    pot_line_id: Annotated[UUID, NotPersonal]
    cofinancier: Annotated[str, NotPersonal]
    amount_cents: Annotated[int, NotPersonal]
    themes: Annotated[list[str], NotPersonal] = Field(default_factory=list)
    neighbourhoods: Annotated[list[str], NotPersonal] = Field(default_factory=list)
    most_per_initiative_cents: Annotated[int | None, NotPersonal] = None


class RoundClosed(Event, type="nl.participatie.rounds.round-closed.v1", topic="funding.round"):
    """The round takes no more pledges."""

    round_id: Annotated[UUID, Key, NotPersonal]


EVENTS = (FundOpened, FundState, RoundOpened, PotLineAdded, RoundClosed)
