"""Plain lines: what the feed and the mails say of an event, in Dutch, the first language of the square.

The table is also what decides which events are news. Support that is taken back is nobody's news, and support
that came in with an import would bury all else; both still count, and both go to subscriptions.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from dorpsplein.contracts.funding import (
    FundOpened,
    MeansGoalReached,
    PledgeMade,
    PledgeMatched,
    PledgeWithdrawn,
    PotLineAdded,
    RoundClosed,
    RoundOpened,
)
from dorpsplein.contracts.initiatives import (
    ContributionOffered,
    InitiativeEdited,
    InitiativeProposed,
    InitiativeWithdrawn,
    SupportGiven,
    ThresholdReached,
)
from dorpsplein.contracts.presence import (
    ArrangerArrived,
    ArrangerLeft,
    PlaceAdded,
    PresenceAnnounced,
    PresenceCancelled,
)
from dorpsplein.envelope import Event, Pseudonym

LINES: dict[type[Event], Callable[[Any, str], str]] = {
    InitiativeProposed: lambda _, it: f"Nieuw initiatief: {it}",
    InitiativeEdited: lambda _, it: f"{it} is bijgewerkt",
    ThresholdReached: lambda e, it: f"{it} heeft {e.threshold} steunbetuigingen en kan verder",
    InitiativeWithdrawn: lambda _, it: f"{it} is ingetrokken door de initiatiefnemer",
    SupportGiven: lambda _, it: f"Nieuwe steunbetuiging voor {it}",
    ContributionOffered: lambda _, it: f"Nieuwe inbreng voor {it}",
    PledgeMade: lambda e, it: f"{euros(e.amount_cents)} toegezegd aan {it}",
    PledgeMatched: lambda e, it: f"{euros(e.amount_cents)} aan matching voor {it}",
    PledgeWithdrawn: lambda e, it: f"Een toezegging van {euros(e.amount_cents)} aan {it} is ingetrokken",
    MeansGoalReached: lambda _, it: f"{it} heeft de middelen die nodig zijn",
    FundOpened: lambda _e, _it: "Er is een nieuw fonds",
    RoundOpened: lambda e, _: f"Er is een nieuwe ronde, open tot {e.closes_at:%d-%m-%Y}",
    PotLineAdded: lambda e, _: f"{e.cofinancier} legt {euros(e.amount_cents)} in de pot van een ronde",
    RoundClosed: lambda _e, _it: "Een ronde is gesloten",
    PlaceAdded: lambda _, it: f"Nieuwe plek: {it}",
    PresenceAnnounced: lambda e, it: f"Op {e.starts_at:%d-%m-%Y} is er iemand van de gemeente in {it}",
    ArrangerArrived: lambda _, it: f"Er is nu iemand van de gemeente in {it}",
    ArrangerLeft: lambda _, it: f"Er is nu niemand meer van de gemeente in {it}",
    PresenceCancelled: lambda _, it: f"Een aangekondigde aanwezigheid in {it} gaat niet door",
}
MAILED = frozenset(
    event.type
    for event in (
        InitiativeProposed,
        ThresholdReached,
        InitiativeWithdrawn,
        ContributionOffered,
        PledgeMatched,
        MeansGoalReached,
    )
)
"""What is worth a mail: the milestones. The rest can be read in the feed."""


def is_news(event: Event) -> bool:
    """Whether an event belongs in the feed."""
    return type(event) in LINES and not (isinstance(event, SupportGiven) and event.channel == "import")


def about(event: Event) -> UUID | None:
    """The initiative, else the place, that an event is about."""
    subject: UUID | None = getattr(event, "initiative_id", None) or getattr(event, "place_id", None)
    return subject


def line(event: Event, title: str | None) -> str:
    """What happened, in one plain line. Without a title its subject has been erased."""
    return LINES[type(event)](event, f"«{title}»" if title else "iets dat verwijderd is")


def public_data(event: Event) -> dict[str, Any]:
    """An event's data without the pseudonyms of people."""
    people = {name for name, field in type(event).model_fields.items() if Pseudonym in field.metadata}
    return event.model_dump(mode="json", exclude=people)


def euros(cents: int) -> str:
    """An amount as Dutch people write it: 1.250,00."""
    whole, rest = divmod(cents, 100)
    return f"€ {whole:,}".replace(",", ".") + f",{rest:02d}"
