"""Simulation: past rounds and elections, run again under the values in effect and the proposed ones.

A rule is only run on what it can count: rules of rounds on gifts, counting rules on ballots. Where one cannot be run
the report says so and nothing is given. Hours and halls stand in a past round at the valuation of that time, and
what concerns no past allocation (quotes, floors, the constitution, bounds) changes none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from funding.domain import rules
from funding.domain.knobs.registry import Values
from funding.domain.knobs.values import rule_of
from funding.domain.rules.snapshots import RoundSnapshot, digest

MOST_LISTED = 100
PAST_ROUNDS = 5
PAST_ELECTIONS = 5


@dataclass(frozen=True, slots=True)
class Past:
    """A round or an election of before, by id."""

    kind: Literal["round", "election"]
    id: str
    snapshot: RoundSnapshot


@dataclass(frozen=True, slots=True)
class Report:
    """What a simulation shows, as a JSON document with public names, and its digest."""

    document: Mapping[str, Any]
    digest: str


def simulate(before: Values, after: Values, base: int, past: Sequence[Past]) -> Report:
    """Run everything again under both; amounts in cents. The same input gives the same report, byte for byte."""
    old, new = rule_of(before), rule_of(after)
    cases = [_case(one, old, new) for one in past]
    document = {
        "baseNumber": base,
        "ruleVersion": rules.version(old),
        "proposedRuleVersion": rules.version(new),
        "cases": cases,
        "summary": summary(cases),
    }
    return Report(document, digest(document))


def _case(past: Past, old: rules.Rule, new: rules.Rule) -> dict[str, Any]:
    gave, gives = _given(past.snapshot, old), _given(past.snapshot, new)
    moved = {
        candidate: (gave[1].get(candidate, 0), gives[1].get(candidate, 0))
        for candidate in sorted({*gave[1], *gives[1]})
        if gave[1].get(candidate, 0) != gives[1].get(candidate, 0)
    }
    ranked = sorted(moved.items(), key=lambda item: (-abs(item[1][1] - item[1][0]), item[0]))
    return {
        "kind": past.kind,
        "id": past.id,
        "inputDigest": digest(past.snapshot.document()),
        "potCents": past.snapshot.budget,
        "before": _totals(past.snapshot, *gave),
        "after": _totals(past.snapshot, *gives),
        "gain": sum(1 for was, will in moved.values() if will > was),
        "lose": sum(1 for was, will in moved.values() if will < was),
        "differences": [
            {"candidate": candidate, "beforeCents": was, "afterCents": will, "differenceCents": will - was}
            for candidate, (was, will) in ranked[:MOST_LISTED]
        ],
    }


def _given(snapshot: RoundSnapshot, rule: rules.Rule) -> tuple[bool, dict[str, int]]:
    """Whether the rule can be run on this, and what it gives to each candidate."""
    if not (snapshot.ballots if rule.family == "counting" else snapshot.gifts):
        return False, {}
    allocation = rules.allocate(rule, snapshot)
    return True, {candidate: line.cents for candidate, line in allocation.lines if line.cents}


def _totals(snapshot: RoundSnapshot, counted: bool, given: Mapping[str, int]) -> dict[str, Any]:
    total = sum(given.values())
    return {"counted": counted, "candidates": len(given), "totalCents": total, "leftCents": snapshot.budget - total}


def summary(cases: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """One sentence in Dutch and one in English, over all cases together."""
    if not cases:
        return {
            "nl": "Er zijn nog geen rondes of verkiezingen om dit op na te rekenen.",
            "en": "There are no rounds or elections yet to run this on.",
        }
    more = sum(case["after"]["candidates"] - case["before"]["candidates"] for case in cases)
    left = sum(case["after"]["leftCents"] for case in cases)
    gain, lose = (sum(case[part] for case in cases) for part in ("gain", "lose"))
    return {
        "nl": f"{_more_nl(more)}, {_euros(left, '.', ',')} over; meer voor {gain}, minder voor {lose}.",
        "en": f"{_more_en(more)}, {_euros(left, ',', '.')} left; more for {gain}, less for {lose}.",
    }


def _more_nl(more: int) -> str:
    what = "initiatief" if abs(more) == 1 else "initiatieven"
    return f"{_number(abs(more), NL)} {what} {'meer' if more > 0 else 'minder'}" if more else "Evenveel initiatieven"


def _more_en(more: int) -> str:
    what = "initiative" if abs(more) == 1 else "initiatives"
    word = _number(abs(more), EN)
    if not more:
        return "As many initiatives"
    return f"{word} {'more' if more > 0 else 'fewer'} {what}"


NL = ("", "Eén", "Twee", "Drie", "Vier", "Vijf", "Zes", "Zeven", "Acht", "Negen", "Tien", "Elf", "Twaalf")
EN = ("", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve")


def _number(count: int, words: Sequence[str]) -> str:
    return words[count] if count < len(words) else str(count)


def _euros(cents: int, thousands: str, decimal: str) -> str:
    euros = f"{cents // 100:,}".replace(",", thousands)
    return f"EUR {euros}" if cents % 100 == 0 else f"EUR {euros}{decimal}{cents % 100:02d}"
