"""Imports of places: a file that is read as a whole, and brought in as a whole or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from dorpsplein.errors import Refused
from presence.domain.moves import led_to

MOST_FAULTS = 1_000
"""How many faults of a file are told one by one; of more, how many there are."""
MOST_ATTEMPTS = 3
"""A file that ends the process that reads it is refused after so many."""


class Format(StrEnum):
    """What a file is written in."""

    GEOJSON = "geojson"
    CSV = "csv"


class ImportStatus(StrEnum):
    """Where an import is in its life."""

    QUEUED = "queued"
    CHECKING = "checking"
    ADDING = "adding"
    DONE = "done"
    REFUSED = "refused"


MOVES: Mapping[str, tuple[frozenset[ImportStatus], ImportStatus]] = {
    "check": (frozenset({ImportStatus.QUEUED}), ImportStatus.CHECKING),
    "add": (frozenset({ImportStatus.CHECKING}), ImportStatus.ADDING),
    "finish": (frozenset({ImportStatus.ADDING}), ImportStatus.DONE),
    "refuse": (frozenset({ImportStatus.CHECKING, ImportStatus.ADDING}), ImportStatus.REFUSED),
}
"""What may be done, from which statuses, and where it leads. Whoever takes up what another left begins anew, and the
import stays where it was."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a file: in which line (CSV) or feature (GeoJSON, from 0), or, without either, as a whole."""

    code: str
    detail: str
    pointer: str = ""
    line: int | None = None
    feature: int | None = None

    def at(self, format_: Format, number: int) -> "Fault":
        """The same, of a line or a feature."""
        return replace(self, line=number) if format_ is Format.CSV else replace(self, feature=number)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many places an import added and changed, and how many were there already as they are told."""

    added: int = 0
    changed: int = 0
    already: int = 0

    def __add__(self, other: "Outcome") -> "Outcome":
        """Both together."""
        return Outcome(self.added + other.added, self.changed + other.changed, self.already + other.already)


def fault_of(refusal: Refused) -> Fault:
    """A refusal as a fault."""
    return Fault(refusal.code, refusal.detail, str(refusal.facts.get("pointer", "")))


def moved(status: ImportStatus, verb: str) -> ImportStatus:
    """The status after a move. Raises Refused for a move that cannot be from here."""
    return led_to(MOVES, verb, status, "import")
