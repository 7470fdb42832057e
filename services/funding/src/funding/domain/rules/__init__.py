"""Matching rules: pure functions on integers that say what follows, from which pot lines, and why.

A rule version is the SHA-256 of the canonical JSON of its name and knobs, so whoever has the knobs has the version.
Streaming rules answer one pledge (`answer`); every rule answers a whole round (`allocate`).
"""

from funding.domain.rules.allocation import TEXTS, Allocation, Payment, Reason, RoundAllocation
from funding.domain.rules.equal_shares import EqualShares
from funding.domain.rules.greedy import Greedy, GreedyNoSkip, GreedyThreshold
from funding.domain.rules.knobs import Rule
from funding.domain.rules.pro_rata import ProRata
from funding.domain.rules.quadratic import Quadratic, QuadraticPairwise
from funding.domain.rules.ratio import FirstCome, Ratio
from funding.domain.rules.registry import PRESETS, RULES, allocate, answer, floors, from_knobs, version
from funding.domain.rules.snapshots import (
    Ballot,
    Candidate,
    Gift,
    PledgeSnapshot,
    Pool,
    RoundSnapshot,
    canonical,
    digest,
)
from funding.domain.rules.threshold import Threshold

__all__ = [
    "PRESETS",
    "RULES",
    "TEXTS",
    "Allocation",
    "Ballot",
    "Candidate",
    "EqualShares",
    "FirstCome",
    "Gift",
    "Greedy",
    "GreedyNoSkip",
    "GreedyThreshold",
    "Payment",
    "PledgeSnapshot",
    "Pool",
    "ProRata",
    "Quadratic",
    "QuadraticPairwise",
    "Ratio",
    "Reason",
    "RoundAllocation",
    "RoundSnapshot",
    "Rule",
    "Threshold",
    "allocate",
    "answer",
    "canonical",
    "digest",
    "floors",
    "from_knobs",
    "version",
]
