"""Matching rules: pure functions on integers that say what follows a pledge, from which pot lines, and why.

Formulas and invariants: the `ratio` rule and I1 to I10 of the funding design. A rule version is the SHA-256 of its
canonical JSON (RFC 8785; every number here is a whole one below 2**53), so whoever has the knobs has the version.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar
from uuid import UUID

from pydantic.alias_generators import to_camel

TEXTS = {
    "ratio": "the pledge times the ratio, rounded down",
    "cap-pledge": "no more of one pledge is matched",
    "cap-donor": "no more of one pledger is matched in this round",
    "cap-initiative": "no more is matched for one initiative",
    "pot-left": "no more is left in the pot",
    "share": "in proportion to what the pot line has left, rounded down",
    "remainder": "a cent that rounding left, by largest remainder",
}
"""Every reason there is, and what it says."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """Match `numerator`/`denominator` of each pledge. The caps are cumulative, in cents.

    The caps hold for one pledge (how much of it counts), for one pledger within the round, and for one
    initiative in all rounds together.
    """

    numerator: int
    denominator: int
    cap_pledge_cents: int
    cap_donor_cents: int
    cap_initiative_cents: int

    name: ClassVar[str] = "ratio"

    def knobs(self) -> dict[str, int]:
        """The knobs by their public names."""
        return {to_camel(knob.name): getattr(self, knob.name) for knob in fields(self)}


def from_knobs(knobs: Mapping[str, int]) -> Ratio:
    """The `ratio` rule with these knobs, as `Ratio.knobs` gives them."""
    return Ratio(**{knob.name: knobs[to_camel(knob.name)] for knob in fields(Ratio)})


def canonical(value: Any) -> bytes:
    """Canonical JSON: the same value always gives the same bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def version(rule: Ratio) -> str:
    """The version of a rule: SHA-256, in hex, of its canonical JSON."""
    return hashlib.sha256(canonical({"rule": rule.name, "knobs": rule.knobs()})).hexdigest()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a streaming rule knows when it answers, in cents; the pot is what each line has left."""

    pledge: int
    given_to_donor: int
    given_to_initiative: int
    pot: tuple[tuple[UUID, int], ...]

    def digest(self, rule_version: str) -> str:
        """SHA-256, in hex, of this input and the rule version it is for, as canonical JSON."""
        document = {
            "ruleVersion": rule_version,
            "pledgeCents": self.pledge,
            "givenToDonorCents": self.given_to_donor,
            "givenToInitiativeCents": self.given_to_initiative,
            "pot": [{"potLineId": str(line), "leftCents": left} for line, left in self.pot],
        }
        return hashlib.sha256(canonical(document)).hexdigest()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why cents were added or left off: for the match as a whole, or for what one pot line gives to it."""

    code: str
    cents: int
    pot_line: UUID | None = None

    def __str__(self) -> str:
        of = f" of pot line {self.pot_line}" if self.pot_line else ""
        return f"{self.cents:+d} {self.code}{of}: {TEXTS[self.code]}"


@dataclass(frozen=True, slots=True)
class Allocation:
    """What follows a pledge. Reasons without a pot line add up to `cents`, those of a line to what it gives."""

    cents: int
    by: tuple[tuple[UUID, int], ...]
    reasons: tuple[Reason, ...]


def allocate(rule: Ratio, snapshot: Snapshot) -> Allocation:
    """Answer one pledge by the rule; never negative, never more than a cap or the pot allows."""
    reasons = ratio(rule, snapshot)
    cents = sum(reason.cents for reason in reasons)
    shares = split(cents, snapshot.pot)
    by: dict[UUID, int] = {}
    for share in shares:
        assert share.pot_line is not None
        by[share.pot_line] = by.get(share.pot_line, 0) + share.cents
    return Allocation(cents, tuple(by.items()), (*reasons, *shares))


def ratio(rule: Ratio, snapshot: Snapshot) -> list[Reason]:
    """max(0, min(⌊min(c, cap)·num/den⌋, cap - given to donor, cap - given to initiative, left in the pot)).

    Told as the uncapped part and what each limit takes off it, in that order.
    """
    limits = {
        "cap-pledge": min(snapshot.pledge, rule.cap_pledge_cents) * rule.numerator // rule.denominator,
        "cap-donor": rule.cap_donor_cents - snapshot.given_to_donor,
        "cap-initiative": rule.cap_initiative_cents - snapshot.given_to_initiative,
        "pot-left": sum(left for _, left in snapshot.pot),
    }
    cents = snapshot.pledge * rule.numerator // rule.denominator
    reasons = [Reason("ratio", cents)]
    for code, limit in limits.items():
        if cents > max(0, limit):
            reasons.append(Reason(code, max(0, limit) - cents))
            cents = max(0, limit)
    return reasons


def split(cents: int, pot: Sequence[tuple[UUID, int]]) -> list[Reason]:
    """Divide a match over the pot lines in proportion to what each has left; cents ≤ what all have left.

    In proportion, not in order of adding, so that no co-financier pays before another: every line empties at the
    same pace, whoever came first. Shares are rounded down; the missing cents go one each by (largest fraction,
    smallest id), which never takes a line below nothing.
    """
    if cents == 0:
        return []
    whole = sum(left for _, left in pot)
    shares = [Reason("share", cents * left // whole, line) for line, left in pot if cents * left >= whole]
    missing = cents - sum(share.cents for share in shares)
    by_fraction = sorted(pot, key=lambda entry: (-(cents * entry[1] % whole), entry[0]))
    return shares + [Reason("remainder", 1, line) for line, _ in by_fraction[:missing]]
