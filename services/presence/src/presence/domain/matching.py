"""Which arrangers and requests go together, with the reasons why.

A suggestion is never an assignment: nothing follows from it, nobody is told of it, and whoever wants takes up whatever
they want. Who does not want to be suggested is not.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

AHEAD = timedelta(days=14)
"""How far ahead announced hours count as load."""
WEEKS = 2
"""The same in weeks, by which an officer's hours a week are multiplied."""
THEME_POINTS = 40
"""What one shared theme weighs."""
NEAR_POINTS = 30
"""What no distance weighs; it falls evenly to nothing at FAR_METRES."""
FREE_POINTS = 30
"""What an empty fortnight weighs; it falls evenly to nothing when all hours are announced."""
FAR_METRES = 10_000
STEP_METRES = 100
"""Distances are told no finer than this."""


class Why(StrEnum):
    """Why somebody or something is suggested."""

    THEME_SHARED = "theme-shared"
    DISTANCE = "distance"
    LOAD = "load"


@dataclass(frozen=True, slots=True)
class Fit:
    """How an arranger and a request go together; `ref` is the one of the two that is suggested.

    `metres` are those between the arranger's base and where the request is (None: nowhere in particular);
    `busy_minutes` are announced in the coming fortnight.
    """

    ref: UUID
    shared: tuple[str, ...]
    metres: float | None
    busy_minutes: int
    hours_a_week: int

    @property
    def distance(self) -> int | None:
        """The distance as it is told and weighed: in whole hundreds of metres."""
        return None if self.metres is None else round(self.metres / STEP_METRES) * STEP_METRES


def score(fit: Fit) -> int:
    """How well they go together, in points: more themes shared, nearer and less busy is never less."""
    near = 0 if fit.distance is None else NEAR_POINTS * max(0, FAR_METRES - fit.distance) // FAR_METRES
    hours = fit.hours_a_week * WEEKS * 60
    free = FREE_POINTS * max(0, hours - fit.busy_minutes) // hours
    return THEME_POINTS * len(set(fit.shared)) + near + free


def ranked(fits: Iterable[Fit]) -> list[Fit]:
    """The best first; of equals the least busy, then the nearest, then by id, so that the order is always the same."""

    def place(fit: Fit) -> tuple[int, int, int, UUID]:
        return -score(fit), fit.busy_minutes, FAR_METRES if fit.distance is None else fit.distance, fit.ref

    return sorted(fits, key=place)
