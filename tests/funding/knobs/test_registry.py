"""The registry: every rule's knobs are in it, and values stay within bounds and steps."""

from typing import Any

import pytest

from dorpsplein.errors import Refused
from funding.domain import knobs, rules
from funding.domain.knobs import REGISTRY, Value
from funding.domain.knobs.registry import RULE_NAMES, heaviest
from funding.domain.knobs.values import changed, refuse_steps

WRITTEN: dict[str, list[Value]] = {
    "rule": ["lottery", 1, ""],
    "numerator": [0, -1, 10**6 + 1, "1"],
    "capPledgeCents": [0, -1, 2**53, "x"],
    "completion": ["add2", 1],
    "partial": [2, -1, "on"],
    "startPercent": [0, 101],
    "floorPercent": [-1, 101],
    "valuationEvidence": [2],
    "leastVoters": [2, 10_001],
    "quorumPercentTuning": [0, 51],
}
STEPS: list[tuple[str, dict[str, Value], dict[str, Value], bool]] = [
    ("ratio", {"capPledgeCents": 100}, {"capPledgeCents": 200}, True),
    ("ratio", {"capPledgeCents": 100}, {"capPledgeCents": 201}, False),
    ("ratio", {"capPledgeCents": 100}, {"capPledgeCents": 50}, True),
    ("ratio", {"capPledgeCents": 100}, {"capPledgeCents": 49}, False),
    ("ratio", {"numerator": 1, "denominator": 2}, {"numerator": 3, "denominator": 4}, True),
    ("ratio", {"numerator": 1, "denominator": 2}, {"numerator": 100, "denominator": 101}, True),
    ("ratio", {"numerator": 1, "denominator": 2}, {"numerator": 101, "denominator": 100}, False),
    ("ratio", {"numerator": 1, "denominator": 2}, {"denominator": 5}, False),
    ("threshold", {"startPercent": 25}, {"startPercent": 35}, True),
    ("threshold", {"startPercent": 25}, {"startPercent": 14}, False),
    ("ratio", {"quoteMinutes": 30}, {"quoteMinutes": 121}, False),
    ("ratio", {"capPledgeCents": 100}, {"rule": "first_come", "capPledgeCents": 201}, False),
    ("ratio", {}, {"rule": "threshold", "startPercent": 99}, True),
]


def test_every_rule_is_a_choice_and_has_all_its_knobs_here() -> None:
    assert set(RULE_NAMES) == set(REGISTRY["rule"].choices)
    assert set(rules.RULES) <= set(RULE_NAMES)
    for name, rule in rules.RULES.items():
        made = rules.from_knobs(name, {knob.name: knob.default for knob in knobs.knobs_of(name)})
        assert isinstance(made, rule)


@pytest.mark.parametrize("name", sorted(rules.RULES))
def test_whatever_the_registry_allows_a_rule_takes(name: str) -> None:
    values = knobs.start(name, {})
    for knob in knobs.knobs_of(name):
        for value in knob.choices or (knob.least, knob.most):
            knobs.rule_of({**values, knob.name: value})


def test_every_default_is_within_its_bounds_and_every_knob_says_what_it_is() -> None:
    for knob in REGISTRY.values():
        assert knob.says.strip()
        if knob.choices:
            assert knob.default in knob.choices
            assert knob.knob_class == "rule"
        else:
            assert isinstance(knob.default, int)
            assert knob.least <= knob.default <= knob.most


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, them in WRITTEN.items() for value in them])
def test_a_value_outside_its_bounds_is_refused(name: str, value: Value) -> None:
    rule = next(iter(REGISTRY[name].rules), "ratio")
    if rule not in rules.RULES:
        pytest.skip(f"{rule} is not there yet")
    with pytest.raises(Refused) as no:
        changed(knobs.start(rule, {}), {name: value})
    assert no.value.code == "knob-out-of-bounds"


@pytest.mark.parametrize(("rule", "start", "change", "fits"), STEPS)
def test_one_change_moves_a_knob_no_further_than_its_step(
    rule: str, start: dict[str, Value], change: dict[str, Value], fits: bool
) -> None:
    before = knobs.start(rule, start)
    after = changed(before, change)
    if fits:
        refuse_steps(before, after)
    else:
        with pytest.raises(Refused) as no:
            refuse_steps(before, after)
        assert no.value.code == "knob-step-too-large"


@pytest.mark.parametrize(
    ("rule", "given", "code"),
    [
        ("lottery", {}, "rule-unknown"),
        ("ratio", {"rule": "threshold"}, "rule-unknown"),
        ("ratio", {"dial": 1}, "knob-unknown"),
        ("ratio", {"startPercent": 30}, "knob-not-used"),
        ("ratio", {"numerator": 0}, "knob-out-of-bounds"),
    ],
)
def test_a_fund_does_not_start_with_what_cannot_be(rule: str, given: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as no:
        knobs.start(rule, given)
    assert no.value.code == code


def test_a_change_is_as_heavy_as_its_heaviest_knob() -> None:
    assert heaviest(["capPledgeCents"]) == "tuning"
    assert heaviest(["capPledgeCents", "rule"]) == "rule"
    assert heaviest(["rule", "votingDays", "capPledgeCents"]) == "constitution"


def test_versions_follow_what_they_are_of_and_nothing_else() -> None:
    values = knobs.start("ratio", {})
    for name, other in (("numerator", 3), ("valuationHourCents", 2_100), ("votingDays", 8), ("startPercent", 30)):
        moved = {**values, name: other}
        assert (knobs.rule_version(moved) != knobs.rule_version(values)) == (name == "numerator")
        assert (knobs.valuation_version(moved) != knobs.valuation_version(values)) == (name == "valuationHourCents")
