"""What calendars and posters say, in Dutch (level B1) and English; moments are those of the clock on the wall here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from babel.dates import format_date, get_day_names
from babel.lists import format_list

from dorpsplein.days import HERE

DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
"""The days of opening hours, in order; the first is Monday, as with `date.weekday()`."""


class Language(StrEnum):
    """A language we speak."""

    NL = "nl"
    EN = "en"


LOCALES: Mapping[Language, str] = {Language.NL: "nl", Language.EN: "en_GB"}


@dataclass(frozen=True, slots=True)
class PosterWords:
    """What a poster says in one language."""

    head: str
    welcome: str
    who_comes: str
    four_weeks: str
    nobody: str
    more: str
    more_once: str
    officer: str
    scan: str
    scan_why: str
    code_alt: str
    printed: str
    valid: str


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of one language; a missing one is a fault of types."""

    here: str
    walk_in: str
    cancelled: str
    themes: str
    online: str
    any_session: str
    an_officer: str
    a_neighbourhood: str
    days_on_end: str
    poster: PosterWords


NL = Words(
    here="De gemeente is in {place}",
    walk_in="Een creatief arrangeur van de gemeente is hier. U hoeft geen afspraak te maken.",
    cancelled="Gaat niet door: {what}",
    themes="Onderwerpen: {themes}.",
    online="Online",
    any_session="Bijeenkomst",
    an_officer="Een creatief arrangeur",
    a_neighbourhood="Buurt {code}",
    days_on_end="{first} t/m {last}",
    poster=PosterWords(
        head="Hier vindt u de gemeente",
        welcome="Loop binnen: u hoeft geen afspraak te maken.",
        who_comes="Wie komt wanneer?",
        four_weeks="De komende vier weken",
        nobody="Voor de komende vier weken staat er nog niets vast. Scan de code: daar ziet u het als eerste.",
        more="En daarna nog {count} keer. Scan de code voor alles.",
        more_once="En daarna nog 1 keer. Scan de code voor alles.",
        officer="Creatief arrangeur",
        scan="Scan de code",
        scan_why="Zie wie er nu is en wie er komt.",
        code_alt="QR-code naar {address}",
        printed="Gemaakt op {day}.",
        valid="Geldig tot {day}; maak daarna een nieuwe.",
    ),
)
EN = Words(
    here="The municipality is at {place}",
    walk_in="A creative arranger of the municipality is here. You need no appointment.",
    cancelled="Cancelled: {what}",
    themes="Topics: {themes}.",
    online="Online",
    any_session="Session",
    an_officer="A creative arranger",
    a_neighbourhood="Neighbourhood {code}",
    days_on_end="{first} to {last}",
    poster=PosterWords(
        head="Find the municipality here",
        welcome="Walk in: you need no appointment.",
        who_comes="Who comes when?",
        four_weeks="The next four weeks",
        nobody="Nothing is planned yet for the next four weeks. Scan the code: you see it there first.",
        more="And {count} more times after that. Scan the code for all.",
        more_once="And once more after that. Scan the code for all.",
        officer="Creative arranger",
        scan="Scan the code",
        scan_why="See who is here now and who comes.",
        code_alt="QR code to {address}",
        printed="Made on {day}.",
        valid="Valid until {day}; make a new one after that.",
    ),
)
SAID: Mapping[Language, Words] = {Language.NL: NL, Language.EN: EN}


def themes(codes: Iterable[str], language: Language) -> str:
    """Codes of themes as words, the last with "and" before it: groen, sport en openbare ruimte."""
    return format_list([code.replace("-", " ") for code in codes], locale=LOCALES[language])


def day(moment: datetime, language: Language) -> str:
    """A day of the week: dinsdag 3 november."""
    return format_date(moment.astimezone(HERE).date(), "EEEE d MMMM", locale=LOCALES[language])


def full_day(moment: datetime | date, language: Language) -> str:
    """A day with its year: 3 november 2026."""
    there = moment.astimezone(HERE).date() if isinstance(moment, datetime) else moment
    return format_date(there, "long", locale=LOCALES[language])


def window(starts_at: datetime, ends_at: datetime) -> str:
    """From when to when on the clock: 14:00–16:30."""
    return f"{starts_at.astimezone(HERE):%H:%M}–{ends_at.astimezone(HERE):%H:%M}"


def opening_hours(hours: Mapping[str, Sequence[str]], language: Language) -> list[tuple[str, list[str]]]:
    """Opening hours as lines of days and windows; days on end with the same windows share a line."""
    names = get_day_names("abbreviated", locale=LOCALES[language])
    lines: list[tuple[int, int, tuple[str, ...]]] = []
    for number, code in enumerate(DAYS):
        windows = tuple(hours.get(code, ()))
        if lines and lines[-1][1] == number - 1 and lines[-1][2] == windows:
            lines[-1] = (lines[-1][0], number, windows)
        elif windows:
            lines.append((number, number, windows))
    said = SAID[language]
    return [
        (
            names[first] if first == last else said.days_on_end.format(first=names[first], last=names[last]),
            [window.replace("-", "–") for window in windows],
        )
        for first, last, windows in lines
    ]


def midnight_in(now: datetime, days: int) -> datetime:
    """The midnight here with which the day so many days from now begins."""
    then = now.astimezone(HERE).date() + timedelta(days=days)
    return datetime(then.year, then.month, then.day, tzinfo=HERE)
