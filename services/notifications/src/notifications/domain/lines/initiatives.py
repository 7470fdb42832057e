"""What is said of events of the initiatives service."""

from collections.abc import Callable
from typing import Any

from dorpsplein.contracts.initiatives.contributions import ContributionOffered
from dorpsplein.contracts.initiatives.initiatives import (
    InitiativeEdited,
    InitiativeProposed,
    InitiativeWithdrawn,
    ThresholdReached,
)
from dorpsplein.contracts.initiatives.supports import SupportGiven
from dorpsplein.envelope import Event

LINES: dict[type[Event], Callable[[Any, str], str]] = {
    InitiativeProposed: lambda _, it: f"Nieuw initiatief: {it}",
    InitiativeEdited: lambda _, it: f"{it} is bijgewerkt",
    ThresholdReached: lambda e, it: f"{it} heeft {e.threshold} steunbetuigingen en kan verder",
    InitiativeWithdrawn: lambda _, it: f"{it} is ingetrokken door de initiatiefnemer",
    SupportGiven: lambda _, it: f"Nieuwe steunbetuiging voor {it}",
    ContributionOffered: lambda _, it: f"Nieuwe inbreng voor {it}",
}
BURIES_NEWS: dict[type[Event], Callable[[Any], bool]] = {SupportGiven: lambda e: e.channel == "import"}
MAILED: tuple[type[Event], ...] = (InitiativeProposed, ThresholdReached, InitiativeWithdrawn, ContributionOffered)
