"""Explain my euro: what happened to a pledge, from promise to match to delivery, in plain Dutch and English.

Nothing is judged again here: every sentence says what a stored fact, reason or ledger transfer says.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from dorpsplein.days import HERE
from funding.domain.ledger import EUR
from funding.domain.pledges import Pledge
from funding.domain.rules import TEXTS, Reason

MONTHS = (
    ("januari", "January"),
    ("februari", "February"),
    ("maart", "March"),
    ("april", "April"),
    ("mei", "May"),
    ("juni", "June"),
    ("juli", "July"),
    ("augustus", "August"),
    ("september", "September"),
    ("oktober", "October"),
    ("november", "November"),
    ("december", "December"),
)
REASONS = {
    "ratio": "de toezegging maal de verhouding, naar beneden afgerond",
    "cap-pledge": "van één toezegging wordt niet meer gematcht",
    "cap-donor": "van één toezegger wordt in deze ronde niet meer gematcht",
    "cap-initiative": "voor één initiatief wordt niet meer gematcht",
    "pot-left": "er zit niet meer in de pot",
    "whole-only": "de pot kan dit niet helemaal matchen en deze regel matcht nooit gedeeltelijk",
    "threshold": "het deel van wat er nodig is, naar beneden afgerond",
    "goal-unknown": "het is niet bekend wat het initiatief nodig heeft",
    "start-not-reached": "de gemeenschap heeft nog niet genoeg bijeengebracht",
    "too-few-donors": "nog te weinig mensen zegden iets toe",
    "paid-before": "deze regel betaalt één keer per initiatief, en deed dat al",
    "goal-rest": "naast wat de gemeenschap bijeenbracht is niet meer nodig",
    "by-crowd": "het deel van de pot dat bij het geld van de gemeenschap hoort, naar beneden afgerond",
    "by-many": "wat het kwadraat van de som van de wortels geeft, naar beneden afgerond",
    "by-pairs": "wat paren van gevers samen geven, naar beneden afgerond",
    "pot-share": "de pot naar verhouding hiervan, naar beneden afgerond",
    "from-capped": "naar verhouding, wat anderen boven hun grens niet krijgen",
    "remainder": "een cent die bij het afronden overbleef, voor de grootste rest",
    "floor": "wat tijdens de ronde al was beloofd",
    "conditions": "de potregels die eraan mogen geven, hebben niet meer",
    "no-gifts": "niemand zegde iets toe",
    "cost": "wat het kost",
    "won-by-shares": "wie het steunen, betaalden het uit hun gelijke deel",
    "won-by-score": "het paste in het budget op volgorde van score",
    "cost-unknown": "het is niet bekend wat het kost",
    "no-supporters": "niemand steunt het",
    "supporters-short": "wie het steunen, hebben samen te weinig over",
    "does-not-fit": "het past niet in wat er van het budget over was",
    "after-misfit": "de regel stopt bij het eerste dat niet past",
    "score-too-low": "de score is lager dan de laagste score die telt",
    "share": "naar verhouding van wat de potregel nog heeft, naar beneden afgerond",
    "moved": "tussen potregels verschoven, zodat hun voorwaarden kloppen",
}
"""Every reason of a rule in Dutch; in English see `rules.TEXTS`."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened, and when (None: it follows from the step before)."""

    code: str
    at: datetime | None
    nl: str
    en: str


class Movement(NamedTuple):
    """A transfer of a pledge's group in the ledger, and what became of it."""

    kind: str
    credit: str
    amount: int
    at: datetime
    outcome: str | None
    resolved_at: datetime | None


class Part(NamedTuple):
    """A part that was delivered."""

    quantity: int
    at: datetime


def explain(pledge: Pledge, lines: dict[str, str], moved: Sequence[Movement], parts: Sequence[Part]) -> list[Step]:
    """The chain of one pledge, oldest first. `lines` says which co-financier (by code) each pot line is of."""
    steps = [_pledged(pledge), *_matched(pledge, lines), *_resolved(pledge, moved)]
    steps += [_delivered(pledge, part) for part in parts]
    return [*steps, *_gone(pledge, moved)]


def _pledged(pledge: Pledge) -> Step:
    nl, en = amount(pledge.resource, pledge.quantity)
    when = f" ({day(pledge.slot.starts_at)[0]})" if pledge.slot else ""
    when_en = f" ({day(pledge.slot.starts_at)[1]})" if pledge.slot else ""
    return Step("pledged", pledge.made_at, f"Er is {nl} toegezegd{when}.", f"{en} was pledged{when_en}.")


def _matched(pledge: Pledge, lines: dict[str, str]) -> Iterable[Step]:
    match = pledge.match
    if match is None:
        yield _without_match(pledge)
        return
    nl, en = euros(match.allocation.cents)
    version = match.rule_version[:12]
    quoted = (" zoals vooraf gereserveerd", " as quoted before") if pledge.quote else ("", "")
    yield Step(
        "matched",
        pledge.made_at,
        f"Daarbij kwam {nl} matching{quoted[0]}, volgens regelversie {version}.",
        f"{en} followed as match{quoted[1]}, under rule version {version}.",
    )
    for reason in match.allocation.reasons:
        if reason.pot_line is None:
            yield _because(reason)
    for line, cents in match.allocation.by:
        nl, en = euros(cents)
        who = lines.get(line, line)
        yield Step("matched-by", None, f"Van die matching kwam {nl} van {who}.", f"{en} of it came from {who}.")


def _without_match(pledge: Pledge) -> Step:
    if pledge.round:
        nl = "Deze ronde wordt aan het eind geteld; dan blijkt wat het initiatief aan matching krijgt."
        en = "This round is counted at its close; then it shows what match the initiative gets."
    else:
        nl, en = "Dit staat buiten een ronde en wordt niet gematcht.", "This is outside a round and is not matched."
    return Step("not-matched", None, nl, en)


def _because(reason: Reason) -> Step:
    sign = "−" if reason.cents < 0 else "+"
    nl, en = euros(abs(reason.cents))
    return Step(
        f"reason:{reason.code}",
        None,
        f"{sign} {nl}: {REASONS[reason.code]}.",
        f"{sign} {en}: {TEXTS[reason.code]}.",
    )


def _resolved(pledge: Pledge, moved: Sequence[Movement]) -> Iterable[Step]:
    """What became of the pledge's own hold: posted at once, posted later, given back, or still held."""
    for one in moved:
        if one.kind != "pledge":
            continue
        if one.outcome is None and pledge.status == "held":
            yield Step(
                "held",
                None,
                "Dit wordt vastgehouden tot het initiatief heeft wat het nodig heeft.",
                "It is held until the initiative has what it needs.",
            )
        elif one.outcome in {None, "posted"}:
            yield Step(
                "committed",
                one.resolved_at or one.at,
                f"Het initiatief had wat het nodig had; {_all_of(pledge)[0]} definitief.",
                f"The initiative had what it needed; {_all_of(pledge)[1]} made final.",
            )
        else:
            yield Step(
                "given-back",
                one.resolved_at,
                f"Teruggegeven: {_all_of(pledge)[0]} {_ended(pledge)[0]}.",
                f"Given back: {_all_of(pledge)[1]} {_ended(pledge)[1]}.",
            )


def _all_of(pledge: Pledge) -> tuple[str, str]:
    if pledge.matched:
        return "de toezegging en de matching zijn", "the pledge and its match were"
    return "de toezegging is", "the pledge was"


def _ended(pledge: Pledge) -> tuple[str, str]:
    return {"withdrawn": ("ingetrokken", "withdrawn"), "lapsed": ("vervallen", "lapsed")}.get(
        pledge.status, (pledge.status, pledge.status)
    )


def _delivered(pledge: Pledge, part: Part) -> Step:
    nl, en = amount(pledge.resource, part.quantity)
    return Step("delivered", part.at, f"Daarvan is {nl} geleverd.", f"{en} of it was delivered.")


def _gone(pledge: Pledge, moved: Sequence[Movement]) -> Iterable[Step]:
    """What was committed and went back after all, to the pledger and to the pot."""
    for one in moved:
        if one.kind == "return":
            home = one.credit.startswith("returned:")
            nl, en = amount(pledge.resource if home else EUR, one.amount)
            if home:
                said = "komt niet meer en ging terug naar de toezegger", "will not come and went back to the pledger"
            else:
                said = "matching ging terug naar de pot", "of the match went back to the pot"
            yield Step("returned" if home else "match-returned", one.at, f"{nl} {said[0]}.", f"{en} {said[1]}.")


def amount(resource: str, quantity: int) -> tuple[str, str]:
    """So much of a resource as people say it, in Dutch and in English."""
    if resource == EUR:
        return euros(quantity)
    kind, code = resource.split("/")
    name = code.replace("-", " ")
    if kind == "MAT":
        return f"{quantity} × {name}", f"{quantity} × {name}"
    hours, minutes = divmod(quantity, 60)
    parts_nl = ([f"{hours} uur"] if hours else []) + ([f"{minutes} minuten"] if minutes else [])
    hour = "hour" if hours == 1 else "hours"
    parts_en = ([f"{hours} {hour}"] if hours else []) + ([f"{minutes} minutes"] if minutes else [])
    return f"{' en '.join(parts_nl)} {name}", f"{' and '.join(parts_en)} of {name}"


def euros(cents: int) -> tuple[str, str]:
    """An amount as it is written in Dutch (€ 1.250,50) and in English (€1,250.50)."""
    english = f"{cents // 100:,}.{cents % 100:02d}"
    return f"€ {english.translate(str.maketrans(',.', '.,'))}", f"€{english}"


def day(moment: datetime) -> tuple[str, str]:
    """A moment as a day and a time in the Netherlands, in Dutch and in English."""
    here = moment.astimezone(HERE)
    nl, en = MONTHS[here.month - 1]
    return f"{here.day} {nl} {here.year}, {here:%H:%M} uur", f"{here.day} {en} {here.year}, {here:%H:%M}"
