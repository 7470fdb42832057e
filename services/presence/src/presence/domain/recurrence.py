"""Recurrence rules (RFC 5545, 3.3.10) in local time: on which days something happens, and when that is in UTC.

A rule names days; the times of day stand beside it, so that 14:00 stays 14:00 when summer time begins or ends.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile

from dateutil.rrule import rrulestr

from dorpsplein.days import HERE
from dorpsplein.errors import Refused

LONGEST_TEXT = 500
CYCLE = timedelta(days=146_097)
"""The Gregorian calendar repeats itself, days of the week included, every 400 years."""
CYCLES = 19
"""dateutil looks for the next day up to the year 9999. A rule that never happens keeps it busy for six seconds when it
starts in 2026, and for a third of one 19 cycles later; the days are the same."""


def _list_of(item: str) -> str:
    return f"{item}(,{item})*"


MONTH_DAY = r"-?([1-9]|[12]\d|3[01])"
YEAR_DAY = r"[+-]?([1-9]|[1-9]\d|[12]\d\d|3[0-5]\d|36[0-6])"
WEEK = r"[+-]?([1-9]|[1-4]\d|5[0-3])"
WEEKDAY = "(MO|TU|WE|TH|FR|SA|SU)"
PARTS: Mapping[str, str] = {
    "FREQ": "(SECONDLY|MINUTELY|HOURLY|DAILY|WEEKLY|MONTHLY|YEARLY)",
    "INTERVAL": r"[1-9]\d{0,2}",
    "COUNT": r"[1-9]\d{0,3}",
    "UNTIL": r"2\d{7}(T\d{6}Z)?",
    "BYDAY": _list_of(f"({WEEK})?{WEEKDAY}"),
    "BYMONTHDAY": _list_of(MONTH_DAY),
    "BYYEARDAY": _list_of(YEAR_DAY),
    "BYWEEKNO": _list_of(WEEK),
    "BYMONTH": _list_of("([1-9]|1[0-2])"),
    "BYSETPOS": _list_of(YEAR_DAY),
    "WKST": WEEKDAY,
}
"""The parts of a rule, each with how it is written. Times of day (BYHOUR and so on) stand beside the rule."""
TOO_OFTEN = {"SECONDLY", "MINUTELY", "HOURLY"}
ONLY_WITH: Mapping[str, set[str]] = {
    "BYMONTHDAY": {"DAILY", "MONTHLY", "YEARLY"},
    "BYYEARDAY": {"YEARLY"},
    "BYWEEKNO": {"YEARLY"},
}
"""The frequencies a part may stand with (RFC 5545, 3.3.10)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule taken apart: its days without their limits, and the limits."""

    days: str
    count: int | None = None
    until: str | None = None

    def last(self, at: time) -> date | None:
        """The last day on which it may happen at a time of day; None where it goes on for ever."""
        if self.until is None:
            return None
        if "T" not in self.until:
            return datetime.strptime(self.until, "%Y%m%d").date()
        until = datetime.strptime(self.until, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).astimezone(HERE)
        return until.date() if at <= until.time() else until.date() - timedelta(days=1)


def read(text: str) -> Rule:
    """Read a rule, without its DTSTART.

    Raises Refused("rule-not-valid"), ("rule-part-unknown") with the `part`, or ("rule-too-often").
    """
    parts: dict[str, str] = {}
    for part in text[:LONGEST_TEXT].upper().split(";"):
        name, _, value = part.partition("=")
        if name not in PARTS:
            known = ", ".join(PARTS)
            raise Refused("rule-part-unknown", f"A rule may have {known}; dates and times stand beside it.", part=name)
        if name in parts or not re.fullmatch(PARTS[name], value):
            raise _not_valid(f"{name} stands in it twice, or is not written as RFC 5545 has it.")
        parts[name] = value
    if len(text) > LONGEST_TEXT or "FREQ" not in parts:
        raise _not_valid(f"It needs a FREQ and at most {LONGEST_TEXT} characters.")
    if parts["FREQ"] in TOO_OFTEN:
        raise Refused("rule-too-often", "Presence can be repeated once a day at most: FREQ=DAILY or less often.")
    _refuse_what_does_not_go_together(parts)
    count, until = parts.pop("COUNT", None), parts.pop("UNTIL", None)
    days = ";".join(f"{name}={value}" for name, value in parts.items())
    rule = Rule(days, int(count) if count else None, until)
    try:
        rule.last(time())
    except (ValueError, OverflowError) as fault:
        raise _not_valid("UNTIL is no date.") from fault
    return rule


def days_of(rule: Rule, start: date, at: time, until: date) -> Iterator[date]:
    """The days on which it happens at a time of day, from `start` up to and including `until`, in order.

    Raises Refused("rule-not-valid") for what dateutil cannot read.
    """
    last = min(filter(None, [until, rule.last(at)]))
    try:
        far = rrulestr(rule.days, dtstart=datetime.combine(start, at) + CYCLES * CYCLE)
        days = ((moment - CYCLES * CYCLE).date() for moment in far)
        yield from takewhile(lambda day: day <= last, islice(days, rule.count))
    except (ValueError, IndexError) as fault:
        raise _not_valid(str(fault)) from fault


def in_utc(day: date, at: time) -> datetime:
    """The moment of a local time on a day.

    One that does not exist, as summer time begins, counts from the offset before; of two the first (RFC 5545, 3.3.5).
    """
    return datetime.combine(day, at, HERE).astimezone(UTC)


def exists(day: date, at: time) -> bool:
    """Tell whether a local time exists on a day."""
    return in_utc(day, at).astimezone(HERE).replace(tzinfo=None) == datetime.combine(day, at)


def _refuse_what_does_not_go_together(parts: Mapping[str, str]) -> None:
    frequency, weekdays = parts["FREQ"], parts.get("BYDAY", "")
    for name, frequencies in ONLY_WITH.items():
        if name in parts and frequency not in frequencies:
            raise _not_valid(f"{name} cannot stand with FREQ={frequency}.")
    if re.search(r"\d", weekdays) and (frequency not in {"MONTHLY", "YEARLY"} or "BYWEEKNO" in parts):
        raise _not_valid("A BYDAY with numbers needs FREQ=MONTHLY or YEARLY, without BYWEEKNO.")
    if (frequency == "MONTHLY" or "BYMONTH" in parts) and any(int(n) > 5 for n in re.findall(r"\d+", weekdays)):
        raise _not_valid("No month has more than five of one day of the week.")
    if "BYSETPOS" in parts and not any(name.startswith("BY") and name != "BYSETPOS" for name in parts):
        raise _not_valid("BYSETPOS needs another BY part to choose from.")


def _not_valid(why: str) -> Refused:
    return Refused("rule-not-valid", f"This is no rule such as FREQ=WEEKLY;BYDAY=TU (RFC 5545). {why}")
