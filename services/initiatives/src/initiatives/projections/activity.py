"""What initiatives are counted and ordered by: their state, their supports, and when something last happened.

One statement a batch, the same in whatever order events of different aggregates come: supports are added to, the
moment only moves on, and of states the newest wins.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from dorpsplein.contracts.initiatives.initiatives import InitiativeState
from dorpsplein.contracts.initiatives.supports import (
    SupportGiven,
    SupportMoved,
    SupportReturned,
    SupportWithdrawn,
)
from dorpsplein.database import Transaction
from dorpsplein.envelope import Event, Recorded
from initiatives.projections.timeline import about

KEEP = """
    insert into activity (
        id, at, supports, version, status, theme, kind, neighbourhood, latitude, longitude, point
    )
    select id, at, supports, version, status, theme, kind, neighbourhood, latitude, longitude,
        ll_to_earth(latitude, longitude)
    from unnest(
        $1::uuid[], $2::timestamptz[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::float8[], $10::float8[]
    ) as s(id, at, supports, version, status, theme, kind, neighbourhood, latitude, longitude)
    order by id
    on conflict (id) do update set
        at = greatest(activity.at, excluded.at), supports = activity.supports + excluded.supports,
        version = greatest(activity.version, excluded.version),
        (status, theme, kind, neighbourhood, latitude, longitude, point) = (
            select newest.status, newest.theme, newest.kind, newest.neighbourhood, newest.latitude,
                newest.longitude, newest.point
            from (select activity.* union all select excluded.*) as newest order by newest.version desc limit 1
        )
"""
GIVES: Mapping[type[Event], int] = {SupportGiven: 1, SupportWithdrawn: -1, SupportMoved: -1, SupportReturned: 1}
"""What an event adds to the supports of its initiative."""


@dataclass
class News:
    """What a batch says of one initiative: the newest state in it, if any, as columns."""

    at: datetime
    supports: int = 0
    version: int = 0
    state: tuple[Any, ...] = (None, None, None, None, None, None)


async def activity(tx: Transaction, events: Sequence[Recorded[Any]]) -> None:
    """Keep what these events, facts about initiatives and their states, say of the initiatives."""
    news: dict[UUID, News] = {}
    for event in events:
        for initiative_id in about(event.event):
            one = news.setdefault(initiative_id, News(event.time))
            one.at = max(one.at, event.time)
            one.supports += GIVES.get(type(event.event), 0)
            if isinstance(event.event, InitiativeState) and event.sequence > one.version:
                one.version = event.sequence
                one.state = News.state if event.erased else _columns(event.event)
    if news:
        rows = [(known, one.at, one.supports, one.version, *one.state) for known, one in news.items()]
        await tx.execute(KEEP, *map(list, zip(*rows, strict=True)))


def _columns(state: InitiativeState) -> tuple[Any, ...]:
    return (state.status, state.theme, state.kind, state.neighbourhood, state.latitude, state.longitude)
