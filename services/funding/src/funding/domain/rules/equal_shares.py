"""`equal_shares`: the Method of Equal Shares, with every choice that changes winners as a knob.

Each voter has an equal share b of the budget B: B/n (`start` exact), or that in whole units of currency (whole). What
is bought with it: see buying. `completion` says what happens with the rest of the budget:

- `none`: nothing.
- `add1`: every share grows by `increment_cents`, again and again, and the method is run anew; the outcome is that of
  the last run that costs no more than B, or with `stop_when_exhaustive` of the first after which no other candidate
  fits in the budget. It ends too where more money could buy nothing more.
- `greedy`: what fits is added by score (see greedy).
- `add1-greedy`: both, in this order.

`comparison` greedy takes the outcome of `greedy` where strictly more voters have more points in it (or projects, where
they only named them), whatever `utility` is. Source: Peters and Skowron (2020); Peters, Pierczyński and Skowron (2021);
completion and comparison as cities use them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar

from dorpsplein.errors import Refused
from funding.domain.rules.allocation import Payment, RoundAllocation
from funding.domain.rules.buying import Bought, Market
from funding.domain.rules.counting import TIES, Count, Purse, Ties
from funding.domain.rules.greedy import fill, in_order
from funding.domain.rules.knobs import MOST_CENTS, Family, Rule, flag, whole, word
from funding.domain.rules.snapshots import RoundSnapshot

UNIT_CENTS = 100
"""One unit of currency."""
MOST_STEPS = 50_000
"""Add-one with steps that are far too small for what projects cost is refused, so that no count runs for ever."""


@dataclass(frozen=True, slots=True)
class EqualShares(Rule):
    """The Method of Equal Shares."""

    utility: str = word("cost", "cardinality")
    completion: str = word("none", "add1", "greedy", "add1-greedy")
    increment_cents: int = whole(1, MOST_CENTS)
    start: str = word("exact", "whole")
    stop_when_exhaustive: int = flag()
    comparison: str = word("none", "greedy")
    ties: str = word(*TIES)

    name: ClassVar[str] = "equal_shares"
    family: ClassVar[Family] = "counting"

    def count(self, snapshot: RoundSnapshot, draw: Sequence[str] | None = None) -> RoundAllocation:
        """The outcome of the ballots. Raises Refused("too-many-steps")."""
        ties = Ties.by(self.ties, draw)
        market = Market(snapshot, self.utility, ties)
        score = market.electorate.scores
        if not market.electorate.voters:
            return Count({}, market.left_out()).told(snapshot, ties)
        shares, bought = self.bought(market)
        count = Count(dict.fromkeys(bought.won, "won-by-shares"), {**bought.lost, **market.left_out()})
        payments = bought.payments
        if "greedy" in self.completion:
            count = completed(count, snapshot, score, ties)
        if self.comparison == "greedy" and (other := self.preferred(count, snapshot, score, ties)):
            count, payments = other, list[Payment]()
        told = count.told(snapshot, ties)
        return replace(
            told, payments=tuple(payments), parts=market.electorate.parts, per_voter=shares.as_integer_ratio()
        )

    def bought(self, market: Market) -> tuple[Fraction, Bought]:
        """The share of each voter in cents, and what was bought with it. Raises Refused("too-many-steps")."""
        share = Fraction(market.snapshot.budget, market.electorate.voters)
        if self.start == "whole":
            share = Fraction(share // UNIT_CENTS * UNIT_CENTS)
        bought = self.run(market, share)
        assert bought is not None, "shares of a budget buy no more than the budget"
        if not self.completion.startswith("add1"):
            return share, bought
        for _ in range(MOST_STEPS):
            if bought.saturated or (self.stop_when_exhaustive and exhaustive(bought, market.snapshot)):
                return share, bought
            more = self.run(market, share + self.increment_cents)
            if more is None:
                return share, bought
            share, bought = share + self.increment_cents, more
        raise Refused(
            "too-many-steps", f"Add-one did not end in {MOST_STEPS:,} steps; take a larger value for incrementCents."
        )

    def run(self, market: Market, share: Fraction) -> Bought | None:
        """One run with a share in cents, which is a whole number of parts."""
        return market.run(int(share * market.electorate.parts))

    def preferred(self, count: Count, snapshot: RoundSnapshot, score: Mapping[str, int], ties: Ties) -> Count | None:
        """The greedy outcome, if strictly more voters gave more points to it than to this one."""
        known = [one for one in snapshot.candidates if one.cost > 0]
        other = fill(Purse(snapshot), in_order(known, score, ties), ties)
        balance = 0
        for ballot in snapshot.ballots:
            ours, theirs = (
                sum(points for one, points in ballot.points if points > 0 and one in which.won)
                for which in (count, other)
            )
            balance += ballot.voters * ((theirs > ours) - (theirs < ours))
        without = {one: why for one, why in count.lost.items() if why == "cost-unknown"}
        return Count(other.won, {**other.lost, **without}) if balance > 0 else None


def exhaustive(bought: Bought, snapshot: RoundSnapshot) -> bool:
    """Whether no other candidate fits in what is left of the budget."""
    purse = _paid(list(bought.won), snapshot)
    return not any(one.cost > 0 and one.id not in bought.won and purse.fits(one) for one in snapshot.candidates)


def completed(count: Count, snapshot: RoundSnapshot, score: Mapping[str, int], ties: Ties) -> Count:
    """An outcome with what fits in the rest of the budget, by score."""
    rest = [one for one in snapshot.candidates if one.id not in count.won and one.cost > 0]
    added = fill(_paid(list(count.won), snapshot), in_order(rest, score, ties), ties)
    return Count({**count.won, **added.won}, {one: why for one, why in count.lost.items() if one not in added.won})


def _paid(won: Sequence[str], snapshot: RoundSnapshot) -> Purse:
    """The purse after some winners are paid."""
    candidates = {candidate.id: candidate for candidate in snapshot.candidates}
    purse = Purse(snapshot)
    for winner in won:
        purse.pay(candidates[winner])
    return purse
