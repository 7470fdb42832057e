"""A second implementation of every matching rule, written apart: exact fractions, plain lists, nothing kept.

`recount` takes a rule, its knobs and a round as documents and says what each candidate gets, so it can recompute the
certificate of a count. It imports nothing of the service. It is slow on purpose: every figure is worked out anew.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from math import ceil, floor, isqrt
from typing import Any

Cents = dict[str, int]
Document = Mapping[str, Any]


class UnresolvedTie(Exception):
    """Only a draw can say who wins; there was none."""


def recount(document: Document) -> Cents:
    """What each candidate gets in cents, those that get nothing left out.

    `document` has `rule`, `knobs`, `snapshot` (a round as a document) and `draw` (candidates as drawn, or null).
    Raises UnresolvedTie.
    """
    given = RULES[document["rule"]](document["knobs"], document["snapshot"], document.get("draw"))
    return {candidate: cents for candidate, cents in given.items() if cents}


# Pools


def pot_of(round_: Document) -> int:
    return sum(pool["cents"] for pool in round_["pools"])


def edge(pool: Document, candidate: Document) -> int:
    """The most a pool may give to a candidate."""
    if pool["themes"] and candidate["theme"] not in pool["themes"]:
        return 0
    if pool["neighbourhoods"] and candidate["neighbourhood"] not in pool["neighbourhoods"]:
        return 0
    most = pool["mostPerCandidateCents"]
    return int(pool["cents"] if most is None else min(most, pool["cents"]))


def placeable(round_: Document, wants: Cents) -> int:
    """How much of what is wanted the pools can give together: the least cut over all sets of pools."""
    wanted = [one for one in round_["candidates"] if wants.get(one["id"])]
    pools = round_["pools"]
    cuts: list[int] = []
    for size in range(len(pools) + 1):
        for full in combinations(range(len(pools)), size):
            others = [pool for place, pool in enumerate(pools) if place not in full]
            through = (min(wants[one["id"]], sum(edge(pool, one) for pool in others)) for one in wanted)
            cuts.append(sum(pools[place]["cents"] for place in full) + sum(through))
    return min(cuts)


def placed(round_: Document, promised: Cents, wants: Cents) -> Cents:
    """What each gets of what it wants: the same part of what is above its promise, as far as the pools allow.

    Whoever a full set of pools holds stays there, and the others go on; rounded down, the missing cents by largest
    fraction, then smallest id, where they can still be placed.
    """
    rise = {one: wants[one] - promised.get(one, 0) for one in wants}
    part = dict.fromkeys(wants, Fraction(0))
    moving = {one for one in wants if rise[one]}
    while moving:
        limit = min(limit_of(round_, promised, rise, part, moving, full) for full in sets_of_pools(round_))
        part |= dict.fromkeys(moving, min(Fraction(1), limit))
        if limit >= 1:
            break
        exact = amounts_of(promised, rise, part)
        moving -= {
            candidate["id"]
            for full in sets_of_pools(round_)
            if excess(round_, exact, full) == sum(pool["cents"] for pool in full)
            for candidate in round_["candidates"]
            if exact[candidate["id"]] >= beside(round_, candidate, full)
        }
    exact = amounts_of(promised, rise, part)
    there = {one: floor(amount) for one, amount in exact.items()}
    for one in sorted(there, key=lambda one: (there[one] - exact[one], one)):
        more = {**there, one: there[one] + 1}
        if exact[one] > there[one] and placeable(round_, more) == sum(more.values()):
            there = more
    return there


def sets_of_pools(round_: Document) -> list[tuple[Document, ...]]:
    pools = round_["pools"]
    return [full for size in range(len(pools) + 1) for full in combinations(pools, size)]


def amounts_of(promised: Cents, rise: Cents, part: Mapping[str, Fraction]) -> dict[str, Fraction]:
    return {one: promised.get(one, 0) + part[one] * rise[one] for one in rise}


def beside(round_: Document, candidate: Document, full: Sequence[Document]) -> int:
    """What a candidate can get from other pools than these."""
    return sum(edge(pool, candidate) for pool in round_["pools"] if pool not in full)


def excess(round_: Document, amounts: Mapping[str, Fraction], full: Sequence[Document]) -> Fraction:
    """What some pools have to give, at least."""
    return sum(
        (max(Fraction(0), amounts[one["id"]] - beside(round_, one, full)) for one in round_["candidates"]), Fraction(0)
    )


def limit_of(
    round_: Document,
    promised: Cents,
    rise: Cents,
    part: Mapping[str, Fraction],
    moving: set[str],
    full: Sequence[Document],
) -> Fraction:
    """The largest part that those who move can get before these pools have to give more than they hold."""
    limit = Fraction(1)
    while True:
        now = amounts_of(promised, rise, {**part, **dict.fromkeys(moving, limit)})
        over = excess(round_, now, full) - sum(pool["cents"] for pool in full)
        if over <= 0:
            return limit
        pressing = [
            one["id"]
            for one in round_["candidates"]
            if one["id"] in moving and now[one["id"]] > beside(round_, one, full)
        ]
        limit -= over / sum(rise[one] for one in pressing)


# Streaming rules


def divide(cents: int, pot: Mapping[str, int]) -> Cents:
    """In proportion to what pools have left; the missing cents by largest fraction, then smallest id."""
    if not cents:
        return {}
    exact = {pool: Fraction(cents * left, sum(pot.values())) for pool, left in pot.items()}
    return rounded(exact, cents)


def rounded(exact: Mapping[str, Fraction], cents: int) -> Cents:
    down = {one: floor(share) for one, share in exact.items()}
    for one in sorted(exact, key=lambda one: (down[one] - exact[one], one))[: cents - sum(down.values())]:
        down[one] += 1
    return down


Answer = tuple[Document, Cents]
Wanted = Callable[[Document, Document, Document, list[Answer], int], int]


def streaming(wanted: Wanted) -> Callable[..., Cents]:
    """A round by a rule that says what it wants to give to one gift, given all answers before it."""

    def run(knobs: Document, round_: Document, draw: Any) -> Cents:
        answers: list[Answer] = []
        for gift in round_["gifts"]:
            (candidate,) = (one for one in round_["candidates"] if one["id"] == gift["candidate"])
            pot = {}
            for pool in round_["pools"]:
                left = pool["cents"] - sum(by.get(pool["id"], 0) for _, by in answers)
                to_this = sum(by.get(pool["id"], 0) for other, by in answers if other["candidate"] == candidate["id"])
                pot[pool["id"]] = max(0, min(left, edge(pool, candidate) - to_this))
            cents = wanted(knobs, gift, candidate, answers, sum(pot.values()))
            answers.append((gift, divide(cents, pot)))
        return {
            one["id"]: sum(sum(by.values()) for gift, by in answers if gift["candidate"] == one["id"])
            for one in round_["candidates"]
        }

    return run


def matched(answers: list[Answer], key: str, value: str) -> int:
    return sum(sum(by.values()) for gift, by in answers if gift[key] == value)


def ratio_uncut(knobs: Document, gift: Document, answers: list[Answer]) -> int:
    share = Fraction(knobs["numerator"], knobs["denominator"])
    return min(
        floor(min(int(gift["cents"]), int(knobs["capPledgeCents"])) * share),
        int(knobs["capDonorCents"]) - matched(answers, "donor", gift["donor"]),
        int(knobs["capInitiativeCents"]) - matched(answers, "candidate", gift["candidate"]),
    )


def ratio(knobs: Document, gift: Document, candidate: Document, answers: list[Answer], pot: int) -> int:
    return max(0, min(ratio_uncut(knobs, gift, answers), pot))


def first_come(knobs: Document, gift: Document, candidate: Document, answers: list[Answer], pot: int) -> int:
    wish = max(0, ratio_uncut(knobs, gift, answers))
    if wish <= pot:
        return wish
    return pot if knobs["partial"] else 0


def threshold(knobs: Document, gift: Document, candidate: Document, answers: list[Answer], pot: int) -> int:
    goal = int(candidate["costCents"])
    gifts = [gift, *(other for other, _ in answers if other["candidate"] == candidate["id"])]
    crowd = sum(int(one["cents"]) for one in gifts)
    started = goal > 0 and Fraction(crowd, goal) >= Fraction(knobs["startPercent"], 100)
    enough = len({one["donor"] for one in gifts}) >= knobs["leastDonors"]
    if not (started and enough) or matched(answers, "candidate", candidate["id"]):
        return 0
    share = floor(Fraction(goal * knobs["sharePercent"], 100))
    return max(0, min(share, goal - crowd, int(knobs["capInitiativeCents"]), pot))


# Batch rules


def given_by_donor(round_: Document, candidate: str) -> Cents:
    sums: Cents = {}
    for gift in round_["gifts"]:
        if gift["candidate"] == candidate:
            sums[gift["donor"]] = sums.get(gift["donor"], 0) + gift["cents"]
    return sums


def root(cents: int) -> Fraction:
    return Fraction(isqrt(cents * 10**12), 10**6)


Weigh = Callable[[Document, Document], dict[str, Fraction]]


def eligible(knobs: Document, round_: Document) -> dict[str, Fraction]:
    return {
        one["id"]: Fraction(
            sum(min(cents, knobs["capDonorCents"]) for cents in given_by_donor(round_, one["id"]).values())
        )
        for one in round_["candidates"]
    }


def by_many(knobs: Document, round_: Document) -> dict[str, Fraction]:
    raw = {}
    for one in round_["candidates"]:
        sums = given_by_donor(round_, one["id"]).values()
        raw[one["id"]] = max(Fraction(0), sum(map(root, sums), Fraction(0)) ** 2 - sum(sums))
    return raw


def by_pairs(knobs: Document, round_: Document) -> dict[str, Fraction]:
    most = knobs["coefficientCents"]
    roots = {
        one["id"]: {donor: root(cents) for donor, cents in given_by_donor(round_, one["id"]).items()}
        for one in round_["candidates"]
    }
    raw = dict.fromkeys(roots, Fraction(0))
    for candidate, of in roots.items():
        for one, other in combinations(of, 2):
            together = sum(each[one] * each[other] for each in roots.values() if one in each and other in each)
            term = of[one] * of[other] * most / (most + together)
            raw[candidate] += Fraction(floor(term * 10**12), 10**12)
    return raw


def filled(pool: int, weights: Mapping[str, Fraction], cap: int) -> Cents:
    """Shares by weight, none above the cap: who would pass it is held there, and the others share the rest anew."""
    held: set[str] = set()
    while True:
        others = [one for one, weight in weights.items() if weight and one not in held]
        weight = sum(weights[one] for one in others)
        exact = {one: (pool - cap * len(held)) * weights[one] / weight for one in others}
        over = {one for one, share in exact.items() if share >= cap}
        if not over:
            return {**dict.fromkeys(held, cap), **rounded(exact, floor(sum(exact.values())))}
        held |= over


def batch(weigh: Weigh, *, whole_pot: bool = False) -> Callable[..., Cents]:
    def run(knobs: Document, round_: Document, draw: Any) -> Cents:
        weights = weigh(knobs, round_)
        floors = {one: cents for one, cents in round_["floors"] if one in weights}
        fixed: Cents = {}
        while True:
            rest = {one: weight for one, weight in weights.items() if one not in fixed}
            pool = max(0, pot_of(round_) - sum(fixed.values()))
            if not (whole_pot or knobs["expand"]):
                pool = min(pool, floor(sum(rest.values())))
            shares = filled(pool, rest, knobs["capInitiativeCents"])
            below = {one for one in rest if shares.get(one, 0) < floors.get(one, 0)}
            if not below:
                break
            fixed |= {one: floors[one] for one in below}
        return placed(round_, floors, {one: {**shares, **fixed}.get(one, 0) for one in weights})

    return run


# Counting rules


def points_of(round_: Document) -> list[Cents]:
    """The ballot of each voter."""
    return [dict(ballot["points"]) for ballot in round_["ballots"] for _ in range(ballot["voters"])]


def costs_of(round_: Document) -> Cents:
    return {one["id"]: one["costCents"] for one in round_["candidates"] if one["costCents"] > 0}


def score_of(round_: Document, candidate: str) -> int:
    return sum(ballot.get(candidate, 0) for ballot in points_of(round_))


def all_paid(round_: Document, winners: Iterable[str]) -> bool:
    costs = {one: costs_of(round_)[one] for one in winners}
    return placeable(round_, costs) == sum(costs.values())


def fill(
    round_: Document, won: Sequence[str], knobs: Document, draw: Any, *, skip: bool = True, least: int | None = None
) -> list[str]:
    """Winners, and what fits beside them by (-score, cost, id or place in the draw)."""
    costs, won = costs_of(round_), list(won)
    score = {one: score_of(round_, one) for one in costs}
    waiting = [one for one in costs if one not in won and (least is None or score[one] >= least)]
    waiting.sort(key=lambda one: (-score[one], costs[one], *luck(one, knobs, draw)))
    while waiting:
        equal = [one for one in waiting if (score[one], costs[one]) == (score[waiting[0]], costs[waiting[0]])]
        some = any(all_paid(round_, [*won, one]) for one in equal)
        if some and not all_paid(round_, [*won, *equal]):
            demand_draw(equal, knobs, draw)
        for one in equal:
            waiting.remove(one)
            if all_paid(round_, [*won, one]):
                won.append(one)
            elif not skip:
                return won
    return won


def luck(candidate: str, knobs: Document, draw: Sequence[str] | None) -> tuple[int, str]:
    drawn = list(draw or []) if knobs["ties"] == "draw" else []
    return (drawn.index(candidate) if candidate in drawn else len(drawn), candidate)


def demand_draw(equal: Sequence[str], knobs: Document, draw: Sequence[str] | None) -> None:
    if knobs["ties"] == "draw" and len(equal) > 1 and set(equal) - set(draw or []):
        raise UnresolvedTie(sorted(equal))


def paid(round_: Document, winners: Iterable[str]) -> Cents:
    return {one: costs_of(round_)[one] for one in winners}


def greedy(knobs: Document, round_: Document, draw: Any) -> Cents:
    return paid(round_, fill(round_, [], knobs, draw))


def greedy_no_skip(knobs: Document, round_: Document, draw: Any) -> Cents:
    return paid(round_, fill(round_, [], knobs, draw, skip=False))


def greedy_threshold(knobs: Document, round_: Document, draw: Any) -> Cents:
    return paid(round_, fill(round_, [], knobs, draw, least=knobs["leastScore"]))


class Shares:
    """The Method of Equal Shares, voter by voter."""

    def __init__(self, knobs: Document, round_: Document, draw: Any) -> None:
        self.knobs, self.round, self.draw = knobs, round_, draw
        self.costs = costs_of(round_)
        self.score = {one: score_of(round_, one) for one in self.costs}
        self.voters = points_of(round_)
        self.conditions = any(
            pool["themes"] or pool["neighbourhoods"] or pool["mostPerCandidateCents"] is not None
            for pool in round_["pools"]
        )

    def utility(self, voter: int, candidate: str) -> int:
        points = max(0, self.voters[voter].get(candidate, 0))
        return points * (self.costs[candidate] if self.knobs["utility"] == "cost" else 1)

    def rho(self, candidate: str, purse: Sequence[Fraction]) -> Fraction | None:
        """The least price of a unit of utility at which the supporters have the cost together."""
        supporters = [(purse[v], u) for v in range(len(purse)) if (u := self.utility(v, candidate))]
        supporters.sort(key=lambda one: one[0] / one[1])
        for poor in range(len(supporters)):
            all_they_have = sum((budget for budget, _ in supporters[:poor]), Fraction(0))
            price = (self.costs[candidate] - all_they_have) / sum(u for _, u in supporters[poor:])
            if supporters[poor][0] >= price * supporters[poor][1]:
                return price
        return None

    def pays(self, voter: int, candidate: str, rho: Fraction, purse: Sequence[Fraction]) -> Fraction:
        parts = 10**6 * len(self.voters)
        return min(purse[voter], Fraction(ceil(rho * self.utility(voter, candidate) * parts), parts))

    def run(self, share: Fraction) -> tuple[list[str], bool] | None:
        """Who is bought with this share, and whether anyone fell short; None where it costs more than there is."""
        purse = [share] * len(self.voters)
        won: list[str] = []
        short = False
        waiting = [one for one in self.costs if any(self.utility(v, one) for v in range(len(purse)))]
        while waiting:
            prices = {one: price for one in waiting if (price := self.rho(one, purse)) is not None}
            short = short or len(prices) < len(waiting)
            waiting = list(prices)
            if not waiting:
                break
            least = min(waiting, key=lambda one: (*self.rank(one, prices), *luck(one, self.knobs, self.draw)))
            if sum(self.costs[one] for one in [*won, least]) > pot_of(self.round):
                return None
            waiting.remove(least)
            if not all_paid(self.round, [*won, least]):
                continue
            equal = [one for one in waiting if self.rank(one, prices) == self.rank(least, prices)]
            self.look_for_tie([least, *equal], won, prices, purse)
            purse = [purse[v] - self.pays(v, least, prices[least], purse) for v in range(len(purse))]
            won.append(least)
        return won, short

    def rank(self, candidate: str, prices: Mapping[str, Fraction]) -> tuple[Fraction, int, int]:
        return prices[candidate], self.costs[candidate], -self.score[candidate]

    def look_for_tie(
        self, equal: list[str], won: list[str], prices: Mapping[str, Fraction], purse: Sequence[Fraction]
    ) -> None:
        contested = set()
        for voter, budget in enumerate(purse):
            owed = {one: self.pays(voter, one, prices[one], purse) for one in equal if self.utility(voter, one)}
            if sum(owed.values()) > budget:
                contested |= set(owed)
        if self.conditions and not all_paid(self.round, [*won, *equal]):
            contested = set(equal)
        demand_draw(sorted(contested), self.knobs, self.draw)

    def bought(self) -> list[str]:
        share = Fraction(pot_of(self.round), len(self.voters))
        if self.knobs["start"] == "whole":
            share = Fraction(floor(share / 100) * 100)
        first = self.run(share)
        assert first is not None
        won, short = first
        while self.knobs["completion"].startswith("add1") and short:
            if self.knobs["stopWhenExhaustive"] and self.is_exhaustive(won):
                break
            share += self.knobs["incrementCents"]
            more = self.run(share)
            if more is None:
                break
            won, short = more
        return won

    def is_exhaustive(self, won: list[str]) -> bool:
        return not any(all_paid(self.round, [*won, one]) for one in self.costs if one not in won)

    def winners(self) -> list[str]:
        if not self.voters:
            return []
        won = self.bought()
        if self.knobs["completion"].endswith("greedy"):
            won = fill(self.round, won, self.knobs, self.draw)
        if self.knobs["comparison"] == "greedy":
            other = fill(self.round, [], self.knobs, self.draw)
            ours, theirs = (
                [sum(points for one, points in voter.items() if points > 0 and one in which) for voter in self.voters]
                for which in (won, other)
            )
            better = [their > our for our, their in zip(ours, theirs, strict=True)].count(True)
            worse = [their < our for our, their in zip(ours, theirs, strict=True)].count(True)
            if better > worse:
                return other
        return won


def equal_shares(knobs: Document, round_: Document, draw: Any) -> Cents:
    return paid(round_, Shares(knobs, round_, draw).winners())


RULES: dict[str, Callable[[Document, Document, Any], Cents]] = {
    "ratio": streaming(ratio),
    "first_come": streaming(first_come),
    "threshold": streaming(threshold),
    "pro_rata": batch(eligible, whole_pot=True),
    "quadratic": batch(by_many),
    "quadratic_pairwise": batch(by_pairs),
    "equal_shares": equal_shares,
    "greedy": greedy,
    "greedy_no_skip": greedy_no_skip,
    "greedy_threshold": greedy_threshold,
}
