"""Funds, their rounds, and the pot lines co-financiers put into a round."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from dorpsplein.contracts.funding import FundOpened, FundState, PotLineAdded, RoundClosed, RoundOpened
from dorpsplein.errors import Conflict, Forbidden, Refused
from dorpsplein.identity import Caller, Role
from funding.domain import rules
from funding.domain.rules import Allocation, Ratio

MOST_POT_LINES = 50
LONGEST_ROUND = timedelta(days=3653)


@dataclass(frozen=True, slots=True)
class Fund:
    """A source of means."""

    id: UUID
    name: str
    opened_by: UUID
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class PotLine:
    """What one co-financier (by code) put into a round, and what is left of it, in cents."""

    id: UUID
    cofinancier: str
    cents: int
    left: int


@dataclass(frozen=True, slots=True)
class Round:
    """A fund's window. Pledges in it are matched by one rule version, from its pot lines in order of adding."""

    id: UUID
    fund_id: UUID
    rule: Ratio
    rule_version: str
    opened_by: UUID
    opened_at: datetime
    closes_at: datetime
    closed: bool = False
    version: int = 1
    lines: tuple[PotLine, ...] = ()

    def is_open(self, now: datetime) -> bool:
        """Whether it takes pledges and pot lines."""
        return not self.closed and now < self.closes_at


@dataclass(frozen=True, slots=True)
class AddPotLine:
    """Put `cents` of a co-financier into a round."""

    id: UUID
    cofinancier: str
    cents: int


def open_fund(fund: Fund) -> list[FundOpened | FundState]:
    """Open a fund."""
    return [FundOpened(fund_id=fund.id, opened_by=fund.opened_by), FundState(fund_id=fund.id, name=fund.name)]


def same_fund(known: Fund, asked: Fund) -> Fund:
    """The fund that has this id. Raises Conflict("id-taken") unless it was opened with the same input."""
    if known.name != asked.name:
        raise Conflict("id-taken", f"Fund {known.id} was opened with another name.")
    return known


def open_round(asked: Round, fund: Fund | None) -> list[RoundOpened]:
    """Open a round in a fund; its rule version is pinned.

    Raises Refused("fund-unknown"), or Refused("closes-too-soon") or ("closes-too-late") where `closes_at` is not
    within ten years from its opening.
    """
    if fund is None:
        raise Refused("fund-unknown", f"There is no fund {asked.fund_id}; open it first.")
    if asked.closes_at <= asked.opened_at:
        raise Refused("closes-too-soon", "closesAt must be in the future.")
    if asked.closes_at > asked.opened_at + LONGEST_ROUND:
        raise Refused("closes-too-late", "closesAt must be within ten years.")
    return [
        RoundOpened(
            round_id=asked.id,
            fund_id=asked.fund_id,
            rule=asked.rule.name,
            rule_version=asked.rule_version,
            knobs=asked.rule.knobs(),
            closes_at=asked.closes_at,
        )
    ]


def same_round(known: Round, asked: Round) -> Round:
    """The round that has this id. Raises Conflict("id-taken") unless it was opened with the same input."""
    before, now = ((it.fund_id, it.rule, it.closes_at) for it in (known, asked))
    if before != now:
        raise Conflict("id-taken", f"Round {known.id} was opened with another fund, rule, knobs or closesAt.")
    return known


def add_pot_line(round_: Round, command: AddPotLine, now: datetime) -> list[PotLineAdded]:
    """Add means to an open round; nothing where the same pot line is there already.

    Raises Conflict("id-taken"), Refused("round-closed"), or Refused("pot-lines-full") beyond fifty lines.
    """
    for line in round_.lines:
        if line.id == command.id:
            if (line.cofinancier, line.cents) != (command.cofinancier, command.cents):
                raise Conflict("id-taken", f"Pot line {line.id} was added with another co-financier or amount.")
            return []
    refuse_closed(round_, now)
    if len(round_.lines) >= MOST_POT_LINES:
        raise Refused("pot-lines-full", f"A round holds at most {MOST_POT_LINES} pot lines; open another round.")
    return [
        PotLineAdded(
            round_id=round_.id, pot_line_id=command.id, cofinancier=command.cofinancier, amount_cents=command.cents
        )
    ]


def close_round(round_: Round, caller: Caller) -> list[RoundClosed]:
    """Close a round; nothing where it was closed already.

    Raises Forbidden("not-your-round") for a co-financier who did not open it.
    """
    if not caller.roles & {Role.OPERATOR, Role.SERVICE} and caller.id != round_.opened_by:
        raise Forbidden("not-your-round", "A co-financier closes only a round it opened.")
    return [] if round_.closed else [RoundClosed(round_id=round_.id)]


def evolve(round_: Round, event: PotLineAdded | RoundClosed) -> Round:
    """The round after an event."""
    match event:
        case PotLineAdded():
            line = PotLine(event.pot_line_id, event.cofinancier, event.amount_cents, event.amount_cents)
            return replace(round_, lines=(*round_.lines, line), version=round_.version + 1)
        case RoundClosed():
            return replace(round_, closed=True, version=round_.version + 1)


def refuse_closed(round_: Round, now: datetime) -> None:
    """Raises Refused("round-closed") unless the round is open."""
    if not round_.is_open(now):
        raise Refused("round-closed", f"Round {round_.id} is closed; ask for a round that is open.")


def match(round_: Round, pledge: int, given_to_donor: int, given_to_initiative: int) -> tuple[Allocation, str]:
    """What follows a pledge of so many cents in this round, and the digest of all it was decided on."""
    pot = tuple((line.id, line.left) for line in round_.lines)
    snapshot = rules.Snapshot(pledge, given_to_donor, given_to_initiative, pot)
    return rules.allocate(round_.rule, snapshot), snapshot.digest(round_.rule_version)


def draw(round_: Round, allocation: Allocation, sign: int = 1) -> Round:
    """The round after a match was taken from its pot lines (or, with sign -1, returned to them)."""
    if not allocation.cents:
        return round_
    given = dict(allocation.by)
    lines = tuple(replace(line, left=line.left - sign * given.get(line.id, 0)) for line in round_.lines)
    return replace(round_, lines=lines)
