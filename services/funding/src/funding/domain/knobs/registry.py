"""The registry: every knob there is, what it is measured in, how far it goes, and how heavy a turn of it is.

Classes after the funding design: *tuning* moves an amount inside a mechanism, *rule* puts another mechanism in its
place, *constitution* changes how turning itself goes. The bounds here hold for every fund; the council narrows them
once per fund. A step is the most that one change may move a knob, so that no single vote turns the village over.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Class = Literal["tuning", "rule", "constitution"]
Value = int | str
Values = Mapping[str, Value]
"""Values by public name: whole numbers, or one of a knob's choices."""

CLASSES: tuple[Class, ...] = ("tuning", "rule", "constitution")
"""From light to heavy; a change has the class of its heaviest knob."""
MOST_CENTS = 2**53 - 1
"""What every JSON reader takes as a whole number; as a cap it caps nothing."""


@dataclass(frozen=True, slots=True)
class Step:
    """The most that one change may move a knob.

    `by`: at most `size` up or down. `times`: at most `size` times as much, or that part of it. `quotient`: the same,
    of the quotient of `numerator` and `denominator`, which only mean something together.
    """

    kind: Literal["by", "times", "quotient"]
    size: int


@dataclass(frozen=True, slots=True)
class Knob:
    """One knob. A number lies between `least` and `most` (both allowed); a choice is one of `choices`.

    `rules` are the matching rules that use it; without any it is used under every rule.
    """

    name: str
    unit: str
    says: str
    knob_class: Class
    default: Value
    least: int = 0
    most: int = 1
    step: Step | None = None
    choices: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    def used_by(self, rule: str) -> bool:
        """Whether it has a meaning under this rule."""
        return not self.rules or rule in self.rules


RATIOS = ("ratio", "first_come")
QUADRATICS = ("quadratic", "quadratic_pairwise")
GREEDIES = ("greedy", "greedy_no_skip", "greedy_threshold")
RULE_NAMES = (*RATIOS, "threshold", "pro_rata", *QUADRATICS, "equal_shares", *GREEDIES)


def _cents(name: str, says: str, default: int, *rules: str) -> Knob:
    return Knob(name, "cents", says, "tuning", default, 1, MOST_CENTS, Step("times", 2), rules=rules)


def _percent(name: str, says: str, default: int, *rules: str, least: int = 1) -> Knob:
    return Knob(name, "percent", says, "tuning", default, least, 100, Step("by", 10), rules=rules)


def _switch(name: str, says: str, *rules: str) -> Knob:
    return Knob(name, "0 or 1", says, "rule", 0, rules=rules)


def _choice(name: str, says: str, choices: Iterable[str], *rules: str) -> Knob:
    """A choice; its first is the default."""
    known = tuple(choices)
    return Knob(name, "choice", says, "rule", known[0], choices=known, rules=rules)


def _constitution(name: str, unit: str, says: str, default: int, least: int, most: int, by: int) -> Knob:
    return Knob(name, unit, says, "constitution", default, least, most, Step("by", by))


_MATCHING = (
    _choice("rule", "The mechanism by which means follow pledges or votes.", RULE_NAMES),
    Knob("numerator", "parts", "A match is this many parts ...", "tuning", 1, 1, 10**6, Step("quotient", 2),
         rules=RATIOS),
    Knob("denominator", "parts", "... of this many parts of a pledge.", "tuning", 1, 1, 10**6, Step("quotient", 2),
         rules=RATIOS),
    _cents("capPledgeCents", "Of one pledge no more than this is matched.", 500_000, *RATIOS),
    _cents("capDonorCents", "Of one pledger no more than this is matched or counted.", 500_000, *RATIOS, "pro_rata"),
    _cents("capInitiativeCents", "One initiative is matched with no more than this.", 500_000,
           *RATIOS, "threshold", "pro_rata", *QUADRATICS),
    _switch("partial", "Whether the last match may be a part.", "first_come"),
    _percent("startPercent", "The crowd has brought this share of the goal before a match follows.", 25, "threshold"),
    _percent("sharePercent", "The share of the goal that then follows.", 50, "threshold"),
    Knob("leastDonors", "people", "So many different pledgers there must be.", "tuning", 1, 1, 10_000,
         Step("by", 10), rules=("threshold",)),
    _switch("expand", "Whether the whole pot is divided, also where less was earned.", *QUADRATICS),
    _cents("coefficientCents", "From this much in common, two pledgers count half as a pair.", 10_000,
           "quadratic_pairwise"),
    _choice("utility", "Whether a voter's gain is counted by cost or by project.", ("cost", "cardinality"),
            "equal_shares"),
    _choice("completion", "How what equal shares leave is spent.", ("none", "add1", "greedy", "add1-greedy"),
            "equal_shares"),
    Knob("incrementCents", "cents", "How much each voter's share grows in a step of add-one.", "tuning", 100, 1, 10**7,
         Step("times", 10), rules=("equal_shares",)),
    _choice("start", "Whether add-one starts at the exact share or at whole units.", ("exact", "whole"),
            "equal_shares"),
    _switch("stopWhenExhaustive", "Whether add-one stops at the first outcome to which nothing can be added.",
            "equal_shares"),
    _choice("comparison", "Whether greedy's outcome stands where more voters prefer it.", ("none", "greedy"),
            "equal_shares"),
    _choice("ties", "Whether ties are settled by a fixed order or by a public draw.", ("fixed", "draw"),
            "equal_shares", *GREEDIES),
    Knob("leastScore", "points", "A project needs so many points.", "tuning", 0, 0, 10**9, Step("by", 50),
         rules=("greedy_threshold",)),
    _percent("floorPercent", "The share of the running estimate that a batch round promises.", 50, least=0),
    Knob("quoteMinutes", "minutes", "How long a match quote stays reserved.", "tuning", 30, 5, 7 * 24 * 60,
         Step("times", 4)),
)  # fmt: skip
_VALUATION = (
    Knob("valuationHourCents", "cents per hour", "What an hour of work counts for in a match.", "tuning", 2_000, 0,
         10_000, Step("by", 500)),
    Knob("valuationSlotHourCents", "cents per hour", "What an hour of a facility counts for in a match.", "tuning",
         2_500, 0, 50_000, Step("by", 1_000)),
    Knob("valuationEvidence", "0 or 1", "Whether hours count only with evidence, such as a time sheet.", "tuning", 1),
)  # fmt: skip
_CONSTITUTION = (
    _constitution("quorumPercentTuning", "percent of the roster", "Quorum of a tuning.", 5, 1, 50, 5),
    _constitution("quorumPercentRule", "percent of the roster", "Quorum of a change of rule.", 10, 1, 75, 5),
    _constitution("quorumPercentConstitution", "percent of the roster", "Quorum of a constitution.", 20, 1, 90, 5),
    _constitution("leastVoters", "people", "No quorum is less than this.", 25, 3, 10_000, 25),
    _constitution("votingDays", "days", "How long a vote is open.", 7, 3, 60, 7),
    _constitution("lockDaysTuning", "days", "Between a tuning's adoption and its effect.", 3, 1, 60, 7),
    _constitution("lockDaysRule", "days", "Between adoption and effect of a change of rule.", 14, 7, 120, 14),
    _constitution("lockDaysConstitution", "days", "Between adoption and effect of a constitution.", 30, 14, 365, 30),
)
_SQUARE = (
    Knob("supportThreshold", "people", "So many supports make an initiative supported.", "tuning", 25, 1, 1_000_000,
         Step("times", 2)),
    Knob("supportDays", "days", "How long an initiative can be supported.", "tuning", 90, 7, 730, Step("by", 30)),
    Knob("reminderDays", "days", "So long before the end the initiators are reminded.", "tuning", 14, 1, 60,
         Step("by", 7)),
    Knob("mergeWindowDays", "days", "How long supporters can say yes to a merge.", "tuning", 14, 3, 90, Step("by", 7)),
    Knob("noShowMinutes", "minutes", "So long after its start a session keeps a seat for who is not there yet.",
         "tuning", 15, 5, 60, Step("by", 15)),
    Knob("requestDays", "days", "How long a request for a session stands open.", "tuning", 90, 7, 365, Step("by", 30)),
)  # fmt: skip

REGISTRY: Mapping[str, Knob] = {knob.name: knob for knob in (*_MATCHING, *_VALUATION, *_CONSTITUTION, *_SQUARE)}
"""Every knob by its public name."""
VALUATION = tuple(knob.name for knob in _VALUATION)
"""The knobs that together are a valuation version."""


def knobs_of(rule: str) -> list[Knob]:
    """The knobs a rule itself is made of: those that stand in its version."""
    return [knob for knob in REGISTRY.values() if rule in knob.rules]


def heaviest(names: Iterable[str]) -> Class:
    """The class of a change of these knobs."""
    return max((REGISTRY[name].knob_class for name in names), key=CLASSES.index)
