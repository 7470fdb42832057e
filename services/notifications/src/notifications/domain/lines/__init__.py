"""Plain lines: what the feed and the mails say of an event, in Dutch, the first language of the square.

The table is also what decides which events are news. What is no news still counts, and still goes to subscriptions.
Each module holds events of one service: its LINES, in BURIES_NEWS which of a type that has a line are no news
(they come by the hundred, or something else says it), and in MAILED what is worth a mail.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from dorpsplein.envelope import Event, Pseudonym
from notifications.domain.lines import funding, initiatives, presence, sessions
from notifications.domain.wording import Names


def _naming_one(said: Callable[[Any, str], str]) -> Callable[[Any, Names], str]:
    return lambda event, names: said(event, names.it)


LINES: dict[type[Event], Callable[[Any, Names], str]] = {
    **{kind: _naming_one(said) for kind, said in (initiatives.LINES | funding.LINES | presence.LINES).items()},
    **sessions.LINES,
}
BURIES_NEWS: dict[type[Event], Callable[[Any], bool]] = {
    **initiatives.BURIES_NEWS,
    **funding.BURIES_NEWS,
    **presence.BURIES_NEWS,
}
MAILED = frozenset(event.type for module in (initiatives, funding, presence, sessions) for event in module.MAILED)
"""What is worth a mail: the milestones. The rest can be read in the feed."""


def is_news(event: Event) -> bool:
    """Whether an event belongs in the feed."""
    buries = BURIES_NEWS.get(type(event))
    return type(event) in LINES and not (buries and buries(event))


def about(event: Event) -> list[UUID]:
    """What an event is about: its initiatives, then its place, then the place it was to be at before.

    A line stands about the first; whoever follows any of them hears of it.
    """
    ids = [
        getattr(event, "initiative_id", None),
        *getattr(event, "initiative_ids", ()),
        getattr(event, "place_id", None),
        getattr(event, "from_place_id", None),
    ]
    return list(dict.fromkeys(known for known in ids if known is not None))


def needs(event: Event) -> list[UUID]:
    """Whose names must be known before an event is told: what it is about, and its session where it is one's fact."""
    session = [UUID(event.key)] if event.key_field == "session_id" else []
    return [*about(event), *session]


def line(event: Event, title: str | None, titles: Mapping[UUID, str | None] | None = None) -> str:
    """What happened, in one plain line.

    `title` is that of what the line stands about, `titles` those of all that is named in it, by id. Without a title
    a subject has been erased.
    """
    return LINES[type(event)](event, Names(title, titles or {}))


def public_data(event: Event) -> dict[str, Any]:
    """An event's data without the pseudonyms of people."""
    people = {name for name, field in type(event).model_fields.items() if Pseudonym in field.metadata}
    return event.model_dump(mode="json", exclude=people)
