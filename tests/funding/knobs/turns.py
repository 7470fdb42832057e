"""An independent model of turning knobs: what was cast when, and by the hours that went by what it came to.

Nothing is decided as it happens. Every question is answered anew from the whole history, hour by hour.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

DAY = 24
QUORUM = {"tuning": 3, "rule": 6}
SHARE = {"tuning": Fraction(1, 2), "rule": Fraction(3, 5)}
LOCK = {"tuning": 3 * DAY, "rule": 14 * DAY}
FACTOR = {"capPledgeCents": 2, "capDonorCents": 2, "partial": None}
KIND = {"capPledgeCents": "tuning", "capDonorCents": "tuning", "partial": "rule"}


def may_move(knob: str, old: int, new: int) -> bool:
    """Whether one turn may bring a knob from old to new."""
    factor = FACTOR[knob]
    return new != old and (factor is None or max(old, new) <= factor * min(old, new))


@dataclass
class Turn:
    """A change, with all that was done to it; every time is in hours."""

    knob: str
    value: int
    kind: str
    opened: int
    ballots: list[tuple[int, str, str]] = field(default_factory=list)
    withdrawn: int | None = None
    announced: int | None = None
    vetoed: int | None = None

    def closes(self) -> int:
        """When its vote is over at last."""
        first = self.opened + 7 * DAY
        within = [hour for hour, _, _ in self.ballots if hour < first]
        early = [hour for hour in within if hour < first - DAY]
        late = len(early) < QUORUM[self.kind] <= len(within)
        return first + 2 * DAY if late else first

    def verdict(self) -> str:
        """What its vote comes to."""
        cast = [choice for _, _, choice in self.ballots]
        yes, no = cast.count("yes"), cast.count("no")
        if len(cast) < QUORUM[self.kind]:
            return "without-quorum"
        if not yes:
            return "turned-down"
        share = Fraction(yes, yes + no)
        enough = share > SHARE["tuning"] if self.kind == "tuning" else share >= SHARE["rule"]
        return "adopted" if enough else "turned-down"

    def due(self) -> int:
        """When it takes effect, if it was adopted and nothing else happens."""
        due = self.closes() + LOCK[self.kind]
        return max(due, self.announced + 72) if self.announced is not None else due


@dataclass
class Village:
    """All turns of one fund's knobs, and the values they started from."""

    start: dict[str, int]
    turns: dict[Any, Turn] = field(default_factory=dict)

    def state(self, now: int) -> tuple[dict[Any, str], list[dict[str, int]]]:
        """At an hour: each turn's status, and every set of values that there was."""
        status: dict[Any, str] = {}
        arrivals = []
        for name, turn in self.turns.items():
            status[name] = self._before_effect(turn, now)
            if status[name] == "due":
                arrivals.append((turn.due(), name.int, name))
        values, sets = dict(self.start), [dict(self.start)]
        holder: dict[str, Any] = {}
        for _, _, name in sorted(arrivals):
            turn = self.turns[name]
            if not may_move(turn.knob, values[turn.knob], turn.value):
                status[name] = "superseded"
                continue
            if turn.knob in holder:
                status[holder[turn.knob]] = "superseded"
            status[name], holder[turn.knob] = "effective", name
            values[turn.knob] = turn.value
            sets.append(dict(values))
        return status, sets

    def _before_effect(self, turn: Turn, now: int) -> str:
        if turn.withdrawn is not None:
            return "withdrawn"
        if now < turn.closes():
            return "open"
        if turn.verdict() != "adopted":
            return turn.verdict()
        if turn.vetoed is not None:
            return "vetoed"
        return "due" if now >= turn.due() else "adopted"

    def busy(self, now: int) -> set[str]:
        """The knobs that an open or adopted turn touches."""
        status, _ = self.state(now)
        return {turn.knob for name, turn in self.turns.items() if status[name] in {"open", "adopted"}}
