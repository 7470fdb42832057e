"""What the feed says of places, presence, sessions and the council, in plain Dutch; and what is no news."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.notifications.test_sessions import announced

from dorpsplein.contracts import presence
from dorpsplein.contracts.presence.facilities import FacilityOffered
from dorpsplein.contracts.presence.members import CouncilMemberJoined
from dorpsplein.contracts.presence.requests import SessionRequested
from dorpsplein.contracts.presence.sessions import SessionCancelled, SessionFilled, SessionMoved, SessionThanked
from dorpsplein.contracts.presence.slots import (
    ArrangerArrived,
    ArrangerLeft,
    PresenceAnnounced,
    PresenceSeriesAnnounced,
)
from dorpsplein.contracts.presence.visits import VisitCancelled, VisitReported
from dorpsplein.envelope import Event
from notifications.domain import lines
from notifications.domain.lines.presence import MAILED as MAILED_OF_PRESENCE
from notifications.domain.lines.sessions import MAILED as MAILED_OF_SESSIONS

PLACE, OLD, SESSION, TUIN, VIJVER, SPEEL, SOMEONE, SLOT = (uuid4() for _ in range(8))
TITLES: dict[UUID, str | None] = {
    PLACE: "De Goal",
    OLD: "De Hoek",
    SESSION: "Wat missen we?",
    TUIN: "Tuin",
    VIJVER: "Vijver",
    SPEEL: "Speelplek",
}
STARTS, ENDS = datetime(2026, 6, 6, 12, tzinfo=UTC), datetime(2026, 6, 6, 14, tzinfo=UTC)
WHEN = {"starts_at": STARTS, "ends_at": ENDS}
SERIES: dict[str, Any] = {"series_id": uuid4(), "place_id": PLACE, "officer_id": SOMEONE, "themes": [], **WHEN}


def slot(kind: type[Any], **more: Any) -> Event:
    event: Event = kind(slot_id=SLOT, place_id=PLACE, officer_id=SOMEONE, **more)
    return event


def series(rule: str) -> PresenceSeriesAnnounced:
    return PresenceSeriesAnnounced(rule=rule, **SERIES)


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (series("FREQ=WEEKLY;BYDAY=TU"), "Vanaf 06-06-2026 is er elke week iemand van de gemeente in «De Goal»"),
        (
            series("FREQ=MONTHLY;INTERVAL=2"),
            "Vanaf 06-06-2026 is er elke 2 maanden iemand van de gemeente in «De Goal»",
        ),
        (series("FREQ=HOURLY"), "Vanaf 06-06-2026 is er steeds weer iemand van de gemeente in «De Goal»"),
        (
            FacilityOffered(facility_id=SLOT, place_id=PLACE, code="grote-zaal", kind="room"),
            "In «De Goal» kan grote zaal nu worden toegezegd aan initiatieven",
        ),
        (
            announced(SESSION, place=PLACE),
            "Op 06-06-2026 van 14:00 tot 16:00 is er een creatielab in «De Goal»: «Wat missen we?»",
        ),
        (
            announced(SESSION, TUIN, VIJVER, SPEEL, opens_at=STARTS).model_copy(update={"working_form": "world-cafe"}),
            "Op 06-06-2026 van 14:00 tot 16:00 is er een bijeenkomst (world cafe) online voor «Tuin», «Vijver»"
            " en nog 1: «Wat missen we?»; een plek nemen kan vanaf 06-06-2026 om 14:00",
        ),
        (
            SessionMoved(session_id=SESSION, from_place_id=OLD, **WHEN),
            "De bijeenkomst «Wat missen we?» is verplaatst: op 06-06-2026 van 14:00 tot 16:00 online",
        ),
        (
            SessionFilled(session_id=SESSION, place_id=PLACE),
            "Alle plekken zijn bezet bij de bijeenkomst «Wat missen we?» in «De Goal»; er is een wachtlijst",
        ),
        (
            SessionThanked(session_id=SESSION, initiative_ids=[TUIN], attended=12),
            "Dank aan de 12 mensen die er waren: de bijeenkomst «Wat missen we?» online voor «Tuin» is afgerond",
        ),
        (
            SessionThanked(session_id=SESSION),
            "Dank aan iedereen die er was: de bijeenkomst «Wat missen we?» online is afgerond",
        ),
        (
            SessionCancelled(session_id=uuid4(), place_id=uuid4(), reason="other", initiative_ids=[uuid4()]),
            "De bijeenkomst op een plek gaat niet door",
        ),
        (
            SessionRequested(request_id=SLOT, asked_by=SOMEONE, theme="groen", initiative_id=TUIN),
            "Een inwoner vraagt om een bijeenkomst voor «Tuin» (thema groen)",
        ),
        (
            CouncilMemberJoined(
                member_id=SLOT, person_id=SOMEONE, kind="inspirator", term_from=STARTS, term_until=ENDS
            ),
            "De inspiratieraad heeft er een inspirator bij",
        ),
        (
            VisitCancelled(visit_id=SLOT, initiative_id=TUIN, said_by="council", reason="other"),
            "Het werkbezoek aan «Tuin» gaat niet door: de raad kan niet",
        ),
        (
            VisitReported(visit_id=SLOT, initiative_id=TUIN, promises=2),
            "De inspiratieraad vertelt over het werkbezoek aan «Tuin» en deed 2 beloften",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Event) else "",
)
def test_a_line_says_plainly_what_happened(event: Event, says: str) -> None:
    assert lines.is_news(event)
    first = (lines.about(event) or [SLOT])[0]
    assert lines.line(event, TITLES.get(first), TITLES) == says


@pytest.mark.parametrize(
    "event",
    [
        slot(PresenceAnnounced, themes=[], series_id=uuid4(), **WHEN),
        slot(ArrangerArrived, how="claimed"),
        slot(ArrangerLeft, by_itself=True),
    ],
    ids=lambda event: type(event).__name__,
)
def test_one_time_of_a_series_and_what_was_only_noted_afterwards_is_no_news(event: Event) -> None:
    assert not lines.is_news(event)


def test_what_an_event_is_about_is_its_initiatives_then_its_places_each_once() -> None:
    moved = SessionMoved(session_id=SESSION, place_id=PLACE, from_place_id=OLD, initiative_ids=[TUIN, VIJVER], **WHEN)
    assert lines.about(moved) == [TUIN, VIJVER, PLACE, OLD]
    assert lines.needs(moved) == [TUIN, VIJVER, PLACE, OLD, SESSION]
    assert lines.about(moved.model_copy(update={"from_place_id": PLACE})) == [TUIN, VIJVER, PLACE]


def test_a_long_question_is_cut_in_a_line_and_never_makes_it_longer_than_a_subject_may_be() -> None:
    titles = {**TITLES, SESSION: "Hoe  maken we\nhet plein groen? " * 40}
    said = lines.line(announced(SESSION, TUIN), "Tuin", titles)
    assert said.endswith("«Hoe maken we het plein groen? Hoe maken we het plein groen?…»")


def test_most_of_what_presence_tells_is_news_and_what_is_not_is_left_out_on_purpose() -> None:
    silent = {kind.__name__ for kind in presence.EVENTS if kind not in lines.LINES and not kind.topic.endswith("state")}
    assert silent == {
        "CouncilInvitationDeclined",
        "CouncilMemberInvited",
        "CouncilPromiseReminded",
        "EncounterConsentWithdrawn",
        "EncounterNoted",
        "HarvestConsentWithdrawn",
        "HarvestLineNoted",
        "NoticeGiven",
        "PresenceMissed",
        "SessionRequestWithdrawn",
        "WaitingListMoved",
        "WorkingFormChanged",
        "WorkingFormRetired",
    }
    assert not [kind for kind in lines.LINES if kind.topic.endswith(".state")]


def test_what_is_mailed_has_a_line() -> None:
    assert set(MAILED_OF_PRESENCE + MAILED_OF_SESSIONS) <= lines.LINES.keys()
