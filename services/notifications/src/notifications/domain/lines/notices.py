"""What one person alone is told, why it comes to them, and how they end it.

The codes are those of `NoticeGiven.what`. A line says names and moments as far as they are known: whatever of them is
missing, it still reads.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from notifications.domain.wording import called, minute


@dataclass(frozen=True, slots=True)
class Notice:
    """What is known of a notice: titles where it names something whose name is known, and its moment."""

    what: str
    session: str | None = None
    initiative: str | None = None
    place: str | None = None
    starts_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """The line, with {session}, {initiative} and {when}; why it comes (after "omdat"); how to end it.

    Without `ends` it is for someone's safety, and is not to be ended.
    """

    line: str
    because: str
    ends: str | None = None


SEAT = "je je hebt aangemeld voor deze bijeenkomst"
NO_SEAT = "Kun of wil je niet meer? Geef je plek terug, dan hoor je hier niets meer over."
LAST = "Dit is het laatste bericht hierover."
REQUEST = "je om deze bijeenkomst hebt gevraagd"
VISIT = "je bij dit werkbezoek hoort"
NO_VISIT = "Ben je er niet bij? Zeg het werkbezoek af, dan hoor je hier niets meer over."
PROMISE = "deze belofte van jou of aan jou is"
NO_PROMISE = "Is de belofte nagekomen of losgelaten, dan hoor je hier niets meer over."
LONE = "je collega je koos bij een bezoek alleen"

TEXTS: Mapping[str, Text] = {
    "seat-taken": Text("Je hebt een plek bij {session}{when}", SEAT, NO_SEAT),
    "seat-waiting": Text("Je staat op de wachtlijst van {session}{when}", SEAT, NO_SEAT),
    "seat-moved-up": Text("Er kwam een plek vrij: je hebt nu een plek bij {session}{when}", SEAT, NO_SEAT),
    "seat-reminder": Text("Denk eraan: je hebt een plek bij {session}{when}", SEAT, NO_SEAT),
    "seat-lost": Text("Je hebt geen plek meer bij {session}{when}", SEAT, LAST),
    "session-moved": Text("Verplaatst, kijk wanneer en waar het nu is: {session}{when}", SEAT, NO_SEAT),
    "session-cancelled": Text("Dit gaat niet door: {session}{when}", SEAT, LAST),
    "session-thanked": Text("Dank dat je er was bij {session}", "je bij deze bijeenkomst was", LAST),
    "request-picked-up": Text("Waar je om vroeg komt er: {session}{when}", REQUEST, LAST),
    "request-expired": Text("Niemand pakte je vraag om een bijeenkomst op; je kunt het opnieuw vragen", REQUEST, LAST),
    "council-invited": Text(
        "Je bent gevraagd voor de inspiratieraad",
        "je bent gevraagd als lid van de inspiratieraad",
        "Zeg ja of nee; na een nee hoor je hier niets meer over.",
    ),
    "visit-invited": Text(
        "De inspiratieraad is uitgenodigd om te komen kijken bij {initiative}",
        "je lid bent van de inspiratieraad",
        "Ben je geen lid meer, dan krijg je deze berichten niet meer.",
    ),
    "visit-accepted": Text("De inspiratieraad komt op werkbezoek bij {initiative}{when}", VISIT, NO_VISIT),
    "visit-declined": Text("De inspiratieraad komt niet op werkbezoek bij {initiative}", VISIT, LAST),
    "visit-cancelled": Text("Dit gaat niet door: het werkbezoek aan {initiative}{when}", VISIT, LAST),
    "visit-reported": Text("De inspiratieraad vertelt over het werkbezoek aan {initiative}", VISIT, LAST),
    "promise-nearly-due": Text("Een belofte aan {initiative} moet bijna zijn nagekomen", PROMISE, NO_PROMISE),
    "promise-due": Text("De dag van een belofte aan {initiative} is voorbij", PROMISE, NO_PROMISE),
    "promise-kept": Text("Een belofte aan {initiative} is nagekomen", PROMISE, LAST),
    "promise-let-go": Text("Een belofte aan {initiative} wordt niet nagekomen; de reden staat erbij", PROMISE, LAST),
    "lone-visit-overdue": Text(
        "Je collega is nog niet terug van een bezoek alleen{when}: bel nu, en vraag hulp als niemand opneemt", LONE
    ),
    "lone-visit-ended": Text("Je collega is terug van een bezoek alleen", LONE),
}
"""By code. What is not here is told to nobody."""


def line(notice: Notice) -> str:
    """What someone is told, in one plain line."""
    place = called(notice.place)
    when = f" op {minute(notice.starts_at)}" if notice.starts_at else ""
    return TEXTS[notice.what].line.format(
        session=" ".join(filter(None, ["de bijeenkomst", called(notice.session)])),
        initiative=called(notice.initiative) or "een initiatief",
        when=f"{when} in {place}" if place else when,
    )
