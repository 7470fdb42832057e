"""Commands on series of presence slots."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from dorpsplein.contracts.presence.slots import PresenceAnnounced
from dorpsplein.database import Transaction
from dorpsplein.days import HERE
from dorpsplein.envelope import Fact
from dorpsplein.errors import Refused
from dorpsplein.timers import cancel_timers, set_timers
from dorpsplein.web import found
from presence.commands import slots
from presence.commands.places import refuse_place
from presence.domain import series as domain
from presence.domain import slots as slot_domain
from presence.storage import series as storage
from presence.storage import slots as slot_storage

SERIES_EXTENDS = "series-extends"
MOST_DATES = 20
"""Of more dates in the way than this, the first are named."""


async def announce_series(tx: Transaction, series: domain.Series, *, now: datetime) -> domain.Series:
    """Announce a series and each of its times for a year ahead: all of them, or nothing.

    Raises Refused("place-unknown", "place-closed"), Refused("slots-overlap") with the first `dates` in the way, and
    what the rules say.
    """
    announced, fact, times = domain.announce(series, now)
    if not await storage.add(tx, announced, [Fact(fact, announced.version)]):
        await refuse_place(tx, series.place_id)
    if missing := await _announce(tx, times, now):
        raise _overlap(missing)
    await _follow(tx, [announced], now)
    return announced


async def end_series(
    tx: Transaction, series_id: UUID, officer_id: UUID, last_on: date, *, now: datetime
) -> domain.Series:
    """End a series after a day, and cancel what is planned later. Raises NotFound and what `domain.end` raises."""
    series: domain.Series = found(next(iter(await storage.lock(tx, [series_id])), None), "presence-series", series_id)
    ended = domain.end(series, officer_id, last_on, now)
    after = domain.evolve(series, ended)
    await storage.save(tx, [after], [Fact(ended, after.version)])
    later = await slot_storage.lock_later(tx, series_id, ended.last_at)
    await slots.save(tx, [(slot, slot_domain.cancel(slot, officer_id, now)) for slot in later], now)
    await _follow(tx, [after], now)
    return after


async def extend(tx: Transaction, refs: Sequence[UUID], now: datetime) -> None:
    """The handler of the timers by which the times of another while are announced.

    A time is passed by where its officer announced something else meanwhile, or the place has closed.
    """
    extended = [domain.extend(series, now) for series in await storage.lock(tx, refs)]
    for _, times in extended:
        await _announce(tx, times, now)
    await storage.save(tx, [series for series, _ in extended], [])
    await _follow(tx, [series for series, _ in extended], now)


async def _announce(tx: Transaction, times: Sequence[PresenceAnnounced], now: datetime) -> list[slot_domain.Slot]:
    """Announce the times of one series; those that could not be come back."""
    planned = [slot_domain.evolve(None, time) for time in times]
    if not planned:
        return []
    facts = [Fact(time, slot.version) for time, slot in zip(times, planned, strict=True)]
    added = await slot_storage.add(tx, planned, facts, now)
    await slots.follow(tx, [slot for slot in planned if slot.id in added])
    return [slot for slot in planned if slot.id not in added]


def _overlap(missing: Sequence[slot_domain.Slot]) -> Refused:
    dates = [slot.starts_at.astimezone(HERE).date() for slot in missing]
    return Refused(
        "slots-overlap",
        f"On {len(dates)} of these dates you announced presence in (part of) the time already: cancel those slots,"
        " leave the dates out as exceptions, or choose another time.",
        dates=sorted(dates)[:MOST_DATES],
    )


async def _follow(tx: Transaction, all_series: Sequence[domain.Series], now: datetime) -> None:
    going_on = {series.id for series in all_series if domain.goes_on(series)}
    await set_timers(tx, SERIES_EXTENDS, dict.fromkeys(going_on, now + domain.EXTENDS))
    await cancel_timers(tx, SERIES_EXTENDS, [series.id for series in all_series if series.id not in going_on])
