"""`threshold`: once the crowd brought a part of what an initiative needs, a share of it is added, once.

Once crowd·100 ≥ goal·start %: m = max(0, min(⌊goal·share %/100⌋, goal - crowd, cap - what it got, left in the pot)).
The crowd includes the pledge that is answered, so the cents that bring it over the start count. Source: matching
rules of the funding design, after Dutch practice of provinces ("crowd reaches 25 %, the province adds 50 %").
"""

from dataclasses import dataclass
from typing import ClassVar

from funding.domain.rules.allocation import Allocation, Reason, limited
from funding.domain.rules.knobs import MOST_PART, Family, Rule, cap, whole
from funding.domain.rules.snapshots import PledgeSnapshot
from funding.domain.rules.splitting import from_pot


@dataclass(frozen=True, slots=True)
class Threshold(Rule):
    """Add `share_percent` of the goal when the crowd reaches `start_percent` of it, with `least_donors` people.

    Paid once per initiative: where something was matched before, nothing follows any more.
    """

    start_percent: int = whole(0, 100)
    share_percent: int = whole(1, 100)
    cap_initiative_cents: int = cap()
    least_donors: int = whole(1, MOST_PART)

    name: ClassVar[str] = "threshold"
    family: ClassVar[Family] = "streaming"

    def answer(self, snapshot: PledgeSnapshot) -> Allocation:
        """What follows one pledge: most often nothing, and once the share."""
        reasons = [Reason("threshold", max(0, snapshot.goal) * self.share_percent // 100)]
        if stop := self.stop(snapshot):
            reasons.append(Reason(stop, -reasons[0].cents))
            return Allocation(0, (), tuple(reasons))
        limited(reasons, "goal-rest", snapshot.goal - self.crowd(snapshot))
        limited(reasons, "cap-initiative", self.cap_initiative_cents)
        limited(reasons, "pot-left", sum(left for _, left in snapshot.pot))
        return from_pot(reasons, snapshot.pot)

    def stop(self, snapshot: PledgeSnapshot) -> str:
        """Why nothing follows this pledge, as the code of a reason; empty where something does."""
        if snapshot.goal <= 0:
            return "goal-unknown"
        if snapshot.given_to_initiative > 0:
            return "paid-before"
        if self.crowd(snapshot) * 100 < snapshot.goal * self.start_percent:
            return "start-not-reached"
        if snapshot.donors < self.least_donors:
            return "too-few-donors"
        return ""

    def crowd(self, snapshot: PledgeSnapshot) -> int:
        """What people promised, this pledge included."""
        return snapshot.crowd + snapshot.pledge
