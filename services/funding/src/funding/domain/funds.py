"""Funds: sources of means."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dorpsplein.contracts.funding.rounds import FundOpened, FundState
from dorpsplein.errors import Conflict


@dataclass(frozen=True, slots=True)
class Fund:
    """A source of means. While it is paused by the emergency brake no round of it matches."""

    id: UUID
    name: str
    opened_by: UUID
    opened_at: datetime
    paused_until: datetime | None = None


def open_fund(fund: Fund) -> list[FundOpened | FundState]:
    """Open a fund."""
    return [FundOpened(fund_id=fund.id, opened_by=fund.opened_by), FundState(fund_id=fund.id, name=fund.name)]


def same_fund(known: Fund, asked: Fund, same_knobs: bool) -> Fund:
    """The fund that has this id. Raises Conflict("id-taken") unless it was opened with the same input."""
    if known.name != asked.name or not same_knobs:
        raise Conflict("id-taken", f"Fund {known.id} was opened with another name, rule or knobs.")
    return known
