"""Sessions and lines of a harvest: the rules on their own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from dorpsplein.contracts.presence.harvest import HarvestConsentWithdrawn, HarvestLineNoted, HarvestState
from dorpsplein.contracts.presence.sessions import (
    SessionAnnounced,
    SessionCancelled,
    SessionFilled,
    SessionHarvested,
    SessionOpened,
    SessionReopened,
    SessionStarted,
    SessionThanked,
)
from dorpsplein.errors import Conflict, Forbidden, Refused, Rejected
from presence.domain import harvest, hosting, sessions
from presence.domain.consent import Consent
from presence.domain.harvest import HarvestLine
from presence.domain.sessions import MOVES, CancelReason, Session, SessionFact, SessionStatus
from presence.domain.surroundings import Surroundings

BRAM, ANNA, DORA = UUID(int=1), UUID(int=2), UUID(int=3)
PLACE, POND, SWING, GONE = UUID(int=4), UUID(int=5), UUID(int=6), UUID(int=7)
AROUND = Surroundings(places={PLACE}, initiatives={POND, SWING}, withdrawn_initiatives={GONE})
NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LAB = Session(
    id=UUID(int=8),
    host_id=BRAM,
    working_form="creative-lab",
    question="What should the square smell of?",
    starts_at=NOON,
    ends_at=NOON + 2 * HOUR,
    place_id=PLACE,
    initiative_ids=(POND,),
)
LINE = HarvestLine(UUID(int=9), LAB.id, BRAM, Consent.ANONYMOUS, POND, "Of bread.")
ABOUT: dict[str, Any] = {"session_id": LAB.id, "place_id": PLACE, "initiative_ids": [POND]}
OPENED, FILLED, REOPENED = SessionOpened(**ABOUT), SessionFilled(**ABOUT), SessionReopened(**ABOUT)
STARTED = SessionStarted(**ABOUT)
HARVESTED = SessionHarvested(**ABOUT, lines=1)
THANKED = SessionThanked(**ABOUT)
CANCELLED = SessionCancelled(**ABOUT, reason="other")


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
    event, opened = hosting.announce(LAB, AROUND, NOON)
    assert event == SessionAnnounced(
        **ABOUT, working_form="creative-lab", starts_at=NOON, ends_at=NOON + 2 * HOUR, host_id=BRAM
    )
    assert opened == OPENED
    assert "smell" not in event.model_dump_json()
    assert LAB.state.question == LAB.question


def test_seats_can_be_taken_at_once_or_from_a_moment_before_the_start() -> None:
    later = replace(LAB, starts_at=NOON + 3 * HOUR, ends_at=NOON + 4 * HOUR, opens_at=NOON + HOUR)
    assert [type(event) for event in hosting.announce(later, AROUND, NOON)] == [SessionAnnounced]
    assert hosting.opened(later, NOON + HOUR) == [OPENED]
    assert hosting.opened(later, NOON + 0.9 * HOUR) == []
    assert hosting.opened(given(OPENED), NOON) == []
    with refused("opens-after-start"):
        hosting.announce(replace(later, opens_at=NOON + 3 * HOUR), AROUND, NOON)


def test_a_session_is_moved_to_where_and_when_it_can_be_and_stays_what_it_was() -> None:
    for before in (given(), given(OPENED), given(OPENED, FILLED)):
        event = hosting.move(before, BRAM, None, (NOON + HOUR, NOON + 2 * HOUR), AROUND, NOON)
        assert (event.place_id, event.from_place_id, event.starts_at) == (None, PLACE, NOON + HOUR)
        after = sessions.evolve(before, event)
        assert (after.status, after.place_id, after.ends_at) == (before.status, None, NOON + 2 * HOUR)
        assert after.version == before.version + 1
    with refused("place-unknown"):
        hosting.move(LAB, BRAM, UUID(int=99), (NOON, NOON + HOUR), AROUND, NOON)
    with refused("ends-before-start"):
        hosting.move(LAB, BRAM, PLACE, (NOON, NOON), AROUND, NOON)
    opens_at = replace(LAB, starts_at=NOON + 9 * HOUR, opens_at=NOON + 5 * HOUR)
    with refused("opens-after-start"):
        hosting.move(opens_at, BRAM, PLACE, (NOON + 5 * HOUR, NOON + 6 * HOUR), AROUND, NOON)


def test_a_few_people_are_never_counted_in_public() -> None:
    counted = [replace(LAB, taken=taken).state.taken for taken in (0, 1, 4, 5, 6)]
    assert counted == [None, None, None, 5, 6]
    attended = [hosting.thank(given(STARTED, HARVESTED), BRAM, there).attended for there in (0, 4, 5)]
    assert attended == [None, None, 5]


def test_a_scribe_harvests_too_but_does_nothing_else_of_the_host() -> None:
    assert hosting.harvest(given(STARTED), DORA, [POND], scribe=True).lines == 1
    with refused("not-your-session", Forbidden):
        hosting.harvest(given(STARTED), DORA, [POND])


def test_a_line_that_comes_again_is_no_second_line_and_another_under_its_id_is_refused() -> None:
    other = replace(LINE, id=UUID(int=10))
    assert harvest.fresh([LINE, other, replace(LINE, noted_by=DORA)], {}) == [LINE, other]
    assert harvest.fresh([LINE, other], {LINE.id: replace(LINE, noted_by=DORA, version=3)}) == [other]
    gone = replace(LINE, consent=Consent.NONE, words=None, withdrawn=True)
    assert harvest.fresh([LINE], {LINE.id: gone}) == []
    for change in ({"words": "Of rain."}, {"initiative_id": SWING}, {"session_id": UUID(int=99)}):
        for standing, lines in (({LINE.id: LINE}, [replace(LINE, **change)]), ({}, [LINE, replace(LINE, **change)])):
            with refused("line-id-taken", Conflict):
                harvest.fresh(lines, standing)
    with refused("line-id-taken", Conflict):
        harvest.fresh([replace(LINE, session_id=UUID(int=99))], {LINE.id: gone})


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
        hosting.announce(replace(LAB, **change), AROUND, NOON)


def test_a_session_online_and_for_no_initiative_yet_is_announced_too() -> None:
    event, _ = hosting.announce(replace(LAB, place_id=None, initiative_ids=()), AROUND, NOON)
    assert isinstance(event, SessionAnnounced)
    assert (event.place_id, event.initiative_ids) == (None, [])


def test_a_session_starts_around_its_time_and_late_where_that_was_forgotten() -> None:
    for now in (NOON - 0.5 * HOUR, NOON, NOON + 99 * HOUR):
        assert hosting.start(LAB, BRAM, now) == STARTED
    with refused("too-early"):
        hosting.start(LAB, BRAM, NOON - 0.51 * HOUR)


def test_a_harvest_counts_its_lines_and_names_each_initiative_it_is_for_once() -> None:
    first = hosting.harvest(given(STARTED), BRAM, [POND, SWING, None, SWING])
    assert (first.lines, first.initiative_ids) == (4, [POND, SWING])
    later = hosting.harvest(given(STARTED, first), BRAM, [POND])
    assert (later.lines, later.initiative_ids) == (5, [POND, SWING])
    after = given(STARTED, first, later)
    assert (after.status, after.lines, after.initiative_ids, after.version) == ("harvested", 5, (POND, SWING), 4)


DECIDE: dict[str, Callable[[Session, UUID], SessionFact]] = {
    "move": lambda session, person: hosting.move(session, person, PLACE, (NOON, NOON + HOUR), AROUND, NOON),
    "start": lambda session, person: hosting.start(session, person, NOON),
    "harvest": lambda session, person: hosting.harvest(session, person, [POND]),
    "thank": lambda session, person: hosting.thank(session, person, 7),
    "cancel": lambda session, person: hosting.cancel(session, person, CancelReason.SAFETY),
}
BY_ITSELF: dict[str, SessionFact] = {"open": OPENED, "fill": FILLED, "reopen": REOPENED}
COURSES: dict[SessionStatus, Session] = {
    SessionStatus.ANNOUNCED: given(),
    SessionStatus.OPEN: given(OPENED),
    SessionStatus.FULL: given(OPENED, FILLED),
    SessionStatus.LIVE: given(STARTED),
    SessionStatus.HARVESTED: given(STARTED, HARVESTED),
    SessionStatus.THANKED: given(STARTED, HARVESTED, THANKED),
    SessionStatus.CANCELLED: given(CANCELLED),
}


def after(verb: str, session: Session, person: UUID) -> Session:
    return sessions.evolve(session, BY_ITSELF[verb] if verb in BY_ITSELF else DECIDE[verb](session, person))


@pytest.mark.parametrize("verb", MOVES)
@pytest.mark.parametrize("status", SessionStatus)
def test_the_table_of_moves_is_what_may_be_done(verb: str, status: SessionStatus) -> None:
    session, (allowed, leads_to) = COURSES[status], MOVES[verb]
    assert session.status is status
    if status in allowed:
        assert after(verb, session, BRAM).status is (leads_to or status)
    else:
        with refused(f"illegal-session-{verb}"):
            after(verb, session, BRAM)


@pytest.mark.parametrize("verb", DECIDE)
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
