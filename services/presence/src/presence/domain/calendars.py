"""Calendars (iCalendar, RFC 5545): presence and sessions as any calendar program shows them.

Every slot and every session is an event of its own, also where slots come in a series: what is moved or cancelled on
one date is then right in every program. What is over is in no calendar, so that none is the history of a person.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from urllib.parse import urlsplit
from uuid import UUID

from icalendar import Calendar, Event, Timezone, vText, vUri

from dorpsplein.days import HERE
from presence.domain.wording import SAID, Language, themes

CANCELLED_FOR = timedelta(days=30)
"""How long after its date a cancelled session stays in a calendar. A slot is a person's: it goes when it is over."""
MOST_EVENTS = 2_000
"""A calendar holds no more events than this, the nearest in time."""
REFRESH = timedelta(hours=1)
MOST_KEPT = 10_000
"""Events are kept as they were written, so many at most: readers come back every hour for what has not changed."""

# The rules of Directive 2000/84/EC, from its first full year on. Not icalendar's own `Timezone.from_tzid`: that has
# summer time begin an hour late (7.3.2), and ends with a date.
TIMEZONE = Timezone.from_ical(
    b"BEGIN:VTIMEZONE\r\nTZID:Europe/Amsterdam\r\nX-LIC-LOCATION:Europe/Amsterdam\r\n"
    b"BEGIN:DAYLIGHT\r\nDTSTART:20020331T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n"
    b"TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nTZNAME:CEST\r\nEND:DAYLIGHT\r\n"
    b"BEGIN:STANDARD\r\nDTSTART:20021027T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n"
    b"TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nTZNAME:CET\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)
END = b"END:VCALENDAR\r\n"


class Of(StrEnum):
    """What a calendar is of."""

    PLACE = "place"
    OFFICER = "officer"
    THEME = "theme"
    NEIGHBOURHOOD = "neighbourhood"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Where:
    """The place of an entry."""

    id: UUID
    name: str
    address: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Entry:
    """A slot, or (with a working form and a question) a session, as calendars show it. Without `where` it is online.

    `form_name` is what its working form is called, in Dutch and in English, as far as that is known.
    """

    id: UUID
    starts_at: datetime
    ends_at: datetime
    changed_at: datetime
    version: int
    cancelled: bool
    themes: tuple[str, ...]
    where: Where | None
    working_form: str | None = None
    title: str | None = None
    question: str | None = None
    form_name: str | None = None
    form_name_en: str | None = None

    @property
    def is_session(self) -> bool:
        """Whether it is a session; else it is a slot."""
        return self.working_form is not None


class Text(vText):
    r"""Text as RFC 5545, 3.3.11 has it; icalendar's own makes a line break of a backslash and an N."""

    def to_ical(self) -> bytes:
        """The text with its backslashes, semicolons, commas and line breaks escaped."""
        escaped = self.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
        return escaped.encode()


def calendar(name: str, entries: Iterable[Entry], home: str, language: Language) -> bytes:
    """The text of a calendar, valid without entries too; `home` is the address of the square's pages."""
    feed = Calendar()
    feed.add("VERSION", "2.0")
    feed.add("PRODID", f"-//Dorpsplein//presence//{language.upper()}")
    feed.add("CALSCALE", "GREGORIAN")
    feed.add("METHOD", "PUBLISH")
    for naming in ("NAME", "X-WR-CALNAME"):
        feed.add(naming, Text(name))
    feed.add("X-WR-TIMEZONE", HERE.key)
    feed.add("REFRESH-INTERVAL", REFRESH, parameters={"VALUE": "DURATION"})
    feed.add("X-PUBLISHED-TTL", "PT1H")
    feed.add_component(TIMEZONE)
    head: bytes = feed.to_ical().removesuffix(END)
    return b"".join([head, *(_event(entry, home, language) for entry in entries), END])


def name_of(of: Of, subject: str | UUID, words: str | None, language: Language) -> str:
    """What a calendar is called; `words` are those of the place or the session."""
    said = SAID[language]
    match of:
        case Of.OFFICER:
            name = said.an_officer
        case Of.THEME:
            name = themes([str(subject)], language)
        case Of.NEIGHBOURHOOD:
            name = said.a_neighbourhood.format(code=subject)
        case Of.PLACE | Of.SESSION:
            name = one_line(words or "")
    return f"Dorpsplein: {name}"


def summary(entry: Entry, language: Language) -> str:
    """What an entry is, in one line, whether or not it takes place."""
    said = SAID[language]
    if not entry.is_session:
        return said.here.format(place=entry.where.name if entry.where else said.online)
    form = entry.form_name if language is Language.NL else entry.form_name_en
    return f"{form or said.any_session}: {entry.title or one_line(entry.question or '')}"


def description(entry: Entry, language: Language) -> str:
    """What there is to know of an entry beside what, where and when."""
    said = SAID[language]
    about = [said.themes.format(themes=themes(entry.themes, language))] if entry.themes else []
    return "\n\n".join([entry.question or said.walk_in, *about])


def page_of(entry: Entry, home: str) -> str:
    """The address of the page about an entry: the session's own, or the slot's place."""
    if entry.is_session:
        return f"{home}/bijeenkomsten/{entry.id}"
    return place_page(entry.where.id, home) if entry.where else home


def place_page(place_id: UUID, home: str) -> str:
    """The address of a place's page."""
    return f"{home}/plekken/{place_id}"


def one_line(words: str) -> str:
    """Words without line breaks."""
    return " ".join(words.split())


@lru_cache(maxsize=MOST_KEPT)
def _event(entry: Entry, home: str, language: Language) -> bytes:
    event, said, what = Event(), SAID[language], summary(entry, language)
    event.add("UID", f"{entry.id}@{urlsplit(home).hostname}")
    event.add("SEQUENCE", entry.version - 1)
    event.add("DTSTAMP", entry.changed_at.astimezone(UTC))
    event.add("LAST-MODIFIED", entry.changed_at.astimezone(UTC))
    event.add("DTSTART", _moment(entry.starts_at))
    event.add("DTEND", _moment(entry.ends_at))
    event.add("SUMMARY", Text(said.cancelled.format(what=what) if entry.cancelled else what))
    event.add("DESCRIPTION", Text(description(entry, language)))
    event.add("LOCATION", Text(f"{entry.where.name}, {entry.where.address}" if entry.where else said.online))
    if entry.where:
        event.add("GEO", (entry.where.latitude, entry.where.longitude))
    if entry.themes:
        event.add("CATEGORIES", list(entry.themes))
    event.add("URL", vUri(page_of(entry, home)))
    event.add("STATUS", "CANCELLED" if entry.cancelled else "CONFIRMED")
    event.add("TRANSP", "TRANSPARENT")
    ical: bytes = event.to_ical()
    return ical


def _moment(moment: datetime) -> datetime:
    """A moment by the clock here; in UTC where that clock shows the same time for the second time."""
    here = moment.astimezone(HERE)
    return moment.astimezone(UTC) if here.fold else here
