"""One run of the Method of Equal Shares on given budgets.

As long as supporters can pay for something, the candidate with the least ρ is bought, where ρ is the least price for
each unit of utility for which Σ min(budget, ρ·utility) over its supporters is its cost; each supporter pays that.
Ties in ρ: lower cost, more votes, then the order among equals. Source: Peters and Skowron, "Proportionality and the
limits of welfarism" (2020); Peters, Pierczyński and Skowron, "Proportional participatory budgeting with additive
utilities" (2021).

Budgets only fall, so a ρ worked out before is a lower bound: candidates wait in a heap, and only the one on top is
worked out anew.
"""

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from heapq import heapify, heappop, heappush

from funding.domain.rules.allocation import Payment
from funding.domain.rules.counting import Purse, Ties
from funding.domain.rules.electorate import Electorate, Price
from funding.domain.rules.snapshots import Candidate, RoundSnapshot

Waiting = tuple[Fraction, int, int, tuple[int, str], str]
"""ρ or a lower bound of it, cost, minus votes, order among equals, candidate."""


@dataclass(slots=True)
class Bought:
    """What a run bought at what price, in order, and who was left out and why."""

    won: dict[str, Price] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)

    @property
    def payments(self) -> list[Payment]:
        """What was paid for it."""
        return [payment for candidate, price in self.won.items() for payment in price.payments(candidate)]

    @property
    def saturated(self) -> bool:
        """Whether nothing more could be bought however much the supporters had."""
        return "supporters-short" not in self.lost.values()


class Market:
    """All that runs on one count have in common."""

    def __init__(self, snapshot: RoundSnapshot, utility: str, ties: Ties) -> None:
        self.snapshot, self.utility, self.ties = snapshot, utility, ties
        self.candidates = {candidate.id: candidate for candidate in snapshot.candidates}
        self.electorate = Electorate.of(snapshot)
        self._first = [self.waiting(one, self._least(one)) for one, weight in self.electorate.weights.items() if weight]
        heapify(self._first)

    def run(self, budget: int) -> Bought | None:
        """Buy with so many parts for each voter; None as soon as that costs more than the pools hold."""
        run = _Run(self, budget, list(self._first))
        while run.waiting:
            entry = heappop(run.waiting)
            candidate = self.candidates[entry[-1]]
            if run.fresh.get(candidate.id) != len(run.bought.won):
                run.look_again(candidate.id)
            elif candidate.cost > run.purse.left:
                return None
            elif not run.purse.fits(candidate):
                run.bought.lost[candidate.id] = "conditions"
            else:
                run.buy(candidate, entry)
        return run.bought

    def left_out(self) -> dict[str, str]:
        """Candidates that no run can buy, and why."""
        weights = self.electorate.weights
        known = {one: "no-supporters" for one, weight in weights.items() if not weight}
        return known | {one: "cost-unknown" for one in self.candidates if one not in weights}

    def _least(self, candidate: str) -> Fraction:
        """The ρ of a candidate that all supporters can pay in full: no budgets make it less."""
        costs, weights = self.electorate.costs, self.electorate.weights
        return self.electorate.rho(candidate, costs[candidate], weights[candidate], self.utility)

    def waiting(self, candidate: str, rho: Fraction) -> Waiting:
        """A candidate's place among those that wait."""
        return (
            rho,
            self.candidates[candidate].cost,
            -self.electorate.scores[candidate],
            self.ties.key(candidate),
            candidate,
        )


class _Run:
    """A run half-way."""

    def __init__(self, market: Market, budget: int, waiting: list[Waiting]) -> None:
        self.market, self.waiting = market, waiting
        self.budgets = [budget] * market.electorate.groups
        self.purse = Purse(market.snapshot)
        self.bought = Bought()
        self.fresh: dict[str, int] = {}
        self.prices: dict[str, Price] = {}

    def look_again(self, candidate: str) -> None:
        """Work out a candidate's price on today's budgets, and let it wait with that; drop it without one."""
        price = self.market.electorate.price(candidate, self.budgets)
        if price is None:
            self.bought.lost[candidate] = "supporters-short"
            return
        self.fresh[candidate] = len(self.bought.won)
        self.prices[candidate] = price
        rho = self.market.electorate.rho(candidate, price.rest, price.weight, self.market.utility)
        heappush(self.waiting, self.market.waiting(candidate, rho))

    def buy(self, candidate: Candidate, entry: Waiting) -> None:
        """Have the supporters pay."""
        if self.market.ties.mode == "draw":
            self._see_ties(entry)
        price = self.prices[candidate.id]
        self.market.electorate.pay(candidate.id, price, self.budgets)
        self.purse.pay(candidate)
        self.bought.won[candidate.id] = price

    def _see_ties(self, entry: Waiting) -> None:
        """Report those equal to the candidate on top that cannot all be paid: the order decides between them."""
        equal = [entry]
        while self.waiting and self.waiting[0][:3] == entry[:3]:
            other = heappop(self.waiting)
            if self.fresh.get(other[-1]) == len(self.bought.won):
                equal.append(other)
            else:
                self.look_again(other[-1])
        for other in equal[1:]:
            heappush(self.waiting, other)
        contested = self._contested([other[-1] for other in equal])
        if self.market.ties.open_between(contested):
            self.market.ties.report(contested)

    def _contested(self, equal: list[str]) -> list[str]:
        """Those of some equals that share a supporter who cannot pay its part of all of them."""
        candidates = [self.market.candidates[one] for one in equal]
        if self.purse.placement.conditional and len(equal) > 1 and not self.purse.all_fit(candidates):
            return equal
        owed: Counter[int] = Counter()
        supporters = self.market.electorate.supporters
        for one in equal:
            for points, _, groups in supporters[one]:
                each = self.prices[one].each(points)
                owed.update({group: min(each, self.budgets[group]) for group in groups})
        overdrawn = {group for group, cents in owed.items() if cents > self.budgets[group]}
        return [one for one in equal if any(not overdrawn.isdisjoint(groups) for _, _, groups in supporters[one])]
