"""What a rule answers: cents, from which pot lines, and the reasons that add up to them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

TEXTS = {
    "ratio": "the pledge times the ratio, rounded down",
    "cap-pledge": "no more of one pledge is matched",
    "cap-donor": "no more of one pledger is matched in this round",
    "cap-initiative": "no more is matched for one initiative",
    "pot-left": "no more is left in the pot",
    "whole-only": "the pot cannot match it whole, and this rule never matches in part",
    "threshold": "the share of what is needed, rounded down",
    "goal-unknown": "it is not known what the initiative needs",
    "start-not-reached": "the crowd has not brought enough yet",
    "too-few-donors": "too few people pledge to it yet",
    "paid-before": "this rule pays once per initiative, and did so",
    "goal-rest": "no more is needed beside what the crowd brought",
    "no-gifts": "nobody pledged to it",
    "by-crowd": "the part of the pot that goes with the crowd's money, rounded down",
    "by-many": "what the square of the sum of roots gives, rounded down",
    "by-pairs": "what pairs of donors give together, rounded down",
    "pot-share": "the pot in proportion to this, rounded down",
    "from-capped": "in proportion, what others may not get above their cap",
    "remainder": "a cent that rounding left, by largest remainder",
    "floor": "what was promised while the round ran",
    "conditions": "the pot lines that may give to it have no more",
    "cost": "what it costs",
    "won-by-shares": "its supporters paid it from their equal shares",
    "won-by-score": "it fitted in the budget in order of score",
    "cost-unknown": "its cost is not known",
    "no-supporters": "nobody supports it",
    "supporters-short": "its supporters have too little left",
    "does-not-fit": "it does not fit in what was left of the budget",
    "after-misfit": "the rule stops at the first that does not fit",
    "score-too-low": "its score is below the least score",
    "share": "in proportion to what the pot line has left, rounded down",
    "moved": "moved between pot lines, so that their conditions are met",
}
"""Every reason there is, and what it says."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why cents were added or left off: for the match as a whole, or for what one pot line gives to it."""

    code: str
    cents: int
    pot_line: str | None = None

    def __str__(self) -> str:
        of = f" of pot line {self.pot_line}" if self.pot_line else ""
        return f"{self.cents:+d} {self.code}{of}: {TEXTS[self.code]}"


@dataclass(frozen=True, slots=True)
class Allocation:
    """What follows. Reasons without a pot line add up to `cents`, those of a line to what it gives (`by`)."""

    cents: int
    by: tuple[tuple[str, int], ...]
    reasons: tuple[Reason, ...]


class Payment(NamedTuple):
    """What so many voters each paid for a candidate, in the unit of the allocation."""

    voters: int
    candidate: str
    each: int


@dataclass(frozen=True, slots=True)
class RoundAllocation:
    """What a whole round gives to each candidate that gets something, by candidate id.

    The lines of a counting rule stand in order of selection, those of other rules in order of the snapshot.
    `left_out` has the candidates that get nothing, with reasons that add up to nothing. `unresolved_ties` are groups
    of candidates between which the rule cannot choose: then the allocation is not final. Where the rule has voters
    pay, `payments` says how many paid what, in parts of a cent of which `parts` go into one, and `per_voter` is the
    budget each voter had in the end, in cents exactly, as numerator and denominator.
    """

    lines: tuple[tuple[str, Allocation], ...]
    unresolved_ties: tuple[tuple[str, ...], ...] = ()
    payments: tuple[Payment, ...] = ()
    left_out: tuple[tuple[str, Allocation], ...] = ()
    parts: int = 1
    per_voter: tuple[int, int] | None = None

    @property
    def cents(self) -> int:
        """What all candidates get together."""
        return sum(allocation.cents for _, allocation in self.lines)


def together(allocations: Iterable[Allocation]) -> Allocation:
    """Several allocations as one: cents, pot lines and reasons of a kind are added up."""
    cents = 0
    by: dict[str, int] = {}
    reasons: dict[tuple[str, str | None], int] = {}
    for one in allocations:
        cents += one.cents
        for line, gave in one.by:
            by[line] = by.get(line, 0) + gave
        for reason in one.reasons:
            kind = (reason.code, reason.pot_line)
            reasons[kind] = reasons.get(kind, 0) + reason.cents
    told = tuple(Reason(code, amount, line) for (code, line), amount in reasons.items())
    return Allocation(cents, tuple(by.items()), told)


def limited(reasons: list[Reason], code: str, limit: int) -> int:
    """Lower a sum of reasons to a limit, telling it as one reason more; returns the sum."""
    cents = sum(reason.cents for reason in reasons)
    limit = max(0, limit)
    if cents > limit:
        reasons.append(Reason(code, limit - cents))
    return min(cents, limit)
