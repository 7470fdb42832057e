"""Posters: what hangs at a place, so that who has no phone in hand sees who comes and when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from textwrap import shorten
from urllib.parse import urlencode
from uuid import UUID

from presence.domain.calendars import Entry, place_page, summary
from presence.domain.wording import SAID, Language, day, midnight_in, themes, window

DAYS_AHEAD = 28
CODE_DAYS = 92
"""How long the code on a poster counts: a quarter of a year, to the next midnight."""
MOST_LINES = 7
MOST_LETTERS = 80
"""So many lines of so many letters fit on one sheet in a wide font too; for more there is the page of the place."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a poster: when, what, and about which themes (nothing where there are none)."""

    day: str
    time: str
    what: str
    themes: str


def ahead(now: datetime) -> timedelta:
    """How far a poster looks: to the midnight that ends the fourth week."""
    return midnight_in(now, DAYS_AHEAD) - now


def code_until(now: datetime) -> datetime:
    """Until when the code of a poster that is made now counts."""
    return midnight_in(now, CODE_DAYS)


def address(place_id: UUID, home: str, code: str | None) -> str:
    """Where the code on the wall leads: to the page of the place, with its signed code where there is one."""
    return place_page(place_id, home) + ("?" + urlencode({"code": code}) if code else "")


def lines(entries: Iterable[Entry], language: Language) -> tuple[Sequence[Line], int]:
    """The first lines, in order of time, and how many there are more. What is cancelled is not on a poster."""
    coming = [entry for entry in entries if not entry.cancelled]
    return [_line(entry, language) for entry in coming[:MOST_LINES]], max(0, len(coming) - MOST_LINES)


def _line(entry: Entry, language: Language) -> Line:
    what = summary(entry, language) if entry.is_session else SAID[language].poster.officer
    what = shorten(what, MOST_LETTERS, placeholder=" …")
    about = shorten(themes(entry.themes, language), max(1, MOST_LETTERS - len(what)), placeholder="…")
    return Line(day(entry.starts_at, language), window(entry.starts_at, entry.ends_at), what, about)
