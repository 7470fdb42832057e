"""What the rules that count ballots share: scores, the order among equals, the purse, and how an outcome is told.

A candidate wins whole or not at all. Equals are those that a rule cannot tell apart but by their id. With ties `fixed`
the smaller id goes first. With `draw` a public draw decides; without one the smaller id goes first for the time being,
and the group is reported as an unresolved tie where choosing one takes means that another needs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from funding.domain.rules.allocation import Allocation, Reason, RoundAllocation
from funding.domain.rules.placing import Placement
from funding.domain.rules.snapshots import Candidate, RoundSnapshot

TIES = ("fixed", "draw")


def scores(snapshot: RoundSnapshot) -> dict[str, int]:
    """The points of each candidate from all voters."""
    sums = {candidate.id: 0 for candidate in snapshot.candidates}
    for ballot in snapshot.ballots:
        for candidate, points in ballot.points:
            sums[candidate] += points * ballot.voters
    return sums


@dataclass(slots=True)
class Ties:
    """The order among equals, and the groups that only a draw can order."""

    mode: str
    draw: Mapping[str, int]
    unresolved: set[tuple[str, ...]] = field(default_factory=set)

    @classmethod
    def by(cls, mode: str, draw: Sequence[str] | None) -> "Ties":
        """The order by ids, or by a draw that has candidates in the order drawn."""
        drawn = (draw or ()) if mode == "draw" else ()
        return cls(mode, {candidate: place for place, candidate in enumerate(drawn)})

    def key(self, candidate: str) -> tuple[int, str]:
        """Sorts equals: those drawn in their order, then the others by id."""
        return (self.draw.get(candidate, len(self.draw)), candidate)

    def open_between(self, group: Sequence[str]) -> bool:
        """Whether only a draw that was not made can order a group."""
        return self.mode == "draw" and len(group) > 1 and any(one not in self.draw for one in group)

    def report(self, group: Sequence[str]) -> None:
        """Keep a group that has to be drawn."""
        self.unresolved.add(tuple(sorted(group)))


class Purse:
    """The pools of a count, and what they pay so far; a candidate is paid whole."""

    def __init__(self, snapshot: RoundSnapshot) -> None:
        self.placement = Placement(snapshot.pools)
        self.left = snapshot.budget

    def fits(self, candidate: Candidate) -> bool:
        """Whether a candidate can be paid."""
        return candidate.cost <= self.left and (
            not self.placement.conditional or self.placement.fits(candidate, candidate.cost)
        )

    def all_fit(self, candidates: Sequence[Candidate]) -> bool:
        """Whether several candidates can be paid together."""
        if sum(one.cost for one in candidates) > self.left:
            return False
        trial = self.placement.copy()
        return not trial.conditional or all(trial.place(one, one.cost) == one.cost for one in candidates)

    def pay(self, candidate: Candidate) -> None:
        """Pay a candidate that fits."""
        self.left -= candidate.cost
        self.placement.place(candidate, candidate.cost)


@dataclass(frozen=True, slots=True)
class Count:
    """An outcome: who won and by what, in order, and why the others did not."""

    won: Mapping[str, str]
    lost: Mapping[str, str]

    def told(self, snapshot: RoundSnapshot, ties: Ties) -> RoundAllocation:
        """The outcome as an allocation, with reasons."""
        candidates = {candidate.id: candidate for candidate in snapshot.candidates}
        purse = Purse(snapshot)
        for winner in self.won:
            purse.pay(candidates[winner])
        lines = [
            (winner, purse.placement.allocation(winner, [Reason("cost", candidates[winner].cost), Reason(code, 0)]))
            for winner, code in self.won.items()
        ]
        left_out = [
            (loser, Allocation(0, (), (Reason("cost", candidates[loser].cost), Reason(code, -candidates[loser].cost))))
            for loser, code in self.lost.items()
        ]
        return RoundAllocation(tuple(lines), tuple(sorted(ties.unresolved)), left_out=tuple(left_out))
