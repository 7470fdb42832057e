"""Rounds of a fund, and the pot lines co-financiers put into one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from dorpsplein.contracts.funding.rounds import (
    PotLineAdded,
    RoundClosed,
    RoundOpened,
)
from dorpsplein.errors import Conflict, Forbidden, Refused
from dorpsplein.identity import Caller, Role
from funding.domain.funds import Fund
from funding.domain.ledger import EUR, Transfer, party, pot, transfer
from funding.domain.means import Means
from funding.domain.rules import Allocation, PledgeSnapshot, answer
from funding.domain.terms import Terms

MOST_POT_LINES = 50
LONGEST_ROUND = timedelta(days=3653)


@dataclass(frozen=True, slots=True)
class PotLine:
    """What one co-financier (by code) put into a round, on which conditions, and what is left of it, in cents.

    Without themes or neighbourhoods it is for any; `most` is what one initiative gets of it at most.
    """

    id: UUID
    cofinancier: str
    cents: int
    left: int
    themes: tuple[str, ...] = ()
    neighbourhoods: tuple[str, ...] = ()
    most: int | None = None

    def room(self, means: Means, given: int) -> int:
        """What it may still give to an initiative that it gave so much before."""
        if self.themes and means.theme not in self.themes:
            return 0
        if self.neighbourhoods and means.neighbourhood not in self.neighbourhoods:
            return 0
        return self.left if self.most is None else max(0, min(self.left, self.most - given))


@dataclass(frozen=True, slots=True)
class Round:
    """A fund's window. Pledges in it are matched by one rule version, from its pot lines.

    `seed_commitment` is the SHA-256 of the seed of a draw that may be needed at its count.
    """

    id: UUID
    fund_id: UUID
    terms: Terms
    opened_by: UUID
    opened_at: datetime
    closes_at: datetime
    seed_commitment: str | None = None
    closed: bool = False
    paused_until: datetime | None = None
    version: int = 1
    lines: tuple[PotLine, ...] = ()

    def is_open(self, now: datetime) -> bool:
        """Whether it takes pledges and pot lines."""
        return not self.closed and now < self.closes_at

    def asks_evidence(self, matched: int) -> bool:
        """Whether hours that were matched with so many cents, or count at the close, must be shown to have come."""
        return self.terms.valuation.evidence and (matched > 0 or self.terms.rule.family == "batch")


@dataclass(frozen=True, slots=True)
class OpenRound:
    """Open a round of a fund under the knobs that are in effect."""

    id: UUID
    fund_id: UUID
    closes_at: datetime
    seed_commitment: str | None
    by: UUID


@dataclass(frozen=True, slots=True)
class AddPotLine:
    """Put `cents` of a co-financier into a round, on its conditions."""

    id: UUID
    cofinancier: str
    cents: int
    themes: tuple[str, ...] = ()
    neighbourhoods: tuple[str, ...] = ()
    most: int | None = None


def open_round(command: OpenRound, fund: Fund | None, terms: Terms | None, now: datetime) -> Round:
    """Open a round in a fund; the knobs in effect are pinned.

    Raises Refused("fund-unknown"), Refused("closes-too-soon") or ("closes-too-late") where `closes_at` is not within
    ten years from now, or ("rule-not-for-rounds") for a rule that needs the ballots of an election.
    """
    if fund is None or terms is None:
        raise Refused("fund-unknown", f"There is no fund {command.fund_id}; open it first.")
    if command.closes_at <= now:
        raise Refused("closes-too-soon", "closesAt must be in the future.")
    if command.closes_at > now + LONGEST_ROUND:
        raise Refused("closes-too-late", "closesAt must be within ten years.")
    if terms.rule.family == "counting":
        raise Refused("rule-not-for-rounds", f"{terms.rule.name} counts ballots: count an election with it.")
    return Round(
        id=command.id,
        fund_id=command.fund_id,
        terms=terms,
        opened_by=command.by,
        opened_at=now,
        closes_at=command.closes_at,
        seed_commitment=command.seed_commitment,
        paused_until=fund.paused_until,
    )


def opened(round_: Round) -> list[RoundOpened]:
    """The fact of a round just opened."""
    numbers, choices = apart(round_.terms.rule.knobs())
    return [
        RoundOpened(
            round_id=round_.id,
            fund_id=round_.fund_id,
            rule=round_.terms.rule.name,
            rule_version=round_.terms.rule_version,
            knobs=numbers,
            choices=choices,
            closes_at=round_.closes_at,
            valuation_version=round_.terms.valuation_version,
            seed_commitment=round_.seed_commitment,
        )
    ]


def apart(knobs: Mapping[str, int | str]) -> tuple[dict[str, int], dict[str, str]]:
    """Knobs that are numbers, and knobs that are choices."""
    numbers = {name: value for name, value in knobs.items() if isinstance(value, int)}
    return numbers, {name: value for name, value in knobs.items() if isinstance(value, str)}


def same_round(known: Round, asked: OpenRound) -> Round:
    """The round that has this id. Raises Conflict("id-taken") unless it was opened with the same input."""
    if (known.fund_id, known.closes_at, known.seed_commitment) != (
        asked.fund_id,
        asked.closes_at,
        asked.seed_commitment,
    ):
        raise Conflict("id-taken", f"Round {known.id} was opened with another fund, closesAt or seedCommitment.")
    return known


def add_pot_line(round_: Round, command: AddPotLine, now: datetime) -> list[PotLineAdded]:
    """Add means to an open round; nothing where the same pot line is there already.

    Raises Conflict("id-taken"), Refused("round-closed"), or Refused("pot-lines-full") beyond fifty lines.
    """
    for line in round_.lines:
        if line.id == command.id:
            if line != replace(_line(command), left=line.left):
                raise Conflict("id-taken", f"Pot line {line.id} was added with other input.")
            return []
    refuse_closed(round_, now)
    if len(round_.lines) >= MOST_POT_LINES:
        raise Refused("pot-lines-full", f"A round holds at most {MOST_POT_LINES} pot lines; open another round.")
    return [
        PotLineAdded(
            round_id=round_.id,
            pot_line_id=command.id,
            cofinancier=command.cofinancier,
            amount_cents=command.cents,
            themes=list(command.themes),
            neighbourhoods=list(command.neighbourhoods),
            most_per_initiative_cents=command.most,
        )
    ]


def _line(command: AddPotLine) -> PotLine:
    return PotLine(
        command.id,
        command.cofinancier,
        command.cents,
        command.cents,
        command.themes,
        command.neighbourhoods,
        command.most,
    )


def put_in(event: PotLineAdded) -> Transfer:
    """The transfer that makes a pot line true."""
    account = pot(event.round_id, event.pot_line_id)
    return transfer(event.pot_line_id, "pot-line", EUR, party(event.cofinancier), account, event.amount_cents)


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
            line = PotLine(
                event.pot_line_id,
                event.cofinancier,
                event.amount_cents,
                event.amount_cents,
                tuple(event.themes),
                tuple(event.neighbourhoods),
                event.most_per_initiative_cents,
            )
            return replace(round_, lines=(*round_.lines, line), version=round_.version + 1)
        case RoundClosed():
            return replace(round_, closed=True, version=round_.version + 1)


def close_due(round_: Round, now: datetime) -> list[RoundClosed]:
    """Close a round whose time is over; nothing where it was closed already or is still open."""
    return [] if round_.closed or now < round_.closes_at else [RoundClosed(round_id=round_.id)]


def refuse_closed(round_: Round, now: datetime) -> None:
    """Raises Refused("round-closed") unless the round is open."""
    if not round_.is_open(now):
        raise Refused("round-closed", f"Round {round_.id} is closed; ask for a round that is open.")


def refuse_paused(round_: Round, now: datetime) -> None:
    """Raises Refused("matching-paused") while the emergency brake holds."""
    if round_.paused_until and now < round_.paused_until:
        raise Refused(
            "matching-paused",
            f"Matching is paused until {round_.paused_until.isoformat()}; pledge again then, or without a round.",
            until=round_.paused_until.isoformat(),
        )


def follow(round_: Round, snapshot: PledgeSnapshot) -> tuple[Allocation, str]:
    """What follows a pledge in this round at once, and the digest of all it was decided on."""
    return answer(round_.terms.rule, snapshot), snapshot.digest(round_.terms.rule_version)


def draw(round_: Round, by: Mapping[str, int], sign: int = 1) -> Round:
    """The round after cents were taken from its pot lines (or, with sign -1, returned to them)."""
    if not by:
        return round_
    lines = tuple(replace(line, left=line.left - sign * by.get(str(line.id), 0)) for line in round_.lines)
    return replace(round_, lines=lines)
