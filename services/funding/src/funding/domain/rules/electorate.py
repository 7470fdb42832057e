"""Voters with budgets, and what a candidate costs each of its supporters: the arithmetic of equal shares.

All amounts are whole numbers of a *part*: a millionth of a cent, divided by the number of voters once more, so that
every voter's share of a whole budget is exact. The voters of one ballot are one group; supporters are counted by what
they have left, so that a price takes one pass over the groups and a sort of the few different budgets.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import mul
from typing import NamedTuple

from funding.domain.rules.allocation import Payment
from funding.domain.rules.snapshots import RoundSnapshot

MICRO = 1_000_000
"""Millionths of a cent in a cent."""

Supporters = list[tuple[int, int, list[int]]]
"""Points, how many voters a group has, and the groups (by number) that are both."""
Purses = dict[int, dict[int, int]]
"""By points, how many voters have what left."""


class Price(NamedTuple):
    """What a candidate costs now: `rest`/`weight` parts for each point, less only for those who have less."""

    rest: int
    weight: int
    purses: Purses

    def each(self, points: int) -> int:
        """The most that a supporter with these points pays: the maximal payment, rounded up."""
        return -(-self.rest * points // self.weight)

    def payments(self, candidate: str) -> list[Payment]:
        """How many voters pay what."""
        paid: Counter[int] = Counter()
        for points, purses in self.purses.items():
            most = self.each(points)
            for budget, voters in purses.items():
                paid[min(budget, most)] += voters
        return [Payment(voters, candidate, each) for each, voters in sorted(paid.items()) if each]


@dataclass(slots=True)
class Electorate:
    """The ballots of a count, prepared once for all runs on them."""

    voters: int
    groups: int
    scores: dict[str, int]
    supporters: dict[str, Supporters]
    costs: dict[str, int]
    weights: dict[str, int]

    @classmethod
    def of(cls, snapshot: RoundSnapshot) -> "Electorate":
        """List who supports whom. Only points above 0 are support."""
        listed: defaultdict[int, defaultdict[tuple[str, int], list[int]]] = defaultdict(lambda: defaultdict(list))
        for number, ballot in enumerate(snapshot.ballots):
            lists = listed[ballot.voters]
            for pair in ballot.points:
                lists[pair].append(number)
        voters = sum(ballot.voters for ballot in snapshot.ballots)
        scores = dict.fromkeys((one.id for one in snapshot.candidates), 0)
        supporters: dict[str, Supporters] = {one.id: [] for one in snapshot.candidates if one.cost > 0}
        for size, lists in listed.items():
            for (candidate, points), numbers in lists.items():
                scores[candidate] += points * size * len(numbers)
                if points > 0 and candidate in supporters:
                    supporters[candidate].append((points, size, numbers))
        return cls(
            voters=voters,
            groups=len(snapshot.ballots),
            scores=scores,
            supporters=supporters,
            costs={one.id: one.cost * MICRO * voters for one in snapshot.candidates},
            weights={one: sum(p * size * len(group) for p, size, group in of) for one, of in supporters.items()},
        )

    @property
    def parts(self) -> int:
        """How many parts go into a cent."""
        return MICRO * self.voters

    def price(self, candidate: str, budgets: Sequence[int]) -> Price | None:
        """The least price for which the supporters can pay a candidate together; None where they cannot.

        Those who have less than their price pay all they have: they are passed in order of budget per point, until
        the others can pay what is left.
        """
        purses = self._purses(candidate, budgets)
        rest, weight = self.costs[candidate], self.weights[candidate]
        if _all_of(purses) < rest:
            return None
        for budget, points, number in _poorest_first(purses):
            if budget * weight >= rest * points:
                return Price(rest, weight, purses)
            rest -= budget * number
            weight -= points * number
        raise AssertionError("who have the cost together can pay it")

    def pay(self, candidate: str, price: Price, budgets: list[int]) -> None:
        """Take what the supporters pay from their budgets."""
        for points, _, groups in self.supporters[candidate]:
            each = price.each(points)
            for group in groups:
                left = budgets[group] - each
                budgets[group] = left if left > 0 else 0

    def rho(self, candidate: str, rest: int, weight: int, utility: str) -> Fraction:
        """Cost for each unit of utility: points count for the cost (`cost`), or as they are (`cardinality`)."""
        return Fraction(rest, weight * (self.costs[candidate] if utility == "cost" else 1))

    def _purses(self, candidate: str, budgets: Sequence[int]) -> Purses:
        purses: Purses = {}
        for points, size, groups in self.supporters[candidate]:
            counted = Counter(map(budgets.__getitem__, groups))
            if size == 1 and points not in purses:
                purses[points] = counted
                continue
            purse = purses.setdefault(points, {})
            for budget, number in counted.items():
                purse[budget] = purse.get(budget, 0) + number * size
        return purses


def _all_of(purses: Purses) -> int:
    """What supporters have together."""
    return sum(sum(map(mul, purse, purse.values())) for purse in purses.values())


def _poorest_first(purses: Purses) -> list[tuple[int, int, int]]:
    """Budget, points and number of voters, in order of budget per point."""
    if len(purses) == 1:
        ((points, purse),) = purses.items()
        return [(budget, points, purse[budget]) for budget in sorted(purse)]
    every = [(budget, points, number) for points, purse in purses.items() for budget, number in purse.items()]
    return sorted(every, key=lambda one: Fraction(one[0], one[1]))
