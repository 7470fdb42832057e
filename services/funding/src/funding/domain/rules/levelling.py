"""Amounts that pools with conditions cannot pay in full, cut in the same proportion for all that ask the same pools.

Everyone gets the same part of its rise (what it should get above what was promised), as large a part as the pools
allow; whoever then cannot get more stays there, and the others go on. So the total is the largest there is, and no
one is served before another. Cents are rounded down, and the missing ones go by (largest fraction, smallest id) as far
as the conditions let them. This is the lexicographically optimal flow of Megiddo (1974); each level is found by taking
the part that the tightest cut allows until no cut is too tight (Newton's method, on exact fractions).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor, lcm

from funding.domain.rules.placing import Placement
from funding.domain.rules.snapshots import Candidate, Pool


@dataclass(frozen=True, slots=True)
class Asked:
    """What a candidate was promised, and what it should get on top of that, in cents."""

    candidate: Candidate
    promised: int
    rise: int


Amounts = dict[str, Fraction]


def levelled(pools: Sequence[Pool], asked: Sequence[Asked]) -> dict[str, int]:
    """What each gets of what it asked, in whole cents; what was promised must fit in the pools."""
    exact = _exact(pools, asked)
    placement = Placement(pools)
    whole = {one.candidate.id: floor(exact[one.candidate.id]) for one in asked}
    for one in asked:
        placement.place(one.candidate, whole[one.candidate.id])
    fraction = {one: amount - whole[one] for one, amount in exact.items()}
    for one in sorted(asked, key=lambda one: (-fraction[one.candidate.id], one.candidate.id)):
        if fraction[one.candidate.id]:
            whole[one.candidate.id] += placement.place(one.candidate, 1)
    return whole


def _exact(pools: Sequence[Pool], asked: Sequence[Asked]) -> Amounts:
    held: dict[str, Fraction] = {}
    moving = {one.candidate.id for one in asked if one.rise}
    while True:
        part = Fraction(1)
        while (cut := _cut(pools, amounts := _amounts(asked, held, part), asked)) is not None:
            across, room = cut
            rises = sum(one.rise for one in asked if one.candidate.id in across & moving)
            fixed = sum(amounts[one] for one in across) - part * rises
            part = (room - fixed) / rises
        if part == 1:
            return amounts
        stuck = {one for one in moving if _is_stuck(pools, amounts, asked, one)}
        held |= dict.fromkeys(stuck, part)
        moving -= stuck


def _amounts(asked: Sequence[Asked], held: Mapping[str, Fraction], part: Fraction) -> Amounts:
    return {one.candidate.id: one.promised + held.get(one.candidate.id, part) * one.rise for one in asked}


def _cut(pools: Sequence[Pool], amounts: Amounts, asked: Sequence[Asked]) -> tuple[set[str], Fraction] | None:
    """Candidates that ask more together than the pools can give them, and what that is; None where all fits."""
    placement, short, scale = _tried(pools, amounts, asked)
    if not short:
        return None
    across, room = placement.bottleneck(short)
    return across, Fraction(room, scale)


def _is_stuck(pools: Sequence[Pool], amounts: Amounts, asked: Sequence[Asked], candidate: str) -> bool:
    placement, _, _ = _tried(pools, amounts, asked)
    (one,) = (one.candidate for one in asked if one.candidate.id == candidate)
    return placement.place(one, 1) == 0


def _tried(pools: Sequence[Pool], amounts: Amounts, asked: Sequence[Asked]) -> tuple[Placement, list[str], int]:
    """Amounts placed on the pools, with cents cut so fine that all amounts are whole; and who falls short."""
    scale = lcm(*(amount.denominator for amount in amounts.values()))
    placement = Placement([_scaled(pool, scale) for pool in pools])
    short = []
    for one in asked:
        wanted = int(amounts[one.candidate.id] * scale)
        if placement.place(one.candidate, wanted) < wanted:
            short.append(one.candidate.id)
    return placement, short, scale


def _scaled(pool: Pool, scale: int) -> Pool:
    most = pool.most_per_candidate
    return Pool(pool.id, pool.cents * scale, pool.themes, pool.neighbourhoods, None if most is None else most * scale)
