"""Presence slots: an officer is at a place in a window of time, once or again and again."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime

from dorpsplein.envelope import Event, Key, NotPersonal, Pseudonym


class PresenceAnnounced(Event, type="nl.participatie.presence.presence-announced.v1", topic="presence.slot"):
    """An officer will be at a place in a time window, for themes; one of a series, where there is one."""

    slot_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID, NotPersonal]
    officer_id: Annotated[UUID, Pseudonym]
    starts_at: Annotated[AwareDatetime, NotPersonal]
    ends_at: Annotated[AwareDatetime, NotPersonal]
    themes: Annotated[list[str], NotPersonal]
    series_id: Annotated[UUID | None, NotPersonal] = None


class ArrangerArrived(Event, type="nl.participatie.presence.arranger-arrived.v1", topic="presence.slot"):
    """The officer is there now.

    `how`: `by-hand`, `qr` with the code that hangs at the place, or `claimed` afterwards, noted without signal.
    """

    slot_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID, NotPersonal]
    officer_id: Annotated[UUID, Pseudonym]
    how: Annotated[str, NotPersonal] = "by-hand"


class ArrangerLeft(Event, type="nl.participatie.presence.arranger-left.v1", topic="presence.slot"):
    """The officer has gone; `by_itself` where nobody said so until an hour after the end."""

    slot_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID, NotPersonal]
    officer_id: Annotated[UUID, Pseudonym]
    by_itself: Annotated[bool, NotPersonal] = False


class PresenceMoved(Event, type="nl.participatie.presence.presence-moved.v1", topic="presence.slot"):
    """The officer will be there at another time, or at another place."""

    slot_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID, NotPersonal]
    from_place_id: Annotated[UUID, NotPersonal]
    officer_id: Annotated[UUID, Pseudonym]
    starts_at: Annotated[AwareDatetime, NotPersonal]
    ends_at: Annotated[AwareDatetime, NotPersonal]


class PresenceMissed(Event, type="nl.participatie.presence.presence-missed.v1", topic="presence.slot"):
    """The window is over and the officer did not come."""

    slot_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID, NotPersonal]
    officer_id: Annotated[UUID, Pseudonym]


class PresenceCancelled(Event, type="nl.participatie.presence.presence-cancelled.v1", topic="presence.slot"):
    """The officer will not come after all."""

    slot_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID, NotPersonal]
    officer_id: Annotated[UUID, Pseudonym]


class PresenceSeriesAnnounced(
    Event, type="nl.participatie.presence-series.presence-series-announced.v1", topic="presence.series"
):
    """An officer will be at a place again and again. Each time is announced as presence of its own.

    `rule` is a recurrence rule (RFC 5545, without its DTSTART), in Europe/Amsterdam; `starts_at` until `ends_at` is
    the first time.
    """

    series_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID, NotPersonal]
    officer_id: Annotated[UUID, Pseudonym]
    rule: Annotated[str, NotPersonal]
    starts_at: Annotated[AwareDatetime, NotPersonal]
    ends_at: Annotated[AwareDatetime, NotPersonal]
    themes: Annotated[list[str], NotPersonal]


class PresenceSeriesEnded(
    Event, type="nl.participatie.presence-series.presence-series-ended.v1", topic="presence.series"
):
    """The officer comes no more after `last_at`; what was planned later is cancelled, each time by itself."""

    series_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID, NotPersonal]
    officer_id: Annotated[UUID, Pseudonym]
    last_at: Annotated[AwareDatetime, NotPersonal]


EVENTS = (
    PresenceAnnounced,
    ArrangerArrived,
    ArrangerLeft,
    PresenceMoved,
    PresenceMissed,
    PresenceCancelled,
    PresenceSeriesAnnounced,
    PresenceSeriesEnded,
)
