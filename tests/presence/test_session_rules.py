"""Sessions and lines of a harvest: the rules on their own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from dorpsplein.contracts.presence.harvest import HarvestConsentWithdrawn, HarvestLineNoted, HarvestState
from dorpsplein.contracts.presence.sessions import SessionAnnounced, SessionCancelled, SessionHarvested, SessionStarted
from dorpsplein.errors import Forbidden, Refused, Rejected
from presence.domain import harvest, sessions
from presence.domain.consent import Consent
from presence.domain.harvest import HarvestLine
from presence.domain.sessions import MOVES, CancelReason, Session, SessionFact, SessionStatus, WorkingForm
from presence.domain.surroundings import Surroundings

BRAM, ANNA, DORA = UUID(int=1), UUID(int=2), UUID(int=3)
PLACE, POND, SWING, GONE = UUID(int=4), UUID(int=5), UUID(int=6), UUID(int=7)
AROUND = Surroundings(places={PLACE}, initiatives={POND, SWING}, withdrawn_initiatives={GONE})
NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LAB = Session(
    id=UUID(int=8),
    host_id=BRAM,
    working_form=WorkingForm.CREATIVE_LAB,
    question="What should the square smell of?",
    starts_at=NOON,
    ends_at=NOON + 2 * HOUR,
    place_id=PLACE,
    initiative_ids=(POND,),
)
LINE = HarvestLine(UUID(int=9), LAB.id, BRAM, Consent.ANONYMOUS, POND, "Of bread.")
STARTED = SessionStarted(session_id=LAB.id, place_id=PLACE)
HARVESTED = SessionHarvested(session_id=LAB.id, place_id=PLACE, initiative_ids=[POND], lines=1)
CANCELLED = SessionCancelled(session_id=LAB.id, place_id=PLACE, reason="other")


def given(*events: SessionFact) -> Session:
    session = LAB
    for event in events:
        session = sessions.evolve(session, event)
    return session


@contextmanager
def refused(code: str, kind: type[Rejected] = Refused) -> Iterator[None]:
    with pytest.raises(kind) as caught:
        yield
    assert caught.value.code == code


def test_a_session_is_announced_without_its_words_in_the_fact() -> None:
    event = sessions.announce(LAB, AROUND, NOON)
    assert event == SessionAnnounced(
        session_id=LAB.id,
        place_id=PLACE,
        working_form="creative-lab",
        starts_at=NOON,
        ends_at=NOON + 2 * HOUR,
        initiative_ids=[POND],
        host_id=BRAM,
    )
    assert "smell" not in event.model_dump_json()
    assert LAB.state.question == LAB.question


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"place_id": UUID(int=99)}, "place-unknown"),
        ({"initiative_ids": (POND, UUID(int=99))}, "initiative-unknown"),
        ({"initiative_ids": (POND, GONE)}, "initiative-withdrawn"),
        ({"ends_at": NOON}, "ends-before-start"),
        ({"starts_at": NOON - HOUR}, "starts-in-the-past"),
        ({"starts_at": NOON + timedelta(days=400), "ends_at": NOON + timedelta(days=401)}, "too-far-ahead"),
        ({"ends_at": NOON + 25 * HOUR}, "too-long"),
    ],
)
def test_a_session_at_no_place_about_nothing_or_at_no_time_is_refused(change: dict[str, Any], code: str) -> None:
    with refused(code):
        sessions.announce(replace(LAB, **change), AROUND, NOON)


def test_a_session_online_and_for_no_initiative_yet_is_announced_too() -> None:
    event = sessions.announce(replace(LAB, place_id=None, initiative_ids=()), AROUND, NOON)
    assert (event.place_id, event.initiative_ids) == (None, [])


def test_a_session_starts_around_its_time_and_late_where_that_was_forgotten() -> None:
    for now in (NOON - 0.5 * HOUR, NOON, NOON + 99 * HOUR):
        assert sessions.start(LAB, BRAM, now) == STARTED
    with refused("too-early"):
        sessions.start(LAB, BRAM, NOON - 0.51 * HOUR)


def test_a_harvest_counts_its_lines_and_names_each_initiative_it_is_for_once() -> None:
    first = sessions.harvest(given(STARTED), BRAM, [POND, SWING, None, SWING])
    assert (first.lines, first.initiative_ids) == (4, [POND, SWING])
    later = sessions.harvest(given(STARTED, first), BRAM, [POND])
    assert (later.lines, later.initiative_ids) == (5, [POND, SWING])
    after = given(STARTED, first, later)
    assert (after.status, after.lines, after.initiative_ids, after.version) == ("harvested", 5, (POND, SWING), 4)


DECIDE: dict[str, Callable[[Session, UUID], SessionFact]] = {
    "start": lambda session, person: sessions.start(session, person, NOON),
    "harvest": lambda session, person: sessions.harvest(session, person, [POND]),
    "cancel": lambda session, person: sessions.cancel(session, person, CancelReason.SAFETY),
}
COURSES: dict[SessionStatus, Session] = {
    SessionStatus.ANNOUNCED: given(),
    SessionStatus.LIVE: given(STARTED),
    SessionStatus.HARVESTED: given(STARTED, HARVESTED),
    SessionStatus.CANCELLED: given(CANCELLED),
}


@pytest.mark.parametrize("verb", MOVES)
@pytest.mark.parametrize("status", SessionStatus)
def test_the_table_of_moves_is_what_may_be_done(verb: str, status: SessionStatus) -> None:
    session, (allowed, leads_to) = COURSES[status], MOVES[verb]
    assert session.status is status
    if status in allowed:
        assert sessions.evolve(session, DECIDE[verb](session, BRAM)).status is leads_to
    else:
        with refused(f"illegal-session-{verb}"):
            DECIDE[verb](session, BRAM)


@pytest.mark.parametrize("verb", MOVES)
def test_nobody_but_the_host_changes_a_session(verb: str) -> None:
    with refused("not-your-session", Forbidden):
        DECIDE[verb](LAB, DORA)


def test_the_words_of_a_line_stand_in_the_public_state_and_never_in_the_fact() -> None:
    fact, state = harvest.note(LINE, AROUND)
    assert isinstance(fact, HarvestLineNoted)
    assert "bread" not in fact.model_dump_json()
    assert isinstance(state, HarvestState)
    assert state.words == "Of bread."
    nothing_shared = replace(LINE, words=None, consent=Consent.NONE)
    assert [type(event) for event in harvest.note(nothing_shared, AROUND)] == [HarvestLineNoted]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"consent": Consent.NONE}, "words-without-consent"),
        ({"contributor_id": ANNA}, "name-without-consent"),
        ({"consent": Consent.NAMED}, "contributor-missing"),
        ({"initiative_id": UUID(int=99)}, "initiative-unknown"),
        ({"initiative_id": GONE}, "initiative-withdrawn"),
    ],
)
def test_a_line_beyond_consent_or_for_nothing_is_refused(change: dict[str, Any], code: str) -> None:
    with refused(code):
        harvest.note(replace(LINE, **change), AROUND)


def test_who_noted_or_told_a_line_takes_consent_back_and_nobody_else() -> None:
    named = replace(LINE, consent=Consent.NAMED, contributor_id=ANNA)
    said = HarvestConsentWithdrawn(harvest_line_id=LINE.id, session_id=LAB.id, initiative_id=POND)
    for person in (BRAM, ANNA):
        assert harvest.withdraw(named, person) == [said]
    with refused("not-your-line", Forbidden):
        harvest.withdraw(named, DORA)
    assert harvest.withdraw(named, DORA, for_anyone=True) == [said]
    gone = harvest.evolve(named, said)
    assert (gone.consent, gone.words, gone.contributor_id, gone.version) == (Consent.NONE, None, None, 2)
    assert harvest.withdraw(gone, BRAM) == []
