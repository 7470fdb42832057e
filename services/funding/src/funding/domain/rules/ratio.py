"""`ratio` and `first_come`: a part of each pledge, up to caps that are cumulative.

With c the pledge: m = max(0, min(⌊min(c, cap of a pledge)·num/den⌋, cap of a donor - what this round gave to the donor,
cap of an initiative - what it got, what is left in the pot)). Source: the matching rules of the funding design.
"""

from dataclasses import dataclass
from typing import ClassVar

from funding.domain.rules.allocation import Allocation, Reason, limited
from funding.domain.rules.knobs import MOST_PART, Family, Rule, cap, flag, whole
from funding.domain.rules.snapshots import PledgeSnapshot
from funding.domain.rules.splitting import from_pot


@dataclass(frozen=True, slots=True)
class Ratio(Rule):
    """Match `numerator`/`denominator` of each pledge. The caps are cumulative, in cents.

    The caps hold for one pledge (how much of it counts), for one pledger within the round, and for one initiative in
    all rounds together.
    """

    numerator: int = whole(1, MOST_PART)
    denominator: int = whole(1, MOST_PART)
    cap_pledge_cents: int = cap()
    cap_donor_cents: int = cap()
    cap_initiative_cents: int = cap()

    name: ClassVar[str] = "ratio"
    family: ClassVar[Family] = "streaming"

    def answer(self, snapshot: PledgeSnapshot) -> Allocation:
        """What follows one pledge."""
        reasons = self.wanted(snapshot)
        limited(reasons, "pot-left", sum(left for _, left in snapshot.pot))
        return from_pot(reasons, snapshot.pot)

    def wanted(self, snapshot: PledgeSnapshot) -> list[Reason]:
        """The uncapped part, and what each cap takes off it, in order; the pot does not count yet."""
        reasons = [Reason("ratio", self.part(snapshot.pledge))]
        limited(reasons, "cap-pledge", self.part(min(snapshot.pledge, self.cap_pledge_cents)))
        limited(reasons, "cap-donor", self.cap_donor_cents - snapshot.given_to_donor)
        limited(reasons, "cap-initiative", self.cap_initiative_cents - snapshot.given_to_initiative)
        return reasons

    def part(self, cents: int) -> int:
        """The ratio of an amount, rounded down."""
        return cents * self.numerator // self.denominator


@dataclass(frozen=True, slots=True)
class FirstCome(Ratio):
    """As `ratio`, first come first served, until the pot is empty.

    With `partial` 1 the last match is what is left; with 0 a match that the pot cannot pay whole is not paid at all,
    and a smaller one that comes later may be.
    """

    partial: int = flag()

    name: ClassVar[str] = "first_come"

    def answer(self, snapshot: PledgeSnapshot) -> Allocation:
        """What follows one pledge."""
        reasons = self.wanted(snapshot)
        left = sum(amount for _, amount in snapshot.pot)
        if self.partial:
            limited(reasons, "pot-left", left)
        elif sum(reason.cents for reason in reasons) > left:
            limited(reasons, "whole-only", 0)
        return from_pot(reasons, snapshot.pot)
