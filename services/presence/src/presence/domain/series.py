"""Series: an officer is at a place again and again, by a recurrence rule in local time.

Each time is a slot of its own, announced up to a year ahead; what becomes of one time is done to its slot.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from uuid import UUID, uuid5

from dorpsplein.contracts.presence.slots import PresenceAnnounced, PresenceSeriesAnnounced, PresenceSeriesEnded
from dorpsplein.days import HERE, end_of
from dorpsplein.errors import Forbidden, Refused
from presence.domain import recurrence
from presence.domain.moves import led_to
from presence.domain.windows import FURTHEST_AHEAD, refuse_senseless

EXTENDS = timedelta(days=30)
"""How often the times of another while are announced, while the rule goes on."""


class SeriesStatus(StrEnum):
    """Where a series is in its life. One whose rule has come to its end is ongoing still, without times to come."""

    ONGOING = "ongoing"
    ENDED = "ended"


MOVES: Mapping[str, tuple[frozenset[SeriesStatus], SeriesStatus]] = {
    "end": (frozenset({SeriesStatus.ONGOING}), SeriesStatus.ENDED),
}
"""What may be done, from which statuses, and where it leads."""


@dataclass(frozen=True, slots=True)
class Series:
    """One officer at one place, by a rule; `starts_at` until `ends_at`, at most 24 hours later, by the clock here.

    Its times are announced up to and including the day `announced_until`.
    """

    id: UUID
    officer_id: UUID
    place_id: UUID
    themes: tuple[str, ...]
    rule: str
    starts_on: date
    starts_at: time
    ends_at: time
    exceptions: frozenset[date] = frozenset()
    announced_until: date | None = None
    status: SeriesStatus = SeriesStatus.ONGOING
    last_on: date | None = None
    version: int = 1


def announce(series: Series, now: datetime) -> tuple[Series, PresenceSeriesAnnounced, list[PresenceAnnounced]]:
    """Announce a series, and its times for a year ahead. That the officer is free then is for the database to say.

    Raises Refused for a rule that `recurrence.read` refuses, ("rule-never-happens") in that year,
    ("starts-in-the-past"), ("too-far-ahead"), and ("time-does-not-exist") where the clock skips
    the first time, as summer time begins, or ("times-overlap") where it makes two overlap.
    """
    today = now.astimezone(HERE).date()
    if series.starts_on < today:
        raise Refused("starts-in-the-past", f"startsOn {series.starts_on} is over; choose a day from today on.")
    if series.starts_on > today + FURTHEST_AHEAD:
        raise Refused("too-far-ahead", f"startsOn may be at most {FURTHEST_AHEAD.days} days ahead.")
    after, times = extend(series, now)
    if not times:
        raise Refused("rule-never-happens", "By this rule, without the exceptions, it never happens in a year.")
    first = times[0]
    day = first.starts_at.astimezone(HERE).date()
    if not recurrence.exists(day, series.starts_at):
        raise Refused("time-does-not-exist", f"On {day} the clock skips {series.starts_at:%H:%M}; choose another time.")
    refuse_senseless(first.starts_at, first.ends_at, now)
    if any(later.starts_at < earlier.ends_at for earlier, later in pairwise(times)):
        raise Refused("times-overlap", "One night, as summer time begins, one time would end after the next begins.")
    announced = PresenceSeriesAnnounced(
        series_id=series.id,
        place_id=series.place_id,
        officer_id=series.officer_id,
        rule=series.rule,
        starts_at=first.starts_at,
        ends_at=first.ends_at,
        themes=list(series.themes),
    )
    return after, announced, times


def extend(series: Series, now: datetime) -> tuple[Series, list[PresenceAnnounced]]:
    """Announce the times that come after those announced already, up to a year ahead; none where it has ended."""
    until = (now + FURTHEST_AHEAD).astimezone(HERE).date() - timedelta(days=1)
    if series.status is SeriesStatus.ENDED:
        return series, []
    times = [
        PresenceAnnounced(
            slot_id=uuid5(series.id, day.isoformat()),
            place_id=series.place_id,
            officer_id=series.officer_id,
            starts_at=starts_at,
            ends_at=ends_at,
            themes=list(series.themes),
            series_id=series.id,
        )
        for day, starts_at, ends_at in times_of(series, until)
        if series.announced_until is None or day > series.announced_until
    ]
    return replace(series, announced_until=until), times


def times_of(series: Series, until: date) -> Iterator[tuple[date, datetime, datetime]]:
    """Its days up to and including `until`, each with when it starts and ends then (UTC); without the exceptions.

    It ends at its time by the clock, also where summer time begins or ends meanwhile.
    """
    overnight = timedelta(days=1 if series.ends_at <= series.starts_at else 0)
    for day in recurrence.days_of(recurrence.read(series.rule), series.starts_on, series.starts_at, until):
        if day in series.exceptions:
            continue
        starts_at = recurrence.in_utc(day, series.starts_at)
        ends_at = recurrence.in_utc(day + overnight, series.ends_at)
        if ends_at <= starts_at:
            # It starts in the hour that the clock skips and ends just after: it lasts as long as it would have.
            ends_at = starts_at + (datetime.combine(day, series.ends_at) - datetime.combine(day, series.starts_at))
        yield day, starts_at, ends_at


def goes_on(series: Series) -> bool:
    """Tell whether there can be times after those that were announced."""
    if series.status is SeriesStatus.ENDED or series.announced_until is None:
        return series.status is SeriesStatus.ONGOING
    rule, until = recurrence.read(series.rule), series.announced_until
    last = rule.last(series.starts_at)
    if last is not None and last <= until:
        return False
    return rule.count is None or rule.count > sum(
        1 for _ in recurrence.days_of(rule, series.starts_on, series.starts_at, until)
    )


def end(series: Series, officer_id: UUID, last_on: date, now: datetime) -> PresenceSeriesEnded:
    """The officer comes no more after the day `last_on`.

    Raises Forbidden("not-your-series"), Refused("illegal-series-end") where it has ended, ("last-on-passed").
    """
    if series.officer_id != officer_id:
        raise Forbidden("not-your-series", "Only the officer who announced this series may end it.")
    _moved(series.status, "end")
    if last_on < now.astimezone(HERE).date():
        raise Refused("last-on-passed", f"lastOn {last_on} is over; end it today or later, and cancel single times.")
    last_at = end_of(last_on)
    return PresenceSeriesEnded(
        series_id=series.id, place_id=series.place_id, officer_id=series.officer_id, last_at=last_at
    )


def evolve(series: Series, event: PresenceSeriesEnded) -> Series:
    """The series after it ended."""
    last_on = event.last_at.astimezone(HERE).date() - timedelta(days=1)
    return replace(series, status=_moved(series.status, "end"), last_on=last_on, version=series.version + 1)


def _moved(status: SeriesStatus, verb: str) -> SeriesStatus:
    return led_to(MOVES, verb, status, "series")
