"""`pro_rata`: the pot is split by what the crowd brought, with caps.

Eligible is, per donor and initiative, what it gave up to a cap. The whole pot is shared out by eligible money, up to a
cap per initiative (see sharing). Source: the matching rules of the funding design.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import ClassVar

from funding.domain.rules.allocation import Reason
from funding.domain.rules.knobs import Family, Rule, cap
from funding.domain.rules.sharing import share_out
from funding.domain.rules.snapshots import RoundSnapshot

Given = dict[str, dict[str, int]]


def by_donor(snapshot: RoundSnapshot) -> Given:
    """What each donor gave to each candidate in all, so that a gift cut in two is one gift."""
    given: Given = {candidate.id: defaultdict(int) for candidate in snapshot.candidates}
    for gift in snapshot.gifts:
        given[gift.candidate][gift.donor] += gift.cents
    return given


@dataclass(frozen=True, slots=True)
class ProRata(Rule):
    """Split the pot by eligible crowd money."""

    cap_donor_cents: int = cap()
    cap_initiative_cents: int = cap()

    name: ClassVar[str] = "pro_rata"
    family: ClassVar[Family] = "batch"

    def weights(self, snapshot: RoundSnapshot) -> dict[str, int]:
        """The eligible cents of each candidate."""
        return {
            candidate: sum(min(cents, self.cap_donor_cents) for cents in donors.values())
            for candidate, donors in by_donor(snapshot).items()
        }

    def shares(self, weights: dict[str, int], pot: int) -> dict[str, list[Reason]]:
        """Why each candidate gets what, of a pot."""
        told: dict[str, list[Reason]] = {candidate: [] for candidate in weights}
        share_out(pot if any(weights.values()) else 0, weights, self.cap_initiative_cents, "by-crowd", told)
        return told
