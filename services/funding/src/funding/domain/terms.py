"""The terms of a round: what it takes over from its fund's knobs at its opening."""

from dataclasses import dataclass

from funding.domain.knobs import Values, rule_of, rule_version, valuation_version
from funding.domain.resources import Valuation
from funding.domain.rules import Rule


@dataclass(frozen=True, slots=True)
class Terms:
    """What a round takes over from its fund at its opening and keeps: the knobs in effect, as versions."""

    rule: Rule
    rule_version: str
    valuation: Valuation
    valuation_version: str
    quote_minutes: int
    floor_percent: int

    @classmethod
    def of(cls, values: Values) -> "Terms":
        """The terms that a fund's knob values make."""
        return cls(
            rule_of(values),
            rule_version(values),
            Valuation.of(values),
            valuation_version(values),
            int(values["quoteMinutes"]),
            int(values["floorPercent"]),
        )
