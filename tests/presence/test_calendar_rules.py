"""What a calendar holds and how it is written, read back by two programs that are not ours."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ical.timezone import IcsTimezoneInfo
from pydantic import TypeAdapter
from tests.presence.ical_readers import by_ical, by_icalendar, read

from dorpsplein.fields import Line, Prose
from presence.domain.calendars import Entry, Of, Where, calendar, name_of
from presence.domain.wording import Language

HERE = ZoneInfo("Europe/Amsterdam")
HOME = "https://plein.dorp.example"
WHERE = Where(uuid4(), "Sportkantine De Goal", "Sportlaan 1, Dorp", 52.3702, 4.8952)
SLOT = Entry(
    id=UUID("0190f1e2-0000-7000-8000-000000000001"),
    starts_at=datetime(2026, 5, 1, 12, 0, tzinfo=UTC),
    ends_at=datetime(2026, 5, 1, 14, 30, tzinfo=UTC),
    changed_at=datetime(2026, 4, 1, 9, 0, 7, 123, tzinfo=UTC),
    version=1,
    cancelled=False,
    themes=("sport", "openbare-ruimte"),
    where=WHERE,
)
SESSION = replace(
    SLOT,
    working_form="creative-lab",
    form_name="Creatielab",
    form_name_en="Creative lab",
    question="Wat missen we?\nEn wie?",
    title=None,
    themes=(),
)


def written(*entries: Entry, language: Language = Language.NL, name: str = "Dorpsplein: sport") -> bytes:
    return calendar(name, entries, HOME, language)


def fits(kind: Any, text: str) -> bool:
    try:
        return bool(TypeAdapter(kind).validate_python(text) == text)
    except ValueError:
        return False


LINES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=200).filter(
    lambda text: fits(Line, text)
)
ESCAPES = st.text(alphabet="\\nN;,:\"' \n\tà\u2028", min_size=1, max_size=60)
PROSE = (ESCAPES | st.text(min_size=1, max_size=400)).filter(lambda text: fits(Prose, text))
"""What an arranger can publish, such as it is let in; with what iCalendar escapes more often than by chance."""


def test_a_slot_says_where_when_and_about_what() -> None:
    [event] = read(written(SLOT))
    assert event.uid == "0190f1e2-0000-7000-8000-000000000001@plein.dorp.example"
    assert (event.sequence, event.status) == (0, "CONFIRMED")
    assert (event.start, event.end) == (SLOT.starts_at, SLOT.ends_at)
    assert f"{event.start.tzinfo}" == "Europe/Amsterdam"
    assert event.start.replace(tzinfo=None) == datetime(2026, 5, 1, 14, 0)
    assert event.changed == SLOT.changed_at.replace(microsecond=0)
    assert event.summary == "De gemeente is in Sportkantine De Goal"
    assert event.description == (
        "Een creatief arrangeur van de gemeente is hier. U hoeft geen afspraak te maken.\n\n"
        "Onderwerpen: sport en openbare ruimte."
    )
    assert event.location == "Sportkantine De Goal, Sportlaan 1, Dorp"
    assert event.point == (52.3702, 4.8952)
    assert event.categories == ["sport", "openbare-ruimte"]
    assert event.url == f"{HOME}/plekken/{WHERE.id}"


def test_a_session_says_its_form_and_its_question() -> None:
    [event] = read(written(SESSION))
    assert event.summary == "Creatielab: Wat missen we? En wie?"
    assert event.description == "Wat missen we?\nEn wie?"
    assert event.url == f"{HOME}/bijeenkomsten/{SESSION.id}"
    [titled] = read(written(replace(SESSION, title="Het plein", form_name_en=None), language=Language.EN))
    assert titled.summary == "Session: Het plein"


def test_a_session_without_a_place_is_online() -> None:
    [event] = read(written(replace(SESSION, where=None)))
    assert (event.location, event.point) == ("Online", None)


def test_what_is_cancelled_says_so_twice_for_programs_that_know_no_status() -> None:
    [dutch] = read(written(replace(SLOT, cancelled=True, version=2)))
    [english] = read(written(replace(SLOT, cancelled=True, version=2), language=Language.EN))
    assert (dutch.status, dutch.sequence) == ("CANCELLED", 1)
    assert dutch.summary == "Gaat niet door: De gemeente is in Sportkantine De Goal"
    assert english.summary == "Cancelled: The municipality is at Sportkantine De Goal"
    assert english.description.endswith("Topics: sport and openbare ruimte.")


def test_what_moves_keeps_its_uid_and_gets_a_higher_sequence_and_its_new_time() -> None:
    day = timedelta(days=1)
    moved = replace(SLOT, starts_at=SLOT.starts_at + day, ends_at=SLOT.ends_at + day, version=2)
    [before], [after] = read(written(SLOT)), read(written(moved))
    assert (after.uid, after.sequence) == (before.uid, before.sequence + 1)
    assert after.start - before.start == day


def test_a_calendar_has_a_name_and_says_how_often_to_come_back() -> None:
    content = written(name="Dorpsplein: De Goal, kantine; beneden")
    calendar = by_icalendar(content)
    assert (calendar["VERSION"], calendar["METHOD"], calendar["CALSCALE"]) == ("2.0", "PUBLISH", "GREGORIAN")
    assert calendar["PRODID"] == "-//Dorpsplein//presence//NL"
    for naming in (b"NAME", b"X-WR-CALNAME"):
        assert b"\r\n" + naming + b":Dorpsplein: De Goal\\, kantine\\; beneden\r\n" in content
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in content
    assert by_ical(content).prodid == calendar["PRODID"]


@pytest.mark.parametrize(
    ("of", "subject", "words", "name"),
    [
        (Of.PLACE, WHERE.id, WHERE.name, "Dorpsplein: Sportkantine De Goal"),
        (Of.OFFICER, uuid4(), None, "Dorpsplein: Een creatief arrangeur"),
        (Of.THEME, "openbare-ruimte", None, "Dorpsplein: openbare ruimte"),
        (Of.NEIGHBOURHOOD, "centrum", None, "Dorpsplein: Buurt centrum"),
        (Of.SESSION, SLOT.id, "Wat missen we?\nEn wie?", "Dorpsplein: Wat missen we? En wie?"),
    ],
)
def test_a_calendar_is_named_after_what_it_is_of(of: Of, subject: UUID | str, words: str | None, name: str) -> None:
    assert name_of(of, subject, words, Language.NL) == name


def test_a_calendar_without_events_is_valid_all_the_same() -> None:
    content = written()
    assert read(content) == []
    assert [part.name for part in by_icalendar(content).subcomponents] == ["VTIMEZONE"]


def test_two_o_clock_stays_two_o_clock_when_summer_time_ends_and_begins() -> None:
    days = [datetime(2026, 10, 24), datetime(2026, 10, 25), datetime(2027, 3, 27), datetime(2027, 3, 28)]
    starts = [day.replace(hour=14, tzinfo=HERE) for day in days]
    content = written(*(replace(SLOT, id=uuid4(), starts_at=one, ends_at=one + timedelta(hours=2)) for one in starts))
    events = read(content)
    assert [event.start.replace(tzinfo=None) for event in events] == [day.replace(hour=14) for day in days]
    assert [event.start.astimezone(UTC).hour for event in events] == [12, 13, 13, 12]
    assert content.count(b"DTSTART;TZID=Europe/Amsterdam:") == 4


def test_an_hour_that_comes_twice_is_told_apart() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    second = first + timedelta(hours=1)
    content = written(replace(SLOT, starts_at=first, ends_at=second))
    assert b"DTSTART;TZID=Europe/Amsterdam:20261025T023000\r\n" in content
    assert b"DTEND:20261025T013000Z\r\n" in content
    [event] = read(content)
    assert (event.start.astimezone(UTC), event.end) == (first, second)


@pytest.mark.parametrize("reader", ["icalendar", "ical"])
def test_the_time_zone_is_right_at_every_change_of_the_clock(reader: str) -> None:
    """By the rules in the calendar alone: the name of the zone is not looked up anywhere."""
    content = written(SLOT)
    if reader == "icalendar":
        zone = by_icalendar(content).timezones[0].to_tz(lookup_tzid=False)
    else:
        zone = IcsTimezoneInfo.from_timezone(by_ical(content).timezones[0])
    checked = 0
    for year in range(2026, 2031):
        for month, hour in product((3, 10), range(24 * 31)):
            wall = datetime(year, month, 1) + timedelta(hours=hour, minutes=30)
            offsets = {wall.replace(tzinfo=HERE, fold=fold).utcoffset() for fold in (0, 1)}
            if len(offsets) == 1:  # neither twice nor never
                moment = wall.replace(tzinfo=HERE).astimezone(UTC)
                assert wall.replace(tzinfo=zone).utcoffset() in offsets, wall
                assert moment.astimezone(zone).replace(tzinfo=None) == wall
                checked += 1
    assert checked == 5 * (2 * 24 * 31 - 2)


def test_lines_end_and_fold_as_they_should() -> None:
    content = written(replace(SESSION, title="é漢😀" * 60, question="ü" * 900), name="漢" * 60)
    lines = content.split(b"\r\n")
    assert lines.pop() == b""
    assert all(len(line) <= 75 for line in lines)
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    for line in lines:
        line.decode()  # a character is never cut in two
    [event] = read(content)
    assert (event.summary, event.description) == ("Creatielab: " + "é漢😀" * 60, "ü" * 900)


def test_what_means_something_in_a_calendar_is_escaped() -> None:
    nasty = "a,b;c\\d\\ne\\Nf"
    content = written(replace(SESSION, title=nasty, question=f"{nasty}\nEND:VCALENDAR\nX:1"))
    assert b"SUMMARY:Creatielab: a\\,b\\;c\\\\d\\\\ne\\\\Nf\r\n" in content
    [event] = read(content)
    assert event.summary == f"Creatielab: {nasty}"
    assert event.description == f"{nasty}\nEND:VCALENDAR\nX:1"


@settings(deadline=None, max_examples=150)
@given(name=LINES, address=LINES, title=LINES, question=PROSE)
def test_whatever_is_published_arrives_as_it_was_said(name: str, address: str, title: str, question: str) -> None:
    where = replace(WHERE, name=name, address=address)
    content = written(replace(SLOT, where=where), replace(SESSION, title=title, question=question, where=where))
    slot, session = read(content)
    assert slot.summary == f"De gemeente is in {name}"
    assert session.location == slot.location == f"{name}, {address}"
    assert session.summary == f"Creatielab: {title}"
    assert session.description == question
