"""What is said of sessions, of requests for one, and of the ways to work together in them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from dorpsplein.contracts.presence.forms import WorkingFormAdded
from dorpsplein.contracts.presence.requests import SessionRequested, SessionRequestExpired, SessionRequestPickedUp
from dorpsplein.contracts.presence.sessions import (
    SessionAnnounced,
    SessionCancelled,
    SessionFilled,
    SessionHarvested,
    SessionMoved,
    SessionOpened,
    SessionReopened,
    SessionStarted,
    SessionThanked,
)
from dorpsplein.envelope import Event
from notifications.domain.wording import Names, minute, slot

FORMS = {
    "creative-lab": "creatielab",
    "inspiration-session": "inspiratiesessie",
    "design-atelier": "ontwerpatelier",
}
MOST_INITIATIVES = 2

Session = (
    SessionOpened
    | SessionFilled
    | SessionReopened
    | SessionStarted
    | SessionHarvested
    | SessionThanked
    | SessionCancelled
)
Request = SessionRequested | SessionRequestPickedUp | SessionRequestExpired


def form(code: str) -> str:
    """A working form in a line; one without a Dutch name of ours goes by its code."""
    return FORMS.get(code) or f"bijeenkomst ({code.replace('-', ' ')})"


def _where(place: UUID | None, names: Names) -> str:
    if place is None:
        return "online"
    there = names.of(place)
    return f"in {there[0]}" if there else "op een plek"


def _whom(initiatives: list[UUID], names: Names) -> str:
    """For which initiatives: the first few by name."""
    there = names.of(*initiatives)
    if not there:
        return ""
    more = len(initiatives) - MOST_INITIATIVES
    first = there[:MOST_INITIATIVES]
    return f" voor {' en '.join(first)}" if more <= 0 else f" voor {', '.join(first)} en nog {more}"


def _it(event: Session | SessionMoved, names: Names) -> str:
    """A session as it is called: de bijeenkomst «Wat missen we?»."""
    return " ".join(["de bijeenkomst", *names.of(event.session_id)])


def _here(event: Session, names: Names) -> str:
    return f"{_it(event, names)} {_where(event.place_id, names)}{_whom(event.initiative_ids, names)}"


def _announced(event: SessionAnnounced, names: Names) -> str:
    seats = f"; een plek nemen kan vanaf {minute(event.opens_at)}" if event.opens_at else ""
    called = "".join(f": {name}" for name in names.of(event.session_id))
    when = slot(event.starts_at, event.ends_at)
    where = f"{_where(event.place_id, names)}{_whom(event.initiative_ids, names)}"
    return f"{when[0].upper()}{when[1:]} is er een {form(event.working_form)} {where}{called}{seats}"


def _moved(event: SessionMoved, names: Names) -> str:
    when = slot(event.starts_at, event.ends_at)
    return f"{_capital(_it(event, names))} is verplaatst: {when} {_where(event.place_id, names)}"


def _thanked(event: SessionThanked, names: Names) -> str:
    there = f"de {event.attended} mensen die er waren" if event.attended else "iedereen die er was"
    return f"Dank aan {there}: {_here(event, names)} is afgerond"


def _asked(event: Request, names: Names) -> str:
    there = names.of(event.initiative_id)
    return f"een bijeenkomst voor {there[0]}" if there else "een bijeenkomst"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


LINES: dict[type[Event], Callable[[Any, Names], str]] = {
    SessionAnnounced: _announced,
    SessionOpened: lambda e, names: f"Je kunt nu een plek nemen bij {_here(e, names)}",
    SessionFilled: lambda e, names: f"Alle plekken zijn bezet bij {_here(e, names)}; er is een wachtlijst",
    SessionReopened: lambda e, names: f"Er is weer plek bij {_here(e, names)}",
    SessionMoved: _moved,
    SessionStarted: lambda e, names: f"Nu bezig: {_here(e, names)}",
    SessionHarvested: lambda e, names: f"{_capital(_here(e, names))} bracht {e.lines} keer iets op",
    SessionThanked: _thanked,
    SessionCancelled: lambda e, names: f"{_capital(_here(e, names))} gaat niet door",
    SessionRequested: lambda e, names: f"Een inwoner vraagt om {_asked(e, names)} (thema {e.theme})",
    SessionRequestPickedUp: lambda e, names: f"Waar om werd gevraagd komt er: {_asked(e, names)}",
    SessionRequestExpired: lambda e, names: f"Niemand pakte de vraag om {_asked(e, names)} op; vragen kan opnieuw",
    WorkingFormAdded: lambda e, _: f"Er is een nieuwe werkvorm voor bijeenkomsten: {e.code.replace('-', ' ')}",
}
MAILED: tuple[type[Event], ...] = (SessionAnnounced, SessionMoved, SessionCancelled)
