"""Calendars as two programs that are not ours read them: the packages `icalendar` and `ical`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ical.calendar
import ical.event
import icalendar
from ical.calendar_stream import IcsCalendarStream


@dataclass(frozen=True)
class Read:
    """An event as a reader shows it."""

    uid: str
    sequence: int
    start: datetime
    end: datetime
    changed: datetime
    summary: str
    description: str
    location: str
    point: tuple[float, float] | None
    categories: list[str]
    url: str
    status: str


def by_icalendar(content: bytes) -> icalendar.Calendar:
    [calendar] = icalendar.Calendar.from_ical(content, multiple=True)
    assert isinstance(calendar, icalendar.Calendar)
    assert not calendar.errors
    return calendar


def by_ical(content: bytes) -> ical.calendar.Calendar:
    [calendar] = IcsCalendarStream.from_ics(content.decode()).calendars
    return calendar


def read(content: bytes) -> list[Read]:
    """The events of a calendar, in order, on which both readers agree."""
    first = [_of_icalendar(event) for event in by_icalendar(content).events]
    assert first == [_of_ical(event) for event in by_ical(content).events]
    return first


def _of_icalendar(event: icalendar.Event) -> Read:
    assert not event.errors
    given: dict[str, Any] = dict(event.items())
    geo = given.get("GEO")
    return Read(
        uid=str(given["UID"]),
        sequence=int(given["SEQUENCE"]),
        start=given["DTSTART"].dt,
        end=given["DTEND"].dt,
        changed=given["LAST-MODIFIED"].dt,
        summary=str(given["SUMMARY"]),
        description=str(given["DESCRIPTION"]),
        location=str(given["LOCATION"]),
        point=None if geo is None else (geo.latitude, geo.longitude),
        categories=[str(one) for one in event.categories],
        url=str(given["URL"]),
        status=str(given["STATUS"]),
    )


def _of_ical(event: ical.event.Event) -> Read:
    assert isinstance(event.start, datetime)
    assert isinstance(event.end, datetime)
    assert event.last_modified is not None
    assert event.dtstamp == event.last_modified
    return Read(
        uid=event.uid or "",
        sequence=event.sequence or 0,
        start=event.start,
        end=event.end,
        changed=event.last_modified,
        summary=event.summary or "",
        description=event.description or "",
        location=event.location or "",
        point=None if event.geo is None else (event.geo.lat, event.geo.lng),
        categories=event.categories,
        url=str(event.url),
        status=str(event.status.value) if event.status else "",
    )
