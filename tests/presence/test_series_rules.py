"""Series: rules, days and times on their own, and against a model that walks day by day with offsets by hand."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.presence.test_slot_rules import refused

from dorpsplein.days import HERE
from dorpsplein.errors import Forbidden, Refused
from presence.domain import recurrence
from presence.domain import series as domain
from presence.domain.series import Series

BRAM, OTHER = UUID(int=1), UUID(int=2)
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def weekly(rule: str = "FREQ=WEEKLY;BYDAY=TU", **other: Any) -> Series:
    usual: dict[str, Any] = {
        "id": UUID(int=9),
        "officer_id": BRAM,
        "place_id": UUID(int=3),
        "themes": ("sport",),
        "rule": rule,
        "starts_on": date(2026, 3, 3),
        "starts_at": time(14),
        "ends_at": time(16, 30),
    }
    return Series(**{**usual, **other})


def starts(series: Series, now: datetime = NOW) -> list[datetime]:
    return [slot.starts_at for slot in domain.announce(series, now)[2]]


def days(rule: str, until: date = date(2027, 3, 1)) -> list[date]:
    return list(recurrence.days_of(recurrence.read(rule), date(2026, 3, 3), time(14), until))


def test_a_series_is_announced_with_every_time_of_a_year() -> None:
    after, announced, times = domain.announce(weekly(), NOW)
    assert (announced.rule, announced.starts_at) == ("FREQ=WEEKLY;BYDAY=TU", datetime(2026, 3, 3, 13, tzinfo=UTC))
    assert announced.ends_at == datetime(2026, 3, 3, 15, 30, tzinfo=UTC)
    assert len(times) == 53
    assert {(slot.series_id, slot.officer_id, tuple(slot.themes)) for slot in times} == {(after.id, BRAM, ("sport",))}
    assert len({slot.slot_id for slot in times}) == 53
    assert times[-1].starts_at <= NOW + timedelta(days=366)


def test_two_o_clock_stays_two_o_clock_when_summer_time_begins_and_ends() -> None:
    utc = {moment.date(): moment.hour for moment in starts(weekly())}
    assert (utc[date(2026, 3, 24)], utc[date(2026, 3, 31)]) == (13, 12)
    assert (utc[date(2026, 10, 20)], utc[date(2026, 10, 27)]) == (12, 13)


def test_exceptions_are_left_out() -> None:
    series = weekly("FREQ=WEEKLY;BYDAY=TU;COUNT=3", exceptions=frozenset({date(2026, 3, 3), date(2026, 3, 17)}))
    assert [moment.date() for moment in starts(series)] == [date(2026, 3, 10)]


def test_every_day_of_a_year_is_less_than_four_hundred_slots() -> None:
    assert 365 <= len(starts(weekly("FREQ=DAILY"))) <= 400


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY;COUNT=3", ["03-03", "03-04", "03-05"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;COUNT=4", ["03-03", "03-05", "03-17", "03-19"]),
        ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=3", ["03-27", "04-24", "05-29"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2", ["03-31", "04-30"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=3", ["03-31", "05-31", "07-31"]),
        ("FREQ=WEEKLY;BYDAY=TU;UNTIL=20260317", ["03-03", "03-10", "03-17"]),
        ("FREQ=WEEKLY;BYDAY=TU;UNTIL=20260317T130000Z", ["03-03", "03-10", "03-17"]),
        ("FREQ=WEEKLY;BYDAY=TU;UNTIL=20260317T125959Z", ["03-03", "03-10"]),
        ("freq=yearly;bymonth=4;byday=2su;count=1", ["04-12"]),
    ],
)
def test_a_rule_gives_its_days(rule: str, expected: list[str]) -> None:
    assert [f"{day:%m-%d}" for day in days(rule)] == expected


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("", "rule-part-unknown"),
        ("elke dinsdag", "rule-part-unknown"),
        ("DTSTART:20260303T140000\nRRULE:FREQ=DAILY", "rule-part-unknown"),
        ("FREQ=DAILY;DTSTART=20260303", "rule-part-unknown"),
        ("FREQ=DAILY;BYHOUR=9,14", "rule-part-unknown"),
        ("FREQ=DAILY;BYEASTER=1", "rule-part-unknown"),
        ("RRULE:FREQ=DAILY", "rule-part-unknown"),
        ("FREQ=HOURLY", "rule-too-often"),
        ("FREQ=MINUTELY", "rule-too-often"),
        ("FREQ=SECONDLY", "rule-too-often"),
        ("BYDAY=TU", "rule-not-valid"),
        ("FREQ=SOMETIMES", "rule-not-valid"),
        ("FREQ=DAILY;FREQ=DAILY", "rule-not-valid"),
        ("FREQ=DAILY;INTERVAL=0", "rule-not-valid"),
        ("FREQ=DAILY;COUNT=0", "rule-not-valid"),
        ("FREQ=DAILY;UNTIL=20261341", "rule-not-valid"),
        ("FREQ=DAILY;UNTIL=20260303T140000", "rule-not-valid"),
        ("FREQ=WEEKLY;BYDAY=1TU", "rule-not-valid"),
        ("FREQ=WEEKLY;BYMONTHDAY=3", "rule-not-valid"),
        ("FREQ=MONTHLY;BYDAY=9TU", "rule-not-valid"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "rule-not-valid"),
        ("FREQ=MONTHLY;BYWEEKNO=9", "rule-not-valid"),
        ("FREQ=MONTHLY;BYSETPOS=1", "rule-not-valid"),
        ("FREQ=WEEKLY;BYDAY=" + "TU," * 200 + "TU", "rule-not-valid"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "rule-never-happens"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=WE", "rule-never-happens"),
        ("FREQ=WEEKLY;BYDAY=TU;UNTIL=20260301", "rule-never-happens"),
    ],
)
def test_an_impossible_rule_is_refused(rule: str, code: str) -> None:
    with refused(code):
        domain.announce(weekly(rule), NOW)


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"starts_on": date(2026, 3, 1)}, "starts-in-the-past"),
        ({"starts_on": date(2026, 3, 2), "rule": "FREQ=DAILY", "starts_at": time(9)}, "starts-in-the-past"),
        ({"starts_on": date(2027, 3, 4)}, "too-far-ahead"),
        ({"starts_on": date(9999, 12, 31)}, "too-far-ahead"),
        ({"rule": "FREQ=WEEKLY;BYDAY=TU;COUNT=1", "exceptions": frozenset({date(2026, 3, 3)})}, "rule-never-happens"),
        ({"starts_on": date(2026, 3, 29), "rule": "FREQ=DAILY", "starts_at": time(2, 30)}, "time-does-not-exist"),
    ],
)
def test_a_series_that_cannot_begin_is_refused(other: dict[str, Any], code: str) -> None:
    with refused(code):
        domain.announce(weekly(**other), NOW)


def test_times_that_overlap_each_other_where_the_clock_skips_the_end_of_one_are_refused() -> None:
    with refused("times-overlap"):
        domain.announce(weekly("FREQ=DAILY", starts_at=time(3), ends_at=time(2, 30)), NOW)
    assert domain.announce(weekly("FREQ=DAILY", starts_at=time(3), ends_at=time(3)), NOW)


def test_a_later_time_that_the_clock_skips_is_an_hour_later_and_of_two_the_first_counts() -> None:
    moments = starts(weekly("FREQ=DAILY", starts_on=date(2026, 3, 28), starts_at=time(2, 30)))
    utc = {moment.astimezone(HERE).date(): moment for moment in moments}
    assert utc[date(2026, 3, 29)] == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert utc[date(2026, 10, 25)] == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_the_times_of_another_while_are_announced_once_each() -> None:
    series, _, first = domain.announce(weekly(), NOW)
    later, more = domain.extend(series, NOW + 30 * DAY)
    assert [slot.starts_at.date() for slot in more] == [date(2027, 3, 9) + n * 7 * DAY for n in range(4)]
    assert domain.extend(later, NOW + 30 * DAY)[1] == []
    assert not {slot.slot_id for slot in first} & {slot.slot_id for slot in more}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=WEEKLY", True),
        ("FREQ=WEEKLY;COUNT=53", False),
        ("FREQ=WEEKLY;COUNT=54", True),
        ("FREQ=WEEKLY;UNTIL=20270302", False),
        ("FREQ=WEEKLY;UNTIL=20270303", True),
    ],
)
def test_a_series_goes_on_as_long_as_its_rule_does(rule: str, expected: bool) -> None:
    series, _, times = domain.announce(weekly(rule), NOW)
    assert (len(times), series.announced_until) == (53, date(2027, 3, 2))
    assert domain.goes_on(series) is expected


def test_a_series_ends_after_a_day_by_its_officer_once() -> None:
    series, _, _ = domain.announce(weekly(), NOW)
    ended = domain.end(series, BRAM, date(2026, 6, 30), NOW)
    assert ended.last_at == datetime(2026, 6, 30, 22, tzinfo=UTC)
    after = domain.evolve(series, ended)
    assert (after.status, after.last_on, after.version) == ("ended", date(2026, 6, 30), 2)
    assert not domain.goes_on(after)
    assert domain.extend(after, NOW + 90 * DAY) == (after, [])
    with refused("illegal-series-end"):
        domain.end(after, BRAM, date(2026, 6, 30), NOW)
    with refused("not-your-series", Forbidden):
        domain.end(series, OTHER, date(2026, 6, 30), NOW)
    with refused("last-on-passed"):
        domain.end(series, BRAM, date(2026, 3, 1), NOW)


def last_sunday(year: int, month: int) -> date:
    last = date(year, month, monthrange(year, month)[1])
    return last - timedelta(days=(last.weekday() + 1) % 7)


def by_hand(day: date, at: time) -> datetime:
    """In UTC, by the rule of the European Union: summer time from and to 01:00 UTC on the last Sundays."""
    naive = datetime.combine(day, at)
    possible = []
    for hours in (2, 1):
        moment = naive - timedelta(hours=hours)
        one = time(1)
        summer = (
            datetime.combine(last_sunday(moment.year, 3), one)
            <= moment
            < datetime.combine(last_sunday(moment.year, 10), one)
        )
        if (hours == 2) == summer:
            possible.append(moment)
    return (possible or [naive - timedelta(hours=1)])[0].replace(tzinfo=UTC)


def walk(rule: dict[str, Any], start: date, until: date) -> list[date]:
    """Every day from the start on that the rule has, one after another."""
    found = []
    for number in range((until - start).days + 1):
        day = start + number * DAY
        if rule["freq"] == "DAILY":
            unit, fits = number, True
        elif rule["freq"] == "WEEKLY":
            unit = ((day - day.weekday() * DAY) - (start - start.weekday() * DAY)).days // 7
            fits = day.weekday() in rule["weekdays"]
        else:
            unit = (day.year - start.year) * 12 + day.month - start.month
            left = monthrange(day.year, day.month)[1] - day.day
            nth = {(day.day - 1) // 7 + 1, -(left // 7 + 1)}
            fits = rule["nth"] in nth and day.weekday() in rule["weekdays"] if rule["nth"] else day.day == rule["day"]
        if fits and unit % rule["interval"] == 0:
            found.append(day)
    return found[: rule["count"]]


def text_of(rule: dict[str, Any]) -> str:
    weekdays = [WEEKDAYS[weekday] for weekday in sorted(rule["weekdays"])]
    text = f"FREQ={rule['freq']};INTERVAL={rule['interval']}"
    if rule["freq"] == "WEEKLY":
        text += f";BYDAY={','.join(weekdays)}"
    if rule["freq"] == "MONTHLY":
        by_weekday = f";BYDAY={','.join(str(rule['nth']) + weekday for weekday in weekdays)}"
        text += by_weekday if rule["nth"] else f";BYMONTHDAY={rule['day']}"
    return text + (f";COUNT={rule['count']}" if rule["count"] else "")


RULES = st.fixed_dictionaries(
    {
        "freq": st.sampled_from(["DAILY", "WEEKLY", "MONTHLY"]),
        "interval": st.integers(1, 4),
        "weekdays": st.sets(st.integers(0, 6), min_size=1),
        "nth": st.sampled_from([None, 1, 2, 4, 5, -1, -2]),
        "day": st.integers(1, 31),
        "count": st.sampled_from([None, 1, 5, 100]),
    }
)
TIMES = st.sampled_from([time(14), time(2, 30), time(3), time(2), time(1, 30), time(0), time(23, 30), time(2, 59)])


@settings(max_examples=300, deadline=None)
@given(
    rule=RULES,
    start=st.dates(date(2026, 3, 1), date(2027, 2, 1)),
    starts_at=TIMES,
    ends_at=TIMES,
    exceptions=st.frozensets(st.dates(date(2026, 3, 1), date(2027, 12, 1)), max_size=20),
)
def test_the_times_of_a_series_are_those_of_a_walk_day_by_day(
    rule: dict[str, Any], start: date, starts_at: time, ends_at: time, exceptions: frozenset[date]
) -> None:
    series = weekly(text_of(rule), starts_on=start, starts_at=starts_at, ends_at=ends_at, exceptions=exceptions)
    until = start + 365 * DAY
    times = list(domain.times_of(series, until))
    expected = [day for day in walk(rule, start, until) if day not in exceptions]
    assert [(day, moment) for day, moment, _ in times] == [(day, by_hand(day, starts_at)) for day in expected]
    for day, begins, ends in times:
        ends_on = day + DAY if ends_at <= starts_at else day
        wall = datetime.combine(ends_on, ends_at) - datetime.combine(day, starts_at)
        assert ends in {by_hand(ends_on, ends_at), begins + wall}
        assert timedelta() < ends - begins <= timedelta(hours=25)
        if not {last_sunday(day.year, 3), last_sunday(day.year, 10)} & {day, day + DAY}:
            assert ends - begins == wall
    for (_, _, ends), (day, begins, _) in pairwise(times):
        assert ends <= begins or (day == last_sunday(day.year, 3) and time(2) <= ends_at < time(3) <= starts_at)


NUMBERS = st.lists(st.integers(-400, 400), min_size=1, max_size=3).map(lambda numbers: ",".join(map(str, numbers)))
PARTS = {
    "FREQ": st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    "INTERVAL": st.integers(1, 999).map(str),
    "BYDAY": st.lists(
        st.tuples(st.sampled_from(["", "1", "-1", "5", "+53", "-53"]), st.sampled_from(WEEKDAYS)).map("".join),
        min_size=1,
        max_size=3,
    ).map(",".join),
    "BYMONTHDAY": NUMBERS,
    "BYYEARDAY": NUMBERS,
    "BYWEEKNO": NUMBERS,
    "BYMONTH": NUMBERS,
    "BYSETPOS": NUMBERS,
    "UNTIL": st.from_regex(r"[12]\d{7}(T\d{6}Z)?", fullmatch=True),
    "WKST": st.sampled_from(WEEKDAYS),
}


@settings(max_examples=300, deadline=None)
@given(
    rule=st.fixed_dictionaries(
        {"FREQ": PARTS["FREQ"]}, optional={name: part for name, part in PARTS.items() if name != "FREQ"}
    )
    | st.text(max_size=30).map(lambda x: {"": x})
)
def test_whatever_the_rule_it_has_days_in_order_or_is_refused(rule: dict[str, str]) -> None:
    text = ";".join(f"{name}={value}" for name, value in rule.items())
    refusal, found = None, list[date]()
    try:
        found = days(text)
    except Refused as fault:
        refusal = fault.code
    assert refusal in {None, "rule-not-valid", "rule-part-unknown", "rule-too-often"}
    assert found == sorted(set(found))
    assert all(date(2026, 3, 3) <= day <= date(2027, 3, 1) for day in found)
