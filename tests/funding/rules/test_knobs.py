"""Rules by name with knobs: what is taken, and what is refused with a clear reason."""

from typing import Any

import pytest
from hypothesis import given
from tests.funding.rules.strategies import BATCH, COUNTING, STREAMING, rules_of

from dorpsplein.errors import Refused
from funding.domain import rules
from funding.domain.rules import PRESETS, RULES, Rule

HALF = {"numerator": 1, "denominator": 2, "capPledgeCents": 1, "capDonorCents": 2, "capInitiativeCents": 3}


def without(knobs: dict[str, Any], name: str) -> dict[str, Any]:
    return {knob: value for knob, value in knobs.items() if knob != name}


def test_there_are_ten_rules_and_four_presets():
    assert list(RULES) == [*STREAMING, *BATCH, *COUNTING]
    assert len(PRESETS) == 4


@pytest.mark.parametrize(
    ("name", "knobs", "code"),
    [
        ("lottery", {}, "rule-unknown"),
        ("ratio", {**HALF, "bonus": 1}, "knob-unknown"),
        ("ratio", {**HALF, "partial": 1}, "knob-unknown"),
        ("ratio", without(HALF, "denominator"), "knob-missing"),
        ("first_come", HALF, "knob-missing"),
        ("ratio", {**HALF, "denominator": 0}, "knob-out-of-bounds"),
        ("ratio", {**HALF, "denominator": 1_000_001}, "knob-out-of-bounds"),
        ("ratio", {**HALF, "numerator": True}, "knob-out-of-bounds"),
        ("ratio", {**HALF, "numerator": 1.0}, "knob-out-of-bounds"),
        ("ratio", {**HALF, "numerator": "1"}, "knob-out-of-bounds"),
        ("ratio", {**HALF, "capDonorCents": -1}, "knob-out-of-bounds"),
        ("ratio", {**HALF, "capDonorCents": 2**53}, "knob-out-of-bounds"),
        ("first_come", {**HALF, "partial": 2}, "knob-out-of-bounds"),
        ("greedy", {"ties": "coin"}, "knob-out-of-bounds"),
        ("greedy", {"ties": ["fixed"]}, "knob-out-of-bounds"),
        ("greedy_threshold", {"ties": "fixed", "leastScore": -1}, "knob-out-of-bounds"),
    ],
)
def test_what_is_no_rule_or_no_value_of_a_knob_is_refused(name: str, knobs: dict[str, Any], code: str):
    with pytest.raises(Refused) as refusal:
        rules.from_knobs(name, knobs)
    assert refusal.value.code == code
    assert refusal.value.detail


@given(rules_of(*STREAMING, *BATCH, *COUNTING))
def test_a_rule_is_its_name_and_knobs(rule: Rule):
    assert rules.from_knobs(rule.name, rule.knobs()) == rule
    assert rule.family == ("streaming" if rule.name in STREAMING else "batch" if rule.name in BATCH else "counting")


@given(rules_of(*STREAMING, *BATCH, *COUNTING), rules_of(*STREAMING, *BATCH, *COUNTING))
def test_rules_have_the_same_version_only_when_they_are_the_same(one: Rule, other: Rule):
    assert (rules.version(one) == rules.version(other)) == (one == other)
