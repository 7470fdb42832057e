"""What a round that is counted at its close would give if it closed now, and what it gives at least."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from funding.domain import rules
from funding.domain.rules.snapshots import RoundSnapshot

FRESH_FOR = timedelta(minutes=1)
"""An estimate is made again when it is asked for and older than this."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What each initiative would get, in cents, at a moment; those that would get nothing are left out."""

    at: datetime
    lines: tuple[tuple[str, int], ...]

    def is_fresh(self, now: datetime) -> bool:
        """Whether it still answers."""
        return now < self.at + FRESH_FOR


def estimated(
    rule: rules.Rule, snapshot: RoundSnapshot, floor_percent: int, at: datetime
) -> tuple[Estimate, dict[str, int]]:
    """What the rule gives now, and the floors that follow: never below those in the snapshot."""
    allocation = rules.allocate(rule, snapshot)
    lines = tuple((candidate, line.cents) for candidate, line in allocation.lines if line.cents)
    return Estimate(at, lines), dict(rules.floors(rule, snapshot, floor_percent))
