"""Votes on a change: who may vote, how many must, what makes a yes, and how long it then waits.

The figures are those of the funding design: quorums of 5, 10 and 20 percent of the roster but never fewer than 25
people, a simple majority, 60 percent and two thirds of those who said yes or no, locks of 3, 14 and 30 days. Quorums,
locks and the time to vote are themselves knobs of the constitution; the majorities are fixed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from funding.domain.knobs.registry import Class, Values

Choice = Literal["yes", "no", "abstain"]
Outcome = Literal["without-quorum", "turned-down", "adopted"]

LATE = timedelta(hours=24)
"""A quorum that is only reached this shortly before the close lets the vote go on."""
EXTENSION = timedelta(hours=48)
MAJORITIES: dict[Class, tuple[int, int]] = {"tuning": (1, 2), "rule": (60, 100), "constitution": (2, 3)}
"""The part of all yes and no that yes must be: more than half for a tuning, at least this much for the others."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What was chosen; abstaining counts for the quorum only."""

    yes: int = 0
    no: int = 0
    abstain: int = 0

    @property
    def ballots(self) -> int:
        """How many took part."""
        return self.yes + self.no + self.abstain


@dataclass(frozen=True, slots=True)
class Vote:
    """An opened vote. What it asks was pinned at its opening, so that no change of the constitution reaches it.

    `quorum` and `roster` are numbers of people.
    """

    opened_at: datetime
    closes_at: datetime
    roster: int
    quorum: int
    lock_days: int
    extended: bool = False

    @property
    def late_from(self) -> datetime:
        """From here on a quorum comes late."""
        return self.closes_at - LATE


def open_vote(knob_class: Class, values: Values, roster: int, now: datetime) -> Vote:
    """A vote on a change of this class, under the values in effect, by a roster of so many."""
    percent = int(values[f"quorumPercent{knob_class.capitalize()}"])
    return Vote(
        opened_at=now,
        closes_at=now + timedelta(days=int(values["votingDays"])),
        roster=roster,
        quorum=max(-(-roster * percent // 100), int(values["leastVoters"])),
        lock_days=int(values[f"lockDays{knob_class.capitalize()}"]),
    )


def goes_on(vote: Vote, tally: Tally, ballots_before_late: int) -> bool:
    """Whether a vote that reaches its close goes on: its quorum was there late only, for the first time."""
    return not vote.extended and tally.ballots >= vote.quorum > ballots_before_late


def outcome(knob_class: Class, vote: Vote, tally: Tally) -> Outcome:
    """What a vote that closes comes to."""
    if tally.ballots < vote.quorum:
        return "without-quorum"
    part, whole = MAJORITIES[knob_class]
    lead = tally.yes * whole - (tally.yes + tally.no) * part
    return "adopted" if lead > 0 or (lead == 0 and knob_class != "tuning" and tally.yes) else "turned-down"
