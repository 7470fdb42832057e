"""Opening hours: by day of the week windows such as `09:00-17:30`, in local time, in order and apart."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import pairwise

from dorpsplein.errors import Refused

WINDOW = re.compile(r"((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d|24:00)", re.ASCII)

OpeningHours = Mapping[str, tuple[str, ...]]
"""Windows by day; a day without any is not in it."""


class Day(StrEnum):
    """A day of the week."""

    MONDAY = "mo"
    TUESDAY = "tu"
    WEDNESDAY = "we"
    THURSDAY = "th"
    FRIDAY = "fr"
    SATURDAY = "sa"
    SUNDAY = "su"


def opening_hours(told: Mapping[Day, Sequence[str]]) -> OpeningHours:
    """The opening hours that were told, in order of the week.

    Raises Refused("opening-hours-not-valid") with a JSON pointer (`pointer`) to the first window that cannot be.
    """
    for day, windows in told.items():
        _refuse_senseless(day, windows)
    return {day.value: tuple(told[day]) for day in Day if told.get(day)}


def _refuse_senseless(day: Day, windows: Sequence[str]) -> None:
    for place, window in enumerate(windows):
        match = WINDOW.fullmatch(window)
        if match is None:
            raise _refused(day, place, f"{window!r} is no window; write it as 09:00-17:30.")
        if match[1] >= match[2]:
            raise _refused(day, place, f"{window} ends before it begins; end at 24:00 and go on the next day.")
    for place, (before, after) in enumerate(pairwise(windows), start=1):
        if after[:5] < before[6:]:
            raise _refused(day, place, f"{after} begins before {before} ends; put windows in order and apart.")


def _refused(day: Day, place: int, fault: str) -> Refused:
    return Refused("opening-hours-not-valid", f"{day}: {fault}", pointer=f"/openingHours/{day}/{place}")
