"""Pledges: promises of money to an initiative, and the match that follows each by its round's rule."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from dorpsplein.contracts.funding import (
    MeansGoalReached,
    PledgeCommitted,
    PledgeMade,
    PledgeMatched,
    PledgeWithdrawn,
)
from dorpsplein.errors import Conflict, Forbidden, Refused
from funding.domain import rounds
from funding.domain.rounds import Round
from funding.domain.rules import Allocation

Status = Literal["held", "committed", "withdrawn"]
Followed = PledgeCommitted | PledgeWithdrawn
"""What may follow the making of a pledge."""
WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class MakePledge:
    """Promise `cents` to an initiative, within a round to have it matched."""

    id: UUID
    pledger: UUID
    initiative: UUID
    round: UUID | None
    cents: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Match:
    """What followed a pledge, under which rule version, decided on what (as digest)."""

    allocation: Allocation
    rule_version: str
    input_digest: str


@dataclass(frozen=True, slots=True)
class Pledge:
    """A promise. Held until its initiative has the means it needs, then committed; until then it can be withdrawn."""

    id: UUID
    pledger: UUID
    initiative: UUID
    round: UUID | None
    cents: int
    made_at: datetime
    status: Status
    version: int
    match: Match | None = None

    @property
    def matched(self) -> int:
        """The cents that followed it."""
        return self.match.allocation.cents if self.match else 0


@dataclass(frozen=True, slots=True)
class Means:
    """What stands for an initiative, in cents: needed (0: unknown), pledged and matched, by how many pledges."""

    initiative: UUID
    status: str
    needed: int
    pledged: int = 0
    matched: int = 0
    pledges: int = 0
    reached_at: datetime | None = None


def make(command: MakePledge, means: Means | None, round_: Round | None, given: int) -> Pledge:
    """Make a pledge; `given` is what this pledger was matched in the round before.

    Committed at once where the initiative has what it needs already. Raises Refused("initiative-unknown"),
    ("initiative-withdrawn"), ("round-unknown") or ("round-closed").
    """
    if means is None:
        raise Refused("initiative-unknown", f"No initiative {command.initiative} is known here; look up its id.")
    if means.status == WITHDRAWN:
        raise Refused("initiative-withdrawn", f"Initiative {command.initiative} was withdrawn; pledge to another.")
    match = None
    if command.round is not None:
        if round_ is None:
            raise Refused("round-unknown", f"There is no round {command.round}; ask for the rounds that are open.")
        rounds.refuse_closed(round_, command.at)
        allocation, digest = rounds.match(round_, command.cents, given, means.matched)
        match = Match(allocation, round_.rule_version, digest)
    pledge = Pledge(
        id=command.id,
        pledger=command.pledger,
        initiative=command.initiative,
        round=command.round,
        cents=command.cents,
        made_at=command.at,
        status="committed" if means.reached_at else "held",
        version=0,
        match=match,
    )
    return replace(pledge, version=len(facts_of(pledge)))


def facts_of(pledge: Pledge) -> list[PledgeMade | PledgeMatched | PledgeCommitted]:
    """The facts of a pledge just made: versions 1, 2, … of it."""
    made = PledgeMade(
        pledge_id=pledge.id,
        initiative_id=pledge.initiative,
        round_id=pledge.round,
        pledger_id=pledge.pledger,
        amount_cents=pledge.cents,
    )
    facts: list[PledgeMade | PledgeMatched | PledgeCommitted] = [made]
    if pledge.match and pledge.matched and pledge.round:
        allocation = pledge.match.allocation
        matched = PledgeMatched(
            pledge_id=pledge.id,
            initiative_id=pledge.initiative,
            round_id=pledge.round,
            amount_cents=allocation.cents,
            matched_by={str(line): cents for line, cents in allocation.by},
            rule_version=pledge.match.rule_version,
            input_digest=pledge.match.input_digest,
            explanation=[str(reason) for reason in allocation.reasons],
        )
        facts.append(matched)
    if pledge.status == "committed":
        facts += commit(pledge)
    return facts


def same_again(known: Pledge, command: MakePledge) -> Pledge:
    """The pledge that has this id. Raises Conflict("id-taken") unless it was made with the same input."""
    before = (known.pledger, known.initiative, known.round, known.cents)
    if before != (command.pledger, command.initiative, command.round, command.cents):
        raise Conflict("id-taken", f"Pledge {known.id} was made with other input; use a new id.")
    return known


def goal_reached(means: Means) -> list[MeansGoalReached]:
    """Say that an initiative has the means it needs, the first time that it has."""
    if means.reached_at or means.needed <= 0 or means.pledged + means.matched < means.needed:
        return []
    return [MeansGoalReached(initiative_id=means.initiative, goal_cents=means.needed)]


def refuse_others(pledge: Pledge, caller: UUID) -> None:
    """Raises Forbidden("not-your-pledge") unless the caller made it."""
    if pledge.pledger != caller:
        raise Forbidden("not-your-pledge", "Only who made a pledge can withdraw it.")


def withdraw(pledge: Pledge, reason: str = "by-pledger") -> list[PledgeWithdrawn]:
    """Take a pledge back; nothing where that was done already. Raises Refused("pledge-committed")."""
    if pledge.status == "withdrawn":
        return []
    if pledge.status == "committed":
        raise Refused("pledge-committed", "The initiative has the means it needs: this pledge is committed.")
    return [
        PledgeWithdrawn(
            pledge_id=pledge.id,
            initiative_id=pledge.initiative,
            amount_cents=pledge.cents,
            match_cents=pledge.matched,
            reason=reason,
        )
    ]


def commit(pledge: Pledge) -> list[PledgeCommitted]:
    """Make a pledge and its match good, as its initiative has what it needs."""
    return [
        PledgeCommitted(
            pledge_id=pledge.id,
            initiative_id=pledge.initiative,
            amount_cents=pledge.cents,
            match_cents=pledge.matched,
        )
    ]


def evolve(pledge: Pledge, event: Followed) -> Pledge:
    """The pledge after an event that follows its making."""
    status: Status = "committed" if isinstance(event, PledgeCommitted) else "withdrawn"
    return replace(pledge, status=status, version=pledge.version + 1)


@dataclass(slots=True)
class Books:
    """What commands are decided on: read once under lock, folded in order, written once.

    `given` is what each pledger was matched in each round, in cents.
    """

    means: dict[UUID, Means]
    rounds: dict[UUID, Round]
    given: dict[tuple[UUID, UUID], int]
    pledges: dict[UUID, Pledge]

    def make(self, command: MakePledge) -> Pledge:
        """Make a pledge on top of all those before it. Raises what `make` raises, and then changes nothing."""
        if known := self.pledges.get(command.id):
            return same_again(known, command)
        round_ = self.rounds.get(command.round) if command.round else None
        given = self.given.get((command.round, command.pledger), 0) if command.round else 0
        pledge = make(command, self.means.get(command.initiative), round_, given)
        self.enter(pledge)
        self.pledges[pledge.id] = pledge
        return pledge

    def enter(self, pledge: Pledge, sign: int = 1) -> None:
        """Count a pledge in; with sign -1 count it out again, so that its match is back in the pot."""
        means = self.means[pledge.initiative]
        self.means[pledge.initiative] = replace(
            means,
            pledged=means.pledged + sign * pledge.cents,
            matched=means.matched + sign * pledge.matched,
            pledges=means.pledges + sign,
        )
        if pledge.round and pledge.match:
            place = (pledge.round, pledge.pledger)
            self.given[place] = self.given.get(place, 0) + sign * pledge.matched
            self.rounds[pledge.round] = rounds.draw(self.rounds[pledge.round], pledge.match.allocation, sign)

    def follow(self, events: Sequence[Followed]) -> Sequence[Followed]:
        """Take note of what became of pledges that are known here."""
        for event in events:
            pledge = self.pledges[event.pledge_id]
            if isinstance(event, PledgeWithdrawn):
                self.enter(pledge, sign=-1)
            self.pledges[pledge.id] = evolve(pledge, event)
        return events

    def reach(self, initiative: UUID, now: datetime) -> list[MeansGoalReached]:
        """Take note that an initiative has what it needs, the first time that it has."""
        means = self.means[initiative]
        if reached := goal_reached(means):
            self.means[initiative] = replace(means, reached_at=now)
        return reached
