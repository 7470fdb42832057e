"""The rules there are, by name, and the presets from Dutch practice; one way to run each.

Presets, after the funding design: `quarter-half-quarter` (the crowd reaches 25 %, the province adds 50 %, at most
EUR 5,000, the crowd brings the rest); `euro-for-euro` (up to EUR 5,000 an initiative); `last-quarter` (at 75 % the
province pays the last quarter); `half-if-the-rest-is-found`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dorpsplein.errors import Refused
from funding.domain.rules import batch, streaming
from funding.domain.rules.allocation import Allocation, RoundAllocation
from funding.domain.rules.equal_shares import EqualShares
from funding.domain.rules.greedy import Greedy, GreedyNoSkip, GreedyThreshold
from funding.domain.rules.knobs import MOST_CENTS, Rule
from funding.domain.rules.pro_rata import ProRata
from funding.domain.rules.quadratic import Quadratic, QuadraticPairwise
from funding.domain.rules.ratio import FirstCome, Ratio
from funding.domain.rules.snapshots import PledgeSnapshot, RoundSnapshot, digest
from funding.domain.rules.threshold import Threshold

RULES: dict[str, type[Rule]] = {
    rule.name: rule
    for rule in (
        *(Ratio, FirstCome, Threshold),
        *(ProRata, Quadratic, QuadraticPairwise),
        *(EqualShares, Greedy, GreedyNoSkip, GreedyThreshold),
    )
}
"""Every rule, by name."""

PRESETS: dict[str, Rule] = {
    "quarter-half-quarter": Threshold(25, 50, 5_000_00, 1),
    "euro-for-euro": Ratio(1, 1, MOST_CENTS, MOST_CENTS, 5_000_00),
    "last-quarter": Threshold(75, 25, MOST_CENTS, 1),
    "half-if-the-rest-is-found": Threshold(50, 50, MOST_CENTS, 1),
}
"""Rules with knobs as Dutch funds use them."""


def from_knobs(name: str, knobs: Mapping[str, Any]) -> Rule:
    """The rule of this name with these knobs, as `Rule.knobs` gives them.

    Raises Refused("rule-unknown"), ("knob-unknown"), ("knob-missing") or ("knob-out-of-bounds").
    """
    if name not in RULES:
        raise Refused("rule-unknown", f"There is no rule {name!r}; there are {', '.join(RULES)}.")
    return RULES[name].of(knobs)


def version(rule: Rule) -> str:
    """The version of a rule: SHA-256, in hex, of the canonical JSON of its name and knobs."""
    return digest({"rule": rule.name, "knobs": rule.knobs()})


def answer(rule: Rule, snapshot: PledgeSnapshot) -> Allocation:
    """What follows one pledge. Raises Refused("rule-not-streaming") for a rule that answers whole rounds only."""
    if not isinstance(rule, streaming.Streaming):
        raise Refused("rule-not-streaming", f"The rule {rule.name} answers when a round closes, not per pledge.")
    return rule.answer(snapshot)


def allocate(rule: Rule, snapshot: RoundSnapshot, draw: Sequence[str] | None = None) -> RoundAllocation:
    """What a whole round gives. `draw` has candidates in the order of a public draw, for ties a rule leaves to it.

    Floors count for batch rules only. Raises Refused("floors-beyond-pot") where the pot cannot keep them, and
    ("too-many-steps") where add-one does not end.
    """
    match rule:
        case Ratio() | FirstCome() | Threshold():
            return streaming.run(rule, snapshot)
        case ProRata() | Quadratic() | QuadraticPairwise():
            return batch.run(rule, snapshot)
        case EqualShares() | Greedy():
            return rule.count(snapshot, draw)
    raise TypeError(f"{rule.name} has no way to answer a round")


def floors(rule: Rule, snapshot: RoundSnapshot, floor_percent: int) -> tuple[tuple[str, int], ...]:
    """What can be promised to candidates of a running round: never less than before, by candidate id, in cents.

    That part of today's estimate, rounded down, as far as the pot allows (see batch). Nothing for other than batch
    rules: a streaming rule promises with each answer, and a count is open until its end.
    """
    match rule:
        case ProRata() | Quadratic() | QuadraticPairwise():
            return tuple(batch.floors(rule, snapshot, floor_percent).items())
    return ()
