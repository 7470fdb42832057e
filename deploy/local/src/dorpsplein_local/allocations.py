"""A rule run on an election file: which knobs it gets, and its outcome as a document."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from dorpsplein_local.errors import CannotRun
from funding.domain import pabulib, rules
from funding.domain.rules import Allocation, RoundAllocation, RoundSnapshot, Rule
from funding.domain.rules.knobs import MOST_CENTS

DEFAULTS: dict[str, int | str] = {
    "numerator": 1,
    "denominator": 1,
    "capPledgeCents": MOST_CENTS,
    "capDonorCents": MOST_CENTS,
    "capInitiativeCents": MOST_CENTS,
    "partial": 1,
    "startPercent": 25,
    "sharePercent": 50,
    "leastDonors": 1,
    "coefficientCents": 100_00,
    "expand": 0,
    "utility": "cost",
    "completion": "none",
    "incrementCents": 100,
    "stopWhenExhaustive": 0,
    "comparison": "none",
    "ties": "fixed",
}
"""Knobs that are not given. `start` is whole where completion begins with add1, and exact otherwise; `leastScore` is
what the file says (min_project_score_threshold), or 0."""
MOST_PAIRS = 3_000_000


@dataclass(frozen=True)
class Outcome:
    """What a rule gave on an election."""

    election: pabulib.Election
    snapshot: RoundSnapshot
    rule: Rule
    allocation: RoundAllocation

    @property
    def winners(self) -> list[str]:
        """Project ids, in order of selection."""
        return [candidate for candidate, _ in self.allocation.lines]

    @property
    def currency(self) -> str:
        """The currency of the file."""
        return self.election.meta.get("currency", "EUR")


def knobs_of(rule: str, given: list[str], election: pabulib.Election, *, drawn: bool) -> dict[str, int | str]:
    """The knobs of a rule: those given as name=value, and defaults. Raises CannotRun for what is no name=value."""
    named: dict[str, int | str] = {}
    for one in given:
        name, is_there, value = one.partition("=")
        if not (name and is_there and value):
            raise CannotRun(f"A knob is given as name=value, such as completion=add1; {one!r} is not.")
        if name in named:
            raise CannotRun(f"The knob {name} is given twice.")
        named[name] = int(value) if value.removeprefix("-").isdecimal() and value.isascii() else value
    knobs = {**defaults(rule, named, election), **named}
    if drawn and "ties" in knobs:
        knobs["ties"] = "draw"
    return knobs


def defaults(rule: str, named: dict[str, int | str], election: pabulib.Election) -> dict[str, int | str]:
    """What a rule's knobs are where they are not given; nothing for a rule that does not exist."""
    least = election.meta.get("min_project_score_threshold", "0")
    every = {
        **DEFAULTS,
        "start": "whole" if str(named.get("completion", "")).startswith("add1") else "exact",
        "leastScore": int(least) if least.isdecimal() and least.isascii() else 0,
    }
    known = rules.RULES[rule].names() if rule in rules.RULES else ()
    return {name: every[name] for name in known}


def snapshot_of(election: pabulib.Election, rule: Rule) -> RoundSnapshot:
    """The election as the rule sees it: with ballots, or for rules on gifts each point a gift of one unit.

    Raises CannotRun where the rule cannot be run on it.
    """
    if rule.family == "counting":
        if rule.name == "greedy_threshold" and pabulib.scale(election) > 1:
            raise CannotRun("This file has points with decimals; a least score is for whole points only.")
        return pabulib.snapshot(election)
    snapshot = pabulib.snapshot(election, gifts=True)
    if rule.name == "quadratic_pairwise":
        _refuse_too_many_pairs(snapshot)
    return snapshot


def _refuse_too_many_pairs(snapshot: RoundSnapshot) -> None:
    donors = {candidate.id: 0 for candidate in snapshot.candidates}
    for gift in snapshot.gifts:
        donors[gift.candidate] += 1
    pairs = sum(number * (number - 1) // 2 for number in donors.values())
    if pairs > MOST_PAIRS:
        raise CannotRun(f"This file has {pairs:,} pairs of voters to weigh; {MOST_PAIRS:,} is the most.")


def document(outcome: Outcome) -> dict[str, Any]:
    """The outcome for scripts. Amounts are in the file's currency unless a name ends in cents."""
    allocation, version = outcome.allocation, rules.version(outcome.rule)
    return {
        "file": outcome.election.meta.get("description", ""),
        "rule": outcome.rule.name,
        "knobs": outcome.rule.knobs(),
        "rule_version": version,
        "input_digest": outcome.snapshot.digest(version),
        "currency": outcome.currency,
        "budget": units(outcome.snapshot.budget),
        "winners": outcome.winners,
        "cost": units(allocation.cents),
        "amounts_cents": {candidate: one.cents for candidate, one in allocation.lines},
        "payments": payments(allocation),
        "reasons": {one: told(of) for one, of in (*allocation.lines, *allocation.left_out)},
        "unresolved_ties": [list(group) for group in allocation.unresolved_ties],
        "per_voter_budget": str(Fraction(*allocation.per_voter) / 100) if allocation.per_voter else None,
    }


def told(allocation: Allocation) -> list[dict[str, Any]]:
    """Reasons as data; those without a pot line add up to the amount."""
    return [
        {"code": reason.code, "cents": reason.cents, "pot_line": reason.pot_line, "says": rules.TEXTS[reason.code]}
        for reason in allocation.reasons
    ]


def payments(allocation: RoundAllocation) -> dict[str, list[dict[str, Any]]]:
    """By project: how many voters paid how much each, in the currency, rounded up to a millionth of a unit."""
    by: dict[str, list[dict[str, Any]]] = {}
    for payment in allocation.payments:
        millionths = -(-payment.each * 10_000 // allocation.parts)
        each = f"{millionths // 10**6}.{millionths % 10**6:06d}"
        by.setdefault(payment.candidate, []).append({"voters": payment.voters, "each": each})
    return by


def difference(outcome: Outcome) -> dict[str, list[str]]:
    """Published winners beside ours, by id. Raises CannotRun where the file publishes none."""
    published = [project.id for project in outcome.election.projects if project.selected]
    if not published:
        raise CannotRun("This file does not say which projects were selected, so there is nothing to compare with.")
    return {
        "published": sorted(published),
        "only_ours": sorted(set(outcome.winners) - set(published)),
        "only_published": sorted(set(published) - set(outcome.winners)),
    }


def units(cents: int) -> int | str:
    """An amount in the currency: a whole number, or text with two decimals."""
    return cents // 100 if cents % 100 == 0 else f"{cents // 100}.{cents % 100:02d}"
