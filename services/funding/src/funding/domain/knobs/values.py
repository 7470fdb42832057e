"""The values in effect in a fund: how they start, what a change makes of them, and which versions they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dorpsplein.errors import Refused
from funding.domain import rules
from funding.domain.knobs.registry import REGISTRY, RULE_NAMES, VALUATION, Knob, Value, Values, knobs_of
from funding.domain.rules.snapshots import digest

Bounds = Mapping[str, tuple[int, int]]
"""The least and the most of knobs that a council narrowed."""


@dataclass(frozen=True, slots=True)
class KnobSet:
    """The values of one fund from `effective_at` on; `number` counts up from 1, `change` is what led to it."""

    fund: UUID
    number: int
    values: Values
    effective_at: datetime
    change: UUID | None = None


def start(rule: str, given: Values) -> dict[str, Value]:
    """The first values of a fund under a rule: those given, the registry's for all others.

    Raises Refused("rule-unknown"), ("knob-unknown"), ("knob-not-used") or ("knob-out-of-bounds").
    """
    if rule not in RULE_NAMES:
        raise Refused("rule-unknown", f"There is no rule {rule}; there are {', '.join(RULE_NAMES)}.")
    if given.get("rule", rule) != rule:
        raise Refused("rule-unknown", f"The knobs name another rule than {rule}; name it once.")
    values = {name: knob.default for name, knob in REGISTRY.items()} | {"rule": rule}
    return changed(values, given)


def changed(values: Values, given: Values, bounds: Bounds | None = None) -> dict[str, Value]:
    """The values after `given` is put in place. Raises Refused as `start` does."""
    after = {**values, **given}
    for name, value in given.items():
        refuse_out_of_bounds(name, value, bounds or {})
        if not REGISTRY[name].used_by(str(after["rule"])):
            raise Refused("knob-not-used", f"{name} means nothing under the rule {after['rule']}; leave it out.")
    return after


def refuse_out_of_bounds(name: str, value: Value, bounds: Bounds) -> None:
    """Raises Refused("knob-unknown"), or ("knob-out-of-bounds") with what is allowed."""
    knob = REGISTRY.get(name)
    if knob is None:
        raise Refused("knob-unknown", f"There is no knob {name}; see /v1/knobs for those there are.")
    if knob.choices:
        if value not in knob.choices:
            raise Refused("knob-out-of-bounds", f"{name} is one of {', '.join(knob.choices)}.", knob=name)
        return
    least, most = bounds_of(knob, bounds)
    if isinstance(value, str) or not least <= value <= most:
        raise Refused("knob-out-of-bounds", f"{name} is a whole number from {least} to {most}.", knob=name)


def bounds_of(knob: Knob, bounds: Bounds) -> tuple[int, int]:
    """The least and the most of a knob in a fund."""
    return bounds.get(knob.name, (knob.least, knob.most))


def refuse_steps(before: Values, after: Values) -> None:
    """Raises Refused("knob-step-too-large") for a knob that moves further than one change may move it.

    A knob that the rule before did not use starts to count: it may be put anywhere within its bounds.
    """
    for name, value in after.items():
        knob = REGISTRY[name]
        counted = value != before[name] and knob.step and knob.used_by(str(before["rule"]))
        if counted and not _within(knob, before, after):
            raise Refused("knob-step-too-large", f"{name} moves {_most(knob)} in one change.", knob=name)


def _within(knob: Knob, before: Values, after: Values) -> bool:
    step = knob.step
    assert step is not None
    old, new = int(before[knob.name]), int(after[knob.name])
    if step.kind == "by":
        return abs(new - old) <= step.size
    if step.kind == "quotient":
        old = int(before["numerator"]) * int(after["denominator"])
        new = int(after["numerator"]) * int(before["denominator"])
    return new <= old * step.size and old <= new * step.size


def _most(knob: Knob) -> str:
    assert knob.step is not None
    if knob.step.kind == "by":
        return f"at most {knob.step.size} {knob.unit} up or down"
    what = "with its fellow, as a quotient, " if knob.step.kind == "quotient" else ""
    return f"{what}at most to {knob.step.size} times as much or to that part of it"


def turned(before: Values, after: Values) -> dict[str, Value]:
    """What differs after, by name."""
    return {name: value for name, value in after.items() if value != before.get(name)}


def rule_of(values: Values) -> rules.Rule:
    """The matching rule these values make."""
    name = str(values["rule"])
    return rules.from_knobs(name, {knob.name: values[knob.name] for knob in knobs_of(name)})


def rule_version(values: Values) -> str:
    """The version of the rule these values make."""
    return rules.version(rule_of(values))


def valuation_version(values: Values) -> str:
    """The version of the valuation: SHA-256, in hex, of its canonical JSON."""
    return digest({"valuation": {name: values[name] for name in VALUATION}})


def numbers(values: Values) -> dict[str, int]:
    """The values that are numbers."""
    return {name: value for name, value in values.items() if isinstance(value, int)}


def choices(values: Values) -> dict[str, str]:
    """The values that are choices."""
    return {name: value for name, value in values.items() if isinstance(value, str)}
