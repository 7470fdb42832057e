"""An election as a file in the Pabulib format tells it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

WITHDRAWN = 999_999_999 * 100
"""The cost that stands for: this project was withdrawn."""


@dataclass(frozen=True, slots=True)
class Project:
    """Something that was voted on. Its cost is in hundredths of the file's currency; texts may be empty.

    `selected` is whether it won, where the file says so.
    """

    id: str
    cost_cents: int
    name: str = ""
    category: str = ""
    description: str = ""
    selected: bool | None = None

    @property
    def withdrawn(self) -> bool:
        """Tell whether it was taken back before the outcome."""
        return self.cost_cents == WITHDRAWN


@dataclass(frozen=True, slots=True)
class Vote:
    """One voter's ballot: projects as they stand in it, with the points each got where the vote type has points."""

    voter: str
    projects: tuple[str, ...]
    points: tuple[Decimal, ...] | None = None

    def approved(self) -> list[str]:
        """The projects this voter is for, each once: all that are named, or those that got points."""
        if self.points is None:
            return list(dict.fromkeys(self.projects))
        return list(dict.fromkeys(p for p, points in zip(self.projects, self.points, strict=True) if points > 0))


@dataclass(frozen=True, slots=True)
class Election:
    """A whole vote: what META says of it, its projects and its ballots, in the order of the file."""

    meta: Mapping[str, str]
    vote_type: str
    budget_cents: int
    projects: tuple[Project, ...]
    votes: tuple[Vote, ...]
