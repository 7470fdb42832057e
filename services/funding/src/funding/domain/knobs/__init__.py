"""Knobs: every parameter that the community turns, and how a turn comes about."""

from funding.domain.knobs.registry import REGISTRY, Class, Knob, Step, Value, Values, knobs_of
from funding.domain.knobs.values import rule_of, rule_version, start, valuation_version

__all__ = [
    "REGISTRY",
    "Class",
    "Knob",
    "Step",
    "Value",
    "Values",
    "knobs_of",
    "rule_of",
    "rule_version",
    "start",
    "valuation_version",
]
