"""`greedy`, `greedy_no_skip` and `greedy_threshold`: by score, then lower cost, then smaller id.

A candidate that does not fit is skipped, or, in `greedy_no_skip`, is where the rule stops. `greedy_threshold` leaves
out candidates below a least score and skips. Score is the sum of points of all voters; there is no other demand on it,
so a candidate without any support wins where money is left, unless there is a least score. Source: the formula table
of the funding design; the first two are the rules that Pabulib calls greedy and greedy-no-skip.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

from funding.domain.rules.allocation import RoundAllocation
from funding.domain.rules.counting import TIES, Count, Purse, Ties, scores
from funding.domain.rules.knobs import Family, Rule, whole, word
from funding.domain.rules.snapshots import Candidate, RoundSnapshot

MOST_SCORE = 10**12


def in_order(candidates: Iterable[Candidate], score: Mapping[str, int], ties: Ties) -> list[list[Candidate]]:
    """Groups of equals by (-score, cost), in each the order among equals."""
    ranked = sorted(candidates, key=lambda one: (-score[one.id], one.cost, ties.key(one.id)))
    return [list(group) for _, group in groupby(ranked, key=lambda one: (score[one.id], one.cost))]


def fill(purse: Purse, groups: Sequence[Sequence[Candidate]], ties: Ties, *, skip: bool = True) -> Count:
    """Pay candidates in order while they fit; told as an outcome."""
    won: dict[str, str] = {}
    lost: dict[str, str] = {}
    stopped = False
    for group in groups:
        equals = [one.id for one in group]
        if not stopped and ties.open_between(equals) and any(map(purse.fits, group)) and not purse.all_fit(group):
            ties.report(equals)
        for one in group:
            if not stopped and purse.fits(one):
                purse.pay(one)
                won[one.id] = "won-by-score"
            else:
                lost[one.id] = "after-misfit" if stopped else "does-not-fit"
                stopped = not skip
    return Count(won, lost)


@dataclass(frozen=True, slots=True)
class Greedy(Rule):
    """By score; what does not fit is skipped."""

    ties: str = word(*TIES)

    name: ClassVar[str] = "greedy"
    family: ClassVar[Family] = "counting"
    skip: ClassVar[bool] = True

    def count(self, snapshot: RoundSnapshot, draw: Sequence[str] | None = None) -> RoundAllocation:
        """The outcome of the ballots."""
        score, ties = scores(snapshot), Ties.by(self.ties, draw)
        without = {one.id: code for one in snapshot.candidates if (code := self.bar(one, score[one.id]))}
        groups = in_order((one for one in snapshot.candidates if one.id not in without), score, ties)
        count = fill(Purse(snapshot), groups, ties, skip=self.skip)
        return Count(count.won, {**count.lost, **without}).told(snapshot, ties)

    def bar(self, candidate: Candidate, score: int) -> str:
        """Why a candidate is left out from the start, as the code of a reason; empty where it is not."""
        return "" if candidate.cost > 0 else "cost-unknown"


@dataclass(frozen=True, slots=True)
class GreedyNoSkip(Greedy):
    """By score; stops at the first that does not fit."""

    name: ClassVar[str] = "greedy_no_skip"
    skip: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class GreedyThreshold(Greedy):
    """By score, for those with at least `least_score`; what does not fit is skipped."""

    least_score: int = whole(0, MOST_SCORE)

    name: ClassVar[str] = "greedy_threshold"

    def bar(self, candidate: Candidate, score: int) -> str:
        """As for every greedy rule, and a least score."""
        if candidate.cost <= 0:
            return "cost-unknown"
        return "" if score >= self.least_score else "score-too-low"
