"""How names, amounts, means and moments are written in Dutch. Moments are those of the clock on the wall here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dorpsplein.days import HERE

EUR = "EUR/2"
MOST_NAMED = 5
LONGEST_NAME = 60
"""A session may be called by its question, which can be a whole paragraph."""


def named(title: str | None) -> str:
    """What something is called in a line."""
    return f"«{title}»" if title else "iets dat verwijderd is"


def called(title: str | None) -> str | None:
    """A name beside others in a line, cut where it is long; None where there is none."""
    if not title:
        return None
    words = " ".join(title.split())
    return f"«{words}»" if len(words) <= LONGEST_NAME else f"«{words[: LONGEST_NAME - 1].rstrip()}…»"


@dataclass(frozen=True, slots=True)
class Names:
    """What is named in a line: the title of what it stands about, and those of all there is in it by id."""

    title: str | None
    titles: Mapping[UUID, str | None]

    @property
    def it(self) -> str:
        """What the line stands about."""
        return named(self.title)

    def of(self, *ids: UUID | None) -> list[str]:
        """How these are called, in their order; without those whose names are gone or not known."""
        return [name for one in ids if one is not None and (name := called(self.titles.get(one)))]


def euros(cents: int) -> str:
    """An amount as Dutch people write it: 1.250,00."""
    whole, rest = divmod(cents, 100)
    return f"€ {whole:,}".replace(",", ".") + f",{rest:02d}"


def hours(minutes: int) -> str:
    """A time, in hours and minutes."""
    whole, rest = divmod(minutes, 60)
    parts = [f"{whole:,} uur".replace(",", ".")] if whole else []
    if rest or not whole:
        parts.append("1 minuut" if rest == 1 else f"{rest} minuten")
    return " en ".join(parts)


def means(resource: str, quantity: int) -> str:
    """So much of a resource: € 300,00, 12 uur timmerwerk, 3 uur sportzaal, 40 × stoel."""
    kind, _, code = resource.partition("/")
    name = code.replace("-", " ")
    match kind:
        case "EUR":
            return euros(quantity)
        case "TIME" | "SLOT":
            return f"{hours(quantity)} {name}"
        case _:
            return f"{quantity:,} × {name}".replace(",", ".")


def all_means(quantities: Mapping[str, int]) -> str:
    """Several resources with commas between, euros first; after some it only says how many more there are."""
    told = [means(one, quantities[one]) for one in sorted(quantities, key=lambda one: (one != EUR, one))]
    more = len(told) - MOST_NAMED
    return ", ".join(told[:MOST_NAMED]) + (f" en nog {more}" if more > 0 else "")


def day(moment: datetime) -> str:
    """A day: 31-12-2026."""
    return f"{moment.astimezone(HERE):%d-%m-%Y}"


def minute(moment: datetime) -> str:
    """A moment: 31-12-2026 om 23:59."""
    return f"{moment.astimezone(HERE):%d-%m-%Y om %H:%M}"


def slot(starts_at: datetime, ends_at: datetime) -> str:
    """From when to when: op 06-06-2026 van 14:00 tot 17:00."""
    start, end = starts_at.astimezone(HERE), ends_at.astimezone(HERE)
    if start.date() == end.date():
        return f"op {start:%d-%m-%Y} van {start:%H:%M} tot {end:%H:%M}"
    return f"van {minute(start)} tot {minute(end)}"


def counted(number: int, one: str, many: str) -> str:
    """So many of a thing, as it is written."""
    return f"{number:,} {one if number == 1 else many}".replace(",", ".")
