"""A window of time that is announced: a presence slot's, a session's."""

from datetime import datetime, timedelta

from dorpsplein.errors import Refused

LATEST_ANNOUNCEMENT = timedelta(minutes=5)
"""How long after its start a window may still be announced: who walks in says "from now"."""
FURTHEST_AHEAD = timedelta(days=366)
LONGEST = timedelta(hours=24)


def refuse_senseless(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """Refuse a window that cannot be announced now.

    Raises Refused("ends-before-start", "starts-in-the-past", "too-far-ahead" or "too-long").
    """
    if ends_at <= starts_at:
        raise Refused("ends-before-start", "endsAt must be after startsAt.")
    if starts_at < now - LATEST_ANNOUNCEMENT:
        raise Refused("starts-in-the-past", "startsAt has passed; choose a moment from now on.")
    if starts_at > now + FURTHEST_AHEAD:
        raise Refused("too-far-ahead", f"startsAt may be at most {FURTHEST_AHEAD.days} days ahead.")
    if ends_at - starts_at > LONGEST:
        raise Refused("too-long", "It may last at most 24 hours; announce one a day.")
