"""What is said of places, of who is there, and of the inspiration council; sessions have a module of their own."""

from collections.abc import Callable
from typing import Any

from dorpsplein.contracts.presence.facilities import FacilityOffered, FacilityWithdrawn
from dorpsplein.contracts.presence.members import CouncilMemberJoined, CouncilMemberLeft
from dorpsplein.contracts.presence.places import PlaceAdded, PlaceChanged, PlaceClosed
from dorpsplein.contracts.presence.promises import (
    CouncilPromiseDue,
    CouncilPromiseKept,
    CouncilPromiseLetGo,
    CouncilPromiseMade,
)
from dorpsplein.contracts.presence.slots import (
    ArrangerArrived,
    ArrangerLeft,
    PresenceAnnounced,
    PresenceCancelled,
    PresenceMoved,
    PresenceSeriesAnnounced,
    PresenceSeriesEnded,
)
from dorpsplein.contracts.presence.visits import (
    FrontrunnerVisited,
    VisitAccepted,
    VisitCancelled,
    VisitDeclined,
    VisitInvited,
    VisitReported,
)
from dorpsplein.envelope import Event
from notifications.domain.wording import counted, day, slot

MEMBERS = {"core": "kernlid", "inspirator": "inspirator"}
PERIODS = {"DAILY": ("dag", "dagen"), "WEEKLY": ("week", "weken"), "MONTHLY": ("maand", "maanden")}
"""Of recurrence rules (RFC 5545), by their FREQ."""


def _member(event: CouncilMemberJoined | CouncilMemberLeft) -> str:
    return MEMBERS.get(event.kind, "lid")


def _facility(event: FacilityOffered | FacilityWithdrawn) -> str:
    return event.code.replace("-", " ")


def _every(rule: str) -> str:
    """How often something comes back, as far as that is said shortly: elke week, elke 2 maanden."""
    parts = dict(part.split("=", 1) for part in rule.removeprefix("RRULE:").split(";") if "=" in part)
    one, many = PERIODS.get(parts.get("FREQ", ""), ("", ""))
    every = parts.get("INTERVAL", "1")
    if not one or not every.isdigit():
        return "steeds weer"
    return f"elke {one}" if int(every) == 1 else f"elke {int(every)} {many}"


def _reported(event: VisitReported, it: str) -> str:
    promises = f" en deed {counted(event.promises, 'belofte', 'beloften')}" if event.promises else ""
    return f"De inspiratieraad vertelt over het werkbezoek aan {it}{promises}"


LINES: dict[type[Event], Callable[[Any, str], str]] = {
    PlaceAdded: lambda _, it: f"Nieuwe plek: {it}",
    PlaceChanged: lambda _, it: f"De gegevens van {it} zijn bijgewerkt",
    PlaceClosed: lambda _, it: f"{it} is geen plek meer waar je de gemeente vindt",
    FacilityOffered: lambda e, it: f"In {it} kan {_facility(e)} nu worden toegezegd aan initiatieven",
    FacilityWithdrawn: lambda e, it: f"In {it} kan {_facility(e)} niet meer worden toegezegd; wat is toegezegd blijft",
    PresenceAnnounced: lambda e, it: f"Op {day(e.starts_at)} is er iemand van de gemeente in {it}",
    PresenceMoved: lambda e, it: (
        f"Er is {slot(e.starts_at, e.ends_at)} iemand van de gemeente in {it}; dat is veranderd"
    ),
    ArrangerArrived: lambda _, it: f"Er is nu iemand van de gemeente in {it}",
    ArrangerLeft: lambda _, it: f"Er is nu niemand meer van de gemeente in {it}",
    PresenceCancelled: lambda _, it: f"Een aangekondigde aanwezigheid in {it} gaat niet door",
    PresenceSeriesAnnounced: lambda e, it: (
        f"Vanaf {day(e.starts_at)} is er {_every(e.rule)} iemand van de gemeente in {it}"
    ),
    PresenceSeriesEnded: lambda e, it: f"Na {day(e.last_at)} komt er niet meer vast iemand van de gemeente in {it}",
    CouncilMemberJoined: lambda e, _: f"De inspiratieraad heeft er een {_member(e)} bij",
    CouncilMemberLeft: lambda e, _: f"Een {_member(e)} is geen lid meer van de inspiratieraad",
    VisitInvited: lambda _, it: f"{it} nodigt de inspiratieraad uit om te komen kijken",
    VisitAccepted: lambda e, it: f"De inspiratieraad komt {slot(e.starts_at, e.ends_at)} op werkbezoek bij {it}",
    VisitDeclined: lambda _, it: f"De inspiratieraad komt niet op werkbezoek bij {it}, en zegt waarom",
    VisitCancelled: lambda e, it: (
        f"Het werkbezoek aan {it} gaat niet door: "
        + ("de raad kan niet" if e.said_by == "council" else "de koploper heeft het afgezegd")
    ),
    FrontrunnerVisited: lambda _, it: f"De inspiratieraad was op werkbezoek bij {it}",
    VisitReported: _reported,
    CouncilPromiseMade: lambda e, it: f"De inspiratieraad doet een belofte aan {it}, voor {day(e.due_at)}",
    CouncilPromiseDue: lambda _, it: f"De dag van een belofte van de inspiratieraad aan {it} is voorbij",
    CouncilPromiseKept: lambda _, it: f"Een belofte van de inspiratieraad aan {it} is nagekomen",
    CouncilPromiseLetGo: lambda _, it: f"De inspiratieraad kan een belofte aan {it} niet nakomen, en zegt waarom",
}
BURIES_NEWS: dict[type[Event], Callable[[Any], bool]] = {
    PresenceAnnounced: lambda e: e.series_id is not None,
    ArrangerArrived: lambda e: e.how == "claimed",
    ArrangerLeft: lambda e: e.by_itself,
}
"""One time of a series, an arrival that is told afterwards, and a departure nobody saw."""
MAILED: tuple[type[Event], ...] = (
    VisitAccepted,
    VisitCancelled,
    FrontrunnerVisited,
    VisitReported,
    CouncilPromiseDue,
    CouncilPromiseKept,
    CouncilPromiseLetGo,
)
