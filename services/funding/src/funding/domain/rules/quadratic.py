"""`quadratic` and `quadratic_pairwise`: many small gifts weigh more than a few large ones.

quadratic: raw = max(0, (Σ_d √c_d)² - Σ_d c_d), with c_d what donor d gave to the initiative in all. Source: Buterin,
Hitzig and Weyl, "Liberal Radicalism" (2018).

quadratic_pairwise: raw = Σ_{i<j} √(c_ip·c_jp)·M/(M + Σ_q √(c_iq·c_jq)), so that a pair of donors that give to the same
initiatives again and again together weighs at most M. Source: Buterin, "Pairwise coordination subsidies" (2019).

A root is ⌊√(c·10¹²)⌋, in 10⁻⁶ of the root of a cent, so raw is in 10⁻¹² cents; in pairwise √(c_i·c_j) is the product of
two roots and each term is rounded down. What is shared out is min(pot, Σ raw), or the whole pot with `expand`. Without
`expand` what one earns above its cap goes to the others; so where pot lines have conditions, a larger pledge may make
the others' part of a scarce line larger than its own (I6 of the funding design holds without conditions).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt
from typing import ClassVar

from funding.domain.rules.allocation import Reason
from funding.domain.rules.knobs import MOST_CENTS, Family, Rule, cap, flag, whole
from funding.domain.rules.pro_rata import by_donor
from funding.domain.rules.sharing import share_out
from funding.domain.rules.snapshots import RoundSnapshot

FINE = 10**12
"""Raw amounts are whole numbers of this part of a cent."""


def root(cents: int) -> int:
    """The square root of an amount, in 10⁻⁶, rounded down."""
    return isqrt(cents * FINE)


def shared(weights: dict[str, int], pot: int, expand: int, cap_cents: int, code: str) -> dict[str, list[Reason]]:
    """Share the pool out by raw amounts; told from what the formula gives."""
    raw = sum(weights.values())
    pool = pot if expand and raw else min(pot, raw // FINE)
    told = {one: [Reason(code, weight // FINE)] for one, weight in weights.items()}
    share_out(pool, weights, cap_cents, "pot-share", told)
    return told


@dataclass(frozen=True, slots=True)
class Quadratic(Rule):
    """Match by the square of the sum of roots."""

    expand: int = flag()
    cap_initiative_cents: int = cap()

    name: ClassVar[str] = "quadratic"
    family: ClassVar[Family] = "batch"

    def weights(self, snapshot: RoundSnapshot) -> dict[str, int]:
        """The raw amount of each candidate, in 10⁻¹² cents."""
        return {
            candidate: max(0, sum(map(root, donors.values())) ** 2 - sum(donors.values()) * FINE)
            for candidate, donors in by_donor(snapshot).items()
        }

    def shares(self, weights: dict[str, int], pot: int) -> dict[str, list[Reason]]:
        """Why each candidate gets what, of a pot."""
        return shared(weights, pot, self.expand, self.cap_initiative_cents, "by-many")


@dataclass(frozen=True, slots=True)
class QuadraticPairwise(Rule):
    """Match by pairs of donors, each pair weighing at most `coefficient_cents` (M) in all."""

    coefficient_cents: int = whole(1, MOST_CENTS)
    expand: int = flag()
    cap_initiative_cents: int = cap()

    name: ClassVar[str] = "quadratic_pairwise"
    family: ClassVar[Family] = "batch"

    def weights(self, snapshot: RoundSnapshot) -> dict[str, int]:
        """The raw amount of each candidate, in 10⁻¹² cents."""
        given = by_donor(snapshot)
        number = {
            donor: place for place, donor in enumerate(sorted({donor for one in given.values() for donor in one}))
        }
        roots = {
            candidate: sorted((number[donor], root(cents)) for donor, cents in donors.items())
            for candidate, donors in given.items()
        }
        most = self.coefficient_cents * FINE
        pairs = [_nothing() for _ in number]
        for donors in roots.values():
            _add_pairs(donors, pairs)
        return {candidate: _raw(donors, pairs, most) for candidate, donors in roots.items()}

    def shares(self, weights: dict[str, int], pot: int) -> dict[str, list[Reason]]:
        """Why each candidate gets what, of a pot."""
        return shared(weights, pot, self.expand, self.cap_initiative_cents, "by-pairs")


def _nothing() -> dict[int, int]:
    return {}


def _add_pairs(donors: Sequence[tuple[int, int]], pairs: list[dict[int, int]]) -> None:
    """Add the product of roots of each pair of donors to what the pair has."""
    for place, (one, root_of_one) in enumerate(donors, 1):
        row = pairs[one]
        for other, root_of_other in donors[place:]:
            row[other] = row.get(other, 0) + root_of_one * root_of_other


def _raw(donors: Sequence[tuple[int, int]], pairs: list[dict[int, int]], most: int) -> int:
    """The sum over the pairs of a candidate's donors, each term rounded down."""
    raw = 0
    for place, (one, root_of_one) in enumerate(donors, 1):
        row = pairs[one]
        weight = root_of_one * most
        raw += sum([weight * root_of_other // (most + row[other]) for other, root_of_other in donors[place:]])
    return raw
