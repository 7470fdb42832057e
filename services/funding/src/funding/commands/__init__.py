"""One command, one transaction: lock, decide, move the money, keep the state and its facts."""

from funding.commands import (
    audit,
    closing,
    council,
    counts,
    elections,
    estimates,
    fair_share,
    knobs,
    means,
    payouts,
    pledges,
    rounds,
    statements,
    transparency,
)

__all__ = [
    "audit",
    "closing",
    "council",
    "counts",
    "elections",
    "estimates",
    "fair_share",
    "knobs",
    "means",
    "payouts",
    "pledges",
    "rounds",
    "statements",
    "transparency",
]
