"""What the feed says of means, knobs and counts, in plain Dutch; and what is no news."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from tests.contracts.golden import sample
from tests.notifications.conftest import Square, state

from dorpsplein.contracts import funding
from dorpsplein.contracts.funding.counts import CountPublished, ElectionLoaded, OutcomeCounted
from dorpsplein.contracts.funding.knobs import (
    BrakePulled,
    KnobChangeAdopted,
    KnobChangeOpened,
    KnobChangeSuperseded,
    KnobChangeWithoutQuorum,
    KnobTurned,
)
from dorpsplein.contracts.funding.means import MeansGoalMissed, NeedsSet, TopUpOpened
from dorpsplein.contracts.funding.pledges import (
    MatchQuoted,
    PledgeDelivered,
    PledgeLapsed,
    PledgeMade,
    PledgeRefunded,
    PledgeWithdrawn,
)
from dorpsplein.contracts.funding.transparency import TreeHeadSigned
from dorpsplein.contracts.initiatives.moderation import ContentHidden
from dorpsplein.contracts.initiatives.responses import MunicipalResponseGiven, PromiseReleased
from dorpsplein.envelope import Event
from notifications.domain import lines, wording
from notifications.domain.subscriptions import DELIVERABLE

GARDEN, PLEDGE, SOMEONE, CHANGE, FUND = (uuid4() for _ in range(5))
CLOSES = datetime(2026, 6, 12, 22, 30, tzinfo=UTC)
WORK = "TIME/timmerwerk"
COUNTS = {"yes": 30, "no": 5, "abstain": 2, "roster_size": 700}


def made(resource: str, quantity: int | None, cents: int = 0, **other: Any) -> PledgeMade:
    return PledgeMade(
        pledge_id=PLEDGE,
        initiative_id=GARDEN,
        pledger_id=SOMEONE,
        amount_cents=cents,
        resource=resource,
        quantity=quantity,
        **other,
    )


def gone(kind: type[Any], reason: str, resource: str = WORK, quantity: int = 90) -> Event:
    event: Event = kind(
        pledge_id=PLEDGE,
        initiative_id=GARDEN,
        amount_cents=0,
        match_cents=0,
        resource=resource,
        quantity=quantity,
        reason=reason,
    )
    return event


def delivered(*, complete: bool) -> PledgeDelivered:
    return PledgeDelivered(
        pledge_id=PLEDGE,
        initiative_id=GARDEN,
        delivery_id=uuid4(),
        resource=WORK,
        quantity=60,
        delivered_in_all=720,
        complete=complete,
        evidence=True,
    )


HALL = made(
    "SLOT/sportzaal",
    180,
    starts_at=datetime(2026, 6, 6, 12, tzinfo=UTC),
    ends_at=datetime(2026, 6, 6, 15, tzinfo=UTC),
)
NEEDS = {"EUR/2": 30_000, WORK: 720, "SLOT/sportzaal": 0, "MAT/stoel": 0}


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (made("EUR/2", None, 125_000), "€ 1.250,00 toegezegd aan «Buurttuin»"),
        (made(WORK, 720), "12 uur timmerwerk toegezegd aan «Buurttuin»"),
        (made("MAT/houten-bank", 3), "3 × houten bank toegezegd aan «Buurttuin»"),
        (HALL, "3 uur sportzaal toegezegd aan «Buurttuin» (op 06-06-2026 van 14:00 tot 17:00)"),
        (delivered(complete=True), "12 uur timmerwerk geleverd aan «Buurttuin», zoals toegezegd"),
        (
            gone(PledgeLapsed, "declined"),
            "Een toezegging van 1 uur en 30 minuten timmerwerk aan «Buurttuin» gaat niet door",
        ),
        (
            NeedsSet(
                initiative_id=GARDEN,
                minimum=NEEDS,
                wished={"SLOT/sportzaal": 60},
                all_or_nothing=True,
                deadline=CLOSES,
            ),
            "«Buurttuin» vraagt € 300,00, 1 uur sportzaal, 12 uur timmerwerk, uiterlijk 13-06-2026 om 00:30",
        ),
        (
            NeedsSet(initiative_id=GARDEN, minimum={}, wished={}, all_or_nothing=True),
            "«Buurttuin» vraagt op dit moment geen middelen",
        ),
        (
            MeansGoalMissed(initiative_id=GARDEN, missing={"EUR/2": 5}),
            "«Buurttuin» kreeg niet de middelen die nodig zijn; wat openstond gaat terug",
        ),
        (
            TopUpOpened(initiative_id=GARDEN, missing={WORK: 1}, closes_at=CLOSES),
            "Bij «Buurttuin» viel een toezegging weg; tot 13-06-2026 om 00:30 kan dit worden aangevuld:"
            " 1 minuut timmerwerk",
        ),
        (
            KnobChangeOpened(
                change_id=CHANGE, fund_id=FUND, roster_size=700, quorum=35, lock_days=3, opened_at=CLOSES,
                closes_at=CLOSES,
            ),
            "Tot 13-06-2026 om 00:30 kun je stemmen over een wijziging van de knoppen",
        ),
        (
            KnobChangeAdopted(change_id=CHANGE, **COUNTS, effective_at=CLOSES, needs_consent=True),
            "Een wijziging van de knoppen is aangenomen (30 voor, 5 tegen, 2 blanco; 37 van 700 stemden)"
            " en gaat in op 13-06-2026 om 00:30, als de raad instemt",
        ),
        (
            KnobChangeWithoutQuorum(change_id=CHANGE, **COUNTS),
            "Te weinig mensen stemden over een wijziging van de knoppen"
            " (30 voor, 5 tegen, 2 blanco; 37 van 700 stemden)",
        ),
        (
            KnobTurned(
                change_id=CHANGE, fund_id=FUND, set_number=2, old_rule_version="1", rule_version="2",
                valuation_version="1", numbers={"numerator": 2}, choices={}, effective_at=CLOSES,
            ),
            "Er is aan 1 knop van een fonds gedraaid; lopende rondes houden hun eigen stand",
        ),
        (
            BrakePulled(fund_id=FUND, roles=["treasurer", "alderman"], until=CLOSES),
            "De noodrem van een fonds is aangetrokken: geen matching tot 13-06-2026 om 00:30",
        ),
        (
            ElectionLoaded(election_id=uuid4(), digest="", candidates=34, voters=6_911, budget_cents=12_000_000),
            "Een stemming is ingelezen: 34 keuzes, 6.911 kiezers, € 120.000,00 te verdelen",
        ),
        (
            ContentHidden(
                decision_id=CHANGE, subject_kind="story", subject_id=FUND, initiative_id=GARDEN, rule="spam",
                appeal_until=CLOSES,
            ),
            "Volgens een huisregel is een verhaal bij «Buurttuin» verborgen; waarom staat in het moderatielogboek",
        ),
        (
            ContentHidden(
                decision_id=CHANGE, subject_kind="initiative", subject_id=GARDEN, initiative_id=GARDEN, rule="spam",
                appeal_until=CLOSES,
            ),
            "Volgens een huisregel is een initiatief verborgen; waarom staat in het moderatielogboek",
        ),
        (
            MunicipalResponseGiven(
                response_id=CHANGE, initiative_id=GARDEN, responder_id=SOMEONE, can_help=2, cannot=1, promises=1
            ),
            "De gemeente reageert op «Buurttuin»: waarmee zij kan helpen (2), wat niet kan en waarom (1), 1 belofte",
        ),
        (
            PromiseReleased(promise_id=CHANGE, initiative_id=GARDEN, reason="not-possible"),
            "De gemeente kan een belofte aan «Buurttuin» niet nakomen, en zegt waarom",
        ),
        (
            CountPublished(
                count_id=uuid4(), witness_id=SOMEONE, rule_version="", input_root="", outcome_digest="", winners=7,
                amount_cents=100,
            ),
            "De uitslag van een telling is bekend: 7 keuzes krijgen samen € 1,00",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Event) else "",
)  # fmt: skip
def test_a_line_says_plainly_what_happened(event: Event, says: str) -> None:
    assert lines.is_news(event)
    assert lines.line(event, "Buurttuin") == says


@pytest.mark.parametrize(
    "event",
    [
        delivered(complete=False),
        gone(PledgeLapsed, "goal-missed"),
        gone(PledgeRefunded, "goal-missed"),
        gone(PledgeWithdrawn, "initiative-withdrawn"),
        KnobChangeSuperseded(change_id=CHANGE, reason="turned-again"),
        OutcomeCounted(count_id=uuid4()),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_something_else_says_already_or_what_is_not_over_is_no_news(event: Event) -> None:
    assert not lines.is_news(event)


def test_quotes_and_tree_heads_are_for_machines() -> None:
    assert not {MatchQuoted, TreeHeadSigned}.intersection(lines.LINES)


def test_a_long_list_of_needs_says_how_many_more_there_are() -> None:
    asked = {f"MAT/ding-{n}": n for n in range(1, 9)} | {"EUR/2": 100}
    assert wording.all_means(asked) == "€ 1,00, 1 × ding 1, 2 × ding 2, 3 × ding 3, 4 × ding 4 en nog 4"


@pytest.mark.parametrize("kind", [kind for kind in DELIVERABLE if kind in lines.LINES], ids=lambda kind: kind.__name__)
def test_every_line_can_be_said_of_the_golden_sample_of_its_type(kind: type[Event]) -> None:
    event = kind.model_validate(sample(kind)["data"])
    said = lines.line(event, "Buurttuin")
    assert said == " ".join(said.split())
    assert len(said) < 250
    assert not said.endswith(".")
    assert "None" not in said


def test_most_of_what_funding_tells_is_news_and_what_is_not_is_left_out_on_purpose() -> None:
    silent = {kind.__name__ for kind in funding.EVENTS if kind not in lines.LINES}
    assert silent == {
        "FundState",
        "InitiativeMatchReturned",
        "KnobChangeSimulated",
        "MatchQuoted",
        "MatchReleased",
        "OutcomeCounted",
        "PayoutOrdered",
        "PledgeCommitted",
        "PledgePaidIn",
        "TreeHeadSigned",
    }


async def test_a_goal_that_is_missed_is_one_line_however_many_pledges_go_back(square: Square) -> None:
    missed = MeansGoalMissed(initiative_id=GARDEN, missing={WORK: 60})
    await square.tell(state(GARDEN), made(WORK, 90), missed, *(gone(PledgeLapsed, "goal-missed") for _ in range(40)))
    assert [item["line"].split(" ")[0] for item in await square.feed()] == ["«Buurttuin»", "1"]
    assert await square.rows("select count(*) from log") == [(43,)]
