"""What is said of events of the presence service."""

from collections.abc import Callable
from typing import Any

from dorpsplein.contracts.presence import (
    ArrangerArrived,
    ArrangerLeft,
    PlaceAdded,
    PresenceAnnounced,
    PresenceCancelled,
)
from dorpsplein.envelope import Event
from notifications.domain.wording import day

LINES: dict[type[Event], Callable[[Any, str], str]] = {
    PlaceAdded: lambda _, it: f"Nieuwe plek: {it}",
    PresenceAnnounced: lambda e, it: f"Op {day(e.starts_at)} is er iemand van de gemeente in {it}",
    ArrangerArrived: lambda _, it: f"Er is nu iemand van de gemeente in {it}",
    ArrangerLeft: lambda _, it: f"Er is nu niemand meer van de gemeente in {it}",
    PresenceCancelled: lambda _, it: f"Een aangekondigde aanwezigheid in {it} gaat niet door",
}
BURIES_NEWS: dict[type[Event], Callable[[Any], bool]] = {}
MAILED: tuple[type[Event], ...] = ()
