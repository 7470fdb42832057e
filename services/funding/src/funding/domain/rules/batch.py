"""A whole round by a rule that answers at its close, with the floors that were promised while it ran.

A candidate that the rule gives less than its floor is fixed at the floor, and the rule is run again for the others on
the rest of the pot, until none is below. Then the amounts are placed on the pools; where conditions of the pools leave
too little for all, see levelling.
"""

from collections.abc import Mapping

from dorpsplein.errors import Refused
from funding.domain.rules.allocation import Allocation, Reason, RoundAllocation, limited
from funding.domain.rules.levelling import Asked, levelled
from funding.domain.rules.placing import Placement
from funding.domain.rules.pro_rata import ProRata
from funding.domain.rules.quadratic import Quadratic, QuadraticPairwise
from funding.domain.rules.snapshots import RoundSnapshot

Batch = ProRata | Quadratic | QuadraticPairwise


def run(rule: Batch, snapshot: RoundSnapshot) -> RoundAllocation:
    """What a round gives. Raises Refused("floors-beyond-pot") where it cannot keep what was promised."""
    floors = promised(snapshot)
    told = _settled(rule, snapshot, floors)
    outcome = _placed(snapshot, told, floors)
    return RoundAllocation(
        lines=tuple((candidate, one) for candidate, one in outcome.items() if one.cents),
        left_out=tuple((candidate, one) for candidate, one in outcome.items() if not one.cents),
    )


def promised(snapshot: RoundSnapshot) -> dict[str, int]:
    """The floors of those that are still candidates, by id."""
    there = {candidate.id for candidate in snapshot.candidates}
    return {candidate: cents for candidate, cents in sorted(snapshot.floors) if candidate in there and cents > 0}


def floors(rule: Batch, snapshot: RoundSnapshot, percent: int) -> dict[str, int]:
    """What can be promised now: the old floor, or that part of the estimate, rounded down, where it is more.

    No old floor is lowered. The smallest estimate is served first, so where old floors and pools leave too little for
    all, those with the largest estimate get less of a rise.
    """
    candidates = {candidate.id: candidate for candidate in snapshot.candidates}
    new = promised(snapshot)
    placement = _with_floors(snapshot, new)
    for candidate, estimate in sorted(run(rule, snapshot).lines, key=lambda line: (line[1].cents, line[0])):
        old = new.get(candidate, 0)
        rise = max(0, estimate.cents * percent // 100 - old)
        new[candidate] = old + placement.place(candidates[candidate], rise)
    return {candidate: cents for candidate, cents in sorted(new.items()) if cents}


def _settled(rule: Batch, snapshot: RoundSnapshot, floors: Mapping[str, int]) -> dict[str, list[Reason]]:
    """What each candidate should get, as reasons: by the rule, or its floor."""
    weights = rule.weights(snapshot)
    fixed: dict[str, list[Reason]] = {}
    while True:
        rest = {candidate: weight for candidate, weight in weights.items() if candidate not in fixed}
        left = snapshot.budget - sum(_cents(reasons) for reasons in fixed.values())
        told = rule.shares(rest, max(0, left))
        below = {one: floor for one, floor in floors.items() if one in rest and _cents(told[one]) < floor}
        if not below:
            return {candidate: {**told, **fixed}[candidate] for candidate in weights}
        fixed |= {candidate: [Reason("floor", floor)] for candidate, floor in below.items()}


def _placed(
    snapshot: RoundSnapshot, told: Mapping[str, list[Reason]], floors: Mapping[str, int]
) -> dict[str, Allocation]:
    """The amounts on the pools; where their conditions leave too little, that is a reason more."""
    candidates = {candidate.id: candidate for candidate in snapshot.candidates}
    cents = {candidate: _cents(reasons) for candidate, reasons in told.items()}
    if _with_floors(snapshot, floors).conditional:
        asked = [Asked(candidates[one], floors.get(one, 0), cents[one] - floors.get(one, 0)) for one in sorted(cents)]
        cents = levelled(snapshot.pools, asked)
    placement = Placement(snapshot.pools)
    for candidate in sorted(cents):
        placement.place(candidates[candidate], cents[candidate])
    outcome = {}
    for candidate, reasons in told.items():
        limited(reasons, "conditions", cents[candidate])
        outcome[candidate] = placement.allocation(candidate, reasons)
    return outcome


def _with_floors(snapshot: RoundSnapshot, floors: Mapping[str, int]) -> Placement:
    """The pools with what was promised on them."""
    candidates = {candidate.id: candidate for candidate in snapshot.candidates}
    placement = Placement(snapshot.pools)
    for candidate, floor in floors.items():
        if placement.place(candidates[candidate], floor) < floor:
            raise Refused("floors-beyond-pot", f"The pot no longer holds the {floor} cents promised to {candidate}.")
    return placement


def _cents(reasons: list[Reason]) -> int:
    return sum(reason.cents for reason in reasons)
