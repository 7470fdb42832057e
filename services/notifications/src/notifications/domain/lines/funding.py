"""What is said of events of the funding service."""

from collections.abc import Callable
from typing import Any

from dorpsplein.contracts.funding.counts import (
    CountAbandoned,
    CountDisputed,
    CountPublished,
    CountStarted,
    CountTied,
    DrawHeld,
    ElectionLoaded,
    OutcomeOverridden,
)
from dorpsplein.contracts.funding.knobs import (
    BrakePulled,
    BrakeReleased,
    KnobBoundsSet,
    KnobChangeAdopted,
    KnobChangeConsented,
    KnobChangeDrafted,
    KnobChangeExtended,
    KnobChangeLapsed,
    KnobChangeOpened,
    KnobChangeSuperseded,
    KnobChangeTurnedDown,
    KnobChangeVetoed,
    KnobChangeWithdrawn,
    KnobChangeWithoutQuorum,
    KnobTurned,
    KnobVetoAnnounced,
    KnobVetoLapsed,
)
from dorpsplein.contracts.funding.means import (
    InitiativeMatched,
    MeansGoalMissed,
    MeansGoalReached,
    MeansTaken,
    NeedsSet,
    TopUpFilled,
    TopUpOpened,
)
from dorpsplein.contracts.funding.payouts import PayoutBooked, PayoutReturned
from dorpsplein.contracts.funding.pledges import (
    PledgeDelivered,
    PledgeLapsed,
    PledgeMade,
    PledgeMatched,
    PledgeRefunded,
    PledgeWithdrawn,
)
from dorpsplein.contracts.funding.rounds import FundOpened, PotLineAdded, RoundClosed, RoundOpened
from dorpsplein.envelope import Event
from notifications.domain.wording import all_means, counted, day, euros, means, minute, slot


def _promised(event: PledgeMade | PledgeWithdrawn) -> str:
    return means(event.resource, event.amount_cents if event.quantity is None else event.quantity)


def _made(event: PledgeMade, it: str) -> str:
    when = f" ({slot(event.starts_at, event.ends_at)})" if event.starts_at and event.ends_at else ""
    return f"{_promised(event)} toegezegd aan {it}{when}"


def _needs(event: NeedsSet, it: str) -> str:
    asked = {one: minimum or event.wished.get(one, 0) for one, minimum in event.minimum.items()}
    asked = {one: quantity for one, quantity in asked.items() if quantity}
    if not asked:
        return f"{it} vraagt op dit moment geen middelen"
    return f"{it} vraagt {all_means(asked)}" + (f", uiterlijk {minute(event.deadline)}" if event.deadline else "")


def _result(event: KnobChangeAdopted | KnobChangeTurnedDown | KnobChangeWithoutQuorum) -> str:
    turnout = event.yes + event.no + event.abstain
    return f"{event.yes} voor, {event.no} tegen, {event.abstain} blanco; {turnout} van {event.roster_size} stemden"


def _adopted(event: KnobChangeAdopted, _: str) -> str:
    after = ", als de raad instemt" if event.needs_consent else ""
    return (
        f"Een wijziging van de knoppen is aangenomen ({_result(event)})"
        f" en gaat in op {minute(event.effective_at)}{after}"
    )


def _turned(event: KnobTurned, _: str) -> str:
    knobs = counted(len(event.numbers) + len(event.choices), "knop", "knoppen")
    return f"Er is aan {knobs} van een fonds gedraaid; lopende rondes houden hun eigen stand"


LINES: dict[type[Event], Callable[[Any, str], str]] = {
    FundOpened: lambda _e, _it: "Er is een nieuw fonds",
    RoundOpened: lambda e, _: f"Er is een nieuwe ronde, open tot {day(e.closes_at)}",
    PotLineAdded: lambda e, _: f"{e.cofinancier} legt {euros(e.amount_cents)} in de pot van een ronde",
    RoundClosed: lambda _e, _it: "Een ronde is gesloten",
    NeedsSet: _needs,
    PledgeMade: _made,
    PledgeMatched: lambda e, it: f"{euros(e.amount_cents)} aan matching voor {it}",
    PledgeWithdrawn: lambda e, it: f"Een toezegging van {_promised(e)} aan {it} is ingetrokken",
    PledgeDelivered: lambda e, it: f"{means(e.resource, e.delivered_in_all)} geleverd aan {it}, zoals toegezegd",
    PledgeLapsed: lambda e, it: f"Een toezegging van {means(e.resource, e.quantity)} aan {it} gaat niet door",
    PledgeRefunded: lambda e, it: f"Een toezegging van {means(e.resource, e.quantity)} aan {it} is teruggegeven",
    MeansGoalReached: lambda _, it: f"{it} heeft de middelen die nodig zijn",
    MeansGoalMissed: lambda _, it: f"{it} kreeg niet de middelen die nodig zijn; wat openstond gaat terug",
    MeansTaken: lambda _, it: f"De termijn van {it} is voorbij; het gaat verder met wat er is toegezegd",
    TopUpOpened: lambda e, it: (
        f"Bij {it} viel een toezegging weg; tot {minute(e.closes_at)} kan dit worden aangevuld: {all_means(e.missing)}"
    ),
    TopUpFilled: lambda _, it: f"{it} heeft weer alle middelen die nodig zijn",
    InitiativeMatched: lambda e, it: f"{euros(e.amount_cents)} aan matching voor {it} uit een ronde die is geteld",
    PayoutBooked: lambda e, it: f"{euros(e.amount_cents)} is uitbetaald aan {it}",
    PayoutReturned: lambda e, it: f"Een uitbetaling van {euros(e.amount_cents)} aan {it} ging niet door",
    KnobChangeDrafted: lambda _e, _it: "Er is een voorstel om aan de knoppen van een fonds te draaien",
    KnobChangeOpened: lambda e, _: f"Tot {minute(e.closes_at)} kun je stemmen over een wijziging van de knoppen",
    KnobChangeExtended: lambda e, _: (
        f"De stemming over een wijziging van de knoppen loopt door tot {minute(e.closes_at)}"
    ),
    KnobChangeAdopted: _adopted,
    KnobChangeTurnedDown: lambda e, _: f"Een wijziging van de knoppen is afgewezen ({_result(e)})",
    KnobChangeWithoutQuorum: lambda e, _: f"Te weinig mensen stemden over een wijziging van de knoppen ({_result(e)})",
    KnobChangeConsented: lambda _e, _it: "De raad stemt in met een wijziging van de knoppen",
    KnobChangeLapsed: lambda _e, _it: "Een wijziging van de knoppen vervalt: de raad stemde niet op tijd in",
    KnobTurned: _turned,
    KnobChangeSuperseded: lambda _e, _it: "Een aangenomen wijziging van de knoppen past niet meer en gaat niet in",
    KnobChangeWithdrawn: lambda _e, _it: "Een voorstel om aan de knoppen te draaien is ingetrokken",
    KnobVetoAnnounced: lambda e, _: (
        f"Er is een veto aangekondigd tegen een wijziging van de knoppen; de reden moet er zijn op {minute(e.until)}"
    ),
    KnobVetoLapsed: lambda _e, _it: "Een aangekondigd veto is vervallen: er kwam geen reden",
    KnobChangeVetoed: lambda _e, _it: "Er is een veto, met reden, tegen een wijziging van de knoppen",
    KnobBoundsSet: lambda _e, _it: "De grenzen van de knoppen van een fonds liggen vast",
    BrakePulled: lambda e, _: f"De noodrem van een fonds is aangetrokken: geen matching tot {minute(e.until)}",
    BrakeReleased: lambda _e, _it: "De noodrem van een fonds is los: de matching gaat door",
    ElectionLoaded: lambda e, _: (
        f"Een stemming is ingelezen: {counted(e.candidates, 'keuze', 'keuzes')},"
        f" {counted(e.voters, 'kiezer', 'kiezers')}, {euros(e.budget_cents)} te verdelen"
    ),
    CountStarted: lambda _e, _it: "Er is een officiële telling begonnen",
    CountTied: lambda _e, _it: "Een telling wacht op een openbare loting",
    DrawHeld: lambda _e, _it: "Er is in het openbaar geloot voor een telling",
    CountPublished: lambda e, _: (
        f"De uitslag van een telling is bekend: {counted(e.winners, 'keuze krijgt', 'keuzes krijgen samen')}"
        f" {euros(e.amount_cents)}"
    ),
    CountDisputed: lambda _e, _it: "Een tweede telling kwam anders uit: de uitslag wordt niet gepubliceerd",
    CountAbandoned: lambda _e, _it: "Een telling is gestaakt: de regel kan met deze stemming niet tellen",
    OutcomeOverridden: lambda e, _: (
        f"De raad besluit in het openbaar anders over {counted(len(e.changes), 'keuze', 'keuzes')} van een uitslag;"
        " de getelde uitslag blijft ernaast staan"
    ),
}
WITH_ITS_INITIATIVE = frozenset({"goal-missed", "initiative-withdrawn", "initiative-expired", "initiative-joined"})
"""Reasons of what goes back as a whole: one line says so of the initiative, not one of every pledge."""
BURIES_NEWS: dict[type[Event], Callable[[Any], bool]] = {
    PledgeDelivered: lambda e: not e.complete,
    PledgeWithdrawn: lambda e: e.reason in WITH_ITS_INITIATIVE,
    PledgeLapsed: lambda e: e.reason in WITH_ITS_INITIATIVE,
    PledgeRefunded: lambda e: e.reason in WITH_ITS_INITIATIVE,
    KnobChangeSuperseded: lambda e: e.reason != "no-longer-fits",
}
MAILED: tuple[type[Event], ...] = (
    PledgeMatched,
    InitiativeMatched,
    MeansGoalReached,
    MeansGoalMissed,
    MeansTaken,
    TopUpOpened,
    PayoutBooked,
)
