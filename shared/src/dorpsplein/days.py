"""Days as people here count them: a day ends at midnight in the Netherlands, whatever the hour is in UTC."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

HERE = ZoneInfo("Europe/Amsterdam")


def end_of(day: date) -> datetime:
    """The moment a day is over here, in UTC. Raises OverflowError for the last day there is."""
    return datetime.combine(day + timedelta(days=1), time(), HERE).astimezone(UTC)
