"""A whole round by a rule that answers pledge by pledge: the gifts in their order, each on what those before it left.

What a gift is answered never depends on those that come later (invariant I5 of the funding design).
"""

from collections import defaultdict
from dataclasses import dataclass, field

from funding.domain.rules.allocation import Allocation, Reason, RoundAllocation, together
from funding.domain.rules.ratio import FirstCome, Ratio
from funding.domain.rules.snapshots import Candidate, Gift, PledgeSnapshot, RoundSnapshot
from funding.domain.rules.threshold import Threshold

Streaming = Ratio | FirstCome | Threshold
NOTHING = Allocation(0, (), (Reason("no-gifts", 0),))


@dataclass(slots=True)
class Course:
    """Where a round stands: what each pool has left, and what everyone brought and got so far, in cents."""

    snapshot: RoundSnapshot
    left: dict[str, int]
    by_pool: defaultdict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    to_donor: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    to_candidate: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    crowd: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    donors: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def before(self, gift: Gift, candidate: Candidate) -> PledgeSnapshot:
        """What the rule knows when it answers this gift."""
        return PledgeSnapshot(
            pledge=gift.cents,
            given_to_donor=self.to_donor[gift.donor],
            given_to_initiative=self.to_candidate[candidate.id],
            pot=tuple(
                (pool.id, self.room(pool.id, candidate, pool.most_per_candidate))
                for pool in self.snapshot.pools
                if pool.takes(candidate)
            ),
            crowd=self.crowd[candidate.id],
            goal=candidate.cost,
            donors=len(self.donors[candidate.id] | {gift.donor}),
        )

    def room(self, pool: str, candidate: Candidate, most: int | None) -> int:
        """What a pool may still give to a candidate."""
        left = self.left[pool]
        return left if most is None else min(left, max(0, most - self.by_pool[pool, candidate.id]))

    def enter(self, gift: Gift, allocation: Allocation) -> None:
        """Take note of a gift and what followed it."""
        self.crowd[gift.candidate] += gift.cents
        self.donors[gift.candidate].add(gift.donor)
        self.to_donor[gift.donor] += allocation.cents
        self.to_candidate[gift.candidate] += allocation.cents
        for pool, cents in allocation.by:
            self.left[pool] -= cents
            self.by_pool[pool, gift.candidate] += cents


def run(rule: Streaming, snapshot: RoundSnapshot) -> RoundAllocation:
    """Answer all gifts of a round, in order."""
    candidates = {candidate.id: candidate for candidate in snapshot.candidates}
    course = Course(snapshot, {pool.id: pool.cents for pool in snapshot.pools})
    answers: dict[str, list[Allocation]] = {candidate: [] for candidate in candidates}
    for gift in snapshot.gifts:
        allocation = rule.answer(course.before(gift, candidates[gift.candidate]))
        course.enter(gift, allocation)
        answers[gift.candidate].append(allocation)
    outcome = {candidate: together(parts or [NOTHING]) for candidate, parts in answers.items()}
    return RoundAllocation(
        lines=tuple((candidate, one) for candidate, one in outcome.items() if one.cents),
        left_out=tuple((candidate, one) for candidate, one in outcome.items() if not one.cents),
    )
