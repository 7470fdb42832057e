"""Plain lines: what the feed and the mails say of an event, in Dutch, the first language of the square.

The table is also what decides which events are news. What is no news still counts, and still goes to subscriptions.
Each module holds the events of one service: its LINES, in BURIES_NEWS which of a type that has a line are no news
(they come by the hundred, or something else says it), and in MAILED what is worth a mail.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from dorpsplein.envelope import Event, Pseudonym
from notifications.domain.lines import funding, initiatives, presence

LINES: dict[type[Event], Callable[[Any, str], str]] = {**initiatives.LINES, **funding.LINES, **presence.LINES}
BURIES_NEWS: dict[type[Event], Callable[[Any], bool]] = {
    **initiatives.BURIES_NEWS,
    **funding.BURIES_NEWS,
    **presence.BURIES_NEWS,
}
MAILED = frozenset(event.type for event in (*initiatives.MAILED, *funding.MAILED, *presence.MAILED))
"""What is worth a mail: the milestones. The rest can be read in the feed."""


def is_news(event: Event) -> bool:
    """Whether an event belongs in the feed."""
    buries = BURIES_NEWS.get(type(event))
    return type(event) in LINES and not (buries and buries(event))


def about(event: Event) -> UUID | None:
    """The initiative, else the place, that an event is about."""
    subject: UUID | None = getattr(event, "initiative_id", None) or getattr(event, "place_id", None)
    return subject


def line(event: Event, title: str | None) -> str:
    """What happened, in one plain line. Without a title its subject has been erased."""
    return LINES[type(event)](event, named(title))


def named(title: str | None) -> str:
    """What something is called in a line."""
    return f"«{title}»" if title else "iets dat verwijderd is"


def public_data(event: Event) -> dict[str, Any]:
    """An event's data without the pseudonyms of people."""
    people = {name for name, field in type(event).model_fields.items() if Pseudonym in field.metadata}
    return event.model_dump(mode="json", exclude=people)
