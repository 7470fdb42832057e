"""What is said of events of the presence service."""

from collections.abc import Callable
from typing import Any

from dorpsplein.contracts.presence.places import PlaceAdded
from dorpsplein.contracts.presence.sessions import SessionAnnounced, SessionCancelled, SessionHarvested, SessionStarted
from dorpsplein.contracts.presence.slots import ArrangerArrived, ArrangerLeft, PresenceAnnounced, PresenceCancelled
from dorpsplein.envelope import Event
from notifications.domain.wording import day

FORMS = {
    "creative-lab": "creatielab",
    "inspiration-session": "inspiratiesessie",
    "design-atelier": "ontwerpatelier",
}


def _where(event: SessionAnnounced | SessionStarted | SessionHarvested | SessionCancelled, it: str) -> str:
    return "online" if event.place_id is None else f"in {it}"


LINES: dict[type[Event], Callable[[Any, str], str]] = {
    PlaceAdded: lambda _, it: f"Nieuwe plek: {it}",
    PresenceAnnounced: lambda e, it: f"Op {day(e.starts_at)} is er iemand van de gemeente in {it}",
    ArrangerArrived: lambda _, it: f"Er is nu iemand van de gemeente in {it}",
    ArrangerLeft: lambda _, it: f"Er is nu niemand meer van de gemeente in {it}",
    PresenceCancelled: lambda _, it: f"Een aangekondigde aanwezigheid in {it} gaat niet door",
    SessionAnnounced: lambda e, it: (
        f"Op {day(e.starts_at)} is er een {FORMS.get(e.working_form, 'bijeenkomst')} {_where(e, it)}"
    ),
    SessionStarted: lambda e, it: f"Er is nu een bijeenkomst {_where(e, it)}",
    SessionHarvested: lambda e, it: f"Een bijeenkomst {_where(e, it)} bracht {e.lines} keer iets op",
    SessionCancelled: lambda e, it: f"Een bijeenkomst {_where(e, it)} gaat niet door",
}
BURIES_NEWS: dict[type[Event], Callable[[Any], bool]] = {}
MAILED: tuple[type[Event], ...] = ()
