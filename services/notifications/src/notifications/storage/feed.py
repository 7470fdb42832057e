"""Reading the feed, newest first for people, in order of position for streams."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from dorpsplein.envelope import EVENTS
from notifications.domain import lines

if TYPE_CHECKING:
    from dorpsplein.database import Connection

TOLD = """
    l.document, l.subject as key, c.title as key_title, (
        select json_agg(json_build_array(a.about, o.title, o.theme, o.latitude, o.longitude))
        from feed_also a join subjects o on o.id = a.about where a.position = f.position
    ) as also
"""
"""What a line is made of, beside the type and what it is about: the event, its aggregate, the others it is about."""
JOINED_LOG = "join log l on l.position = f.log_position left join subjects c on c.id = l.subject"
COLUMNS = f"""
    f.position, f.about, l.event_id, l.type, l.time, {TOLD}, s.kind, s.title, s.theme, s.latitude, s.longitude
"""
JOINED = f"feed f {JOINED_LOG} left join subjects s on s.id = f.about"
NEWEST = f"""
    select {COLUMNS} from {JOINED} where $1::bigint is null or f.position < $1 order by f.position desc limit $2
"""  # noqa: S608
NEWEST_OF_SUBJECTS = f"""
    with newest as (
        select distinct found.position from unnest($1::uuid[]) as chosen(id) cross join lateral (
            (
                select position from feed
                where about = chosen.id and ($2::bigint is null or position < $2) order by position desc limit $3
            ) union all (
                select position from feed_also
                where about = chosen.id and ($2::bigint is null or position < $2) order by position desc limit $3
            )
        ) found order by found.position desc limit $3
    )
    select {COLUMNS} from newest join {JOINED.replace("feed f", "feed f using (position)", 1)}
    order by f.position desc
"""  # noqa: S608
AFTER = f"select {COLUMNS} from {JOINED} where f.position > $1 order by f.position limit $2"  # noqa: S608
HEAD = "select feed from heads"
OF_THEME = "select id from subjects where theme = $1"
FOLLOWED = """
    select initiative_id as id from follows where follower_id = $1 and kind = 'initiative'
    union
    select s.id from follows f join subjects s on s.theme = f.theme where f.follower_id = $1 and f.kind = 'theme'
    union
    select s.id from follows f join subjects s
        on s.latitude between f.latitude - f.radius_metres / 111000.0 and f.latitude + f.radius_metres / 111000.0
        and earth_distance(ll_to_earth(s.latitude, s.longitude), ll_to_earth(f.latitude, f.longitude))
            <= f.radius_metres
    where f.follower_id = $1 and f.kind = 'radius'
"""
SUPPORTS = "select initiative_id, supports from initiative_supports where initiative_id = any($1::uuid[])"


@dataclass(frozen=True, slots=True)
class Reached:
    """One subject a line is about, with what makes people hear of it."""

    id: UUID
    title: str | None
    theme: str | None
    point: tuple[float, float] | None


@dataclass(frozen=True)
class Item:
    """One line of the feed; `reaches` is all it is about, and `about` the first of that."""

    position: int
    id: UUID
    type: str
    time: datetime
    about: UUID | None
    kind: str | None
    title: str | None
    theme: str | None
    reaches: tuple["Reached", ...]
    line: str
    data: dict[str, Any]

    @cached_property
    def shown(self) -> dict[str, Any]:
        """As JSON, the same in every answer and stream."""
        return {
            "position": self.position,
            "id": str(self.id),
            "type": self.type,
            "time": self.time.isoformat().replace("+00:00", "Z"),
            "initiativeId": str(self.about) if self.kind == "initiative" else None,
            "placeId": str(self.about) if self.kind == "place" else None,
            "title": self.title,
            "theme": self.theme,
            "line": self.line,
            "data": self.data,
        }

    @cached_property
    def sent(self) -> str:
        """As a server-sent event, made once for all who listen."""
        return f"id: {self.position}\ndata: {json.dumps(self.shown, separators=(',', ':'))}\n\n"


async def newest(connection: "Connection", before: int | None, limit: int) -> list[Item]:
    """The newest items of all."""
    return [_item(row) for row in await connection.fetch(NEWEST, before, limit)]


async def newest_of(connection: "Connection", subjects: Sequence[UUID], before: int | None, limit: int) -> list[Item]:
    """The newest items of several subjects."""
    return [_item(row) for row in await connection.fetch(NEWEST_OF_SUBJECTS, subjects, before, limit)]


async def after(connection: "Connection", position: int, limit: int) -> list[Item]:
    """The items after a position, in order, without gaps."""
    return [_item(row) for row in await connection.fetch(AFTER, position, limit)]


async def head(connection: "Connection") -> int:
    """The newest position."""
    newest_position: int = await connection.fetchval(HEAD)
    return newest_position


async def of_theme(connection: "Connection", theme: str) -> list[UUID]:
    """The subjects with a theme."""
    return [row["id"] for row in await connection.fetch(OF_THEME, theme)]


async def followed(connection: "Connection", follower_id: UUID) -> list[UUID]:
    """The subjects someone follows, by name, by theme or by place."""
    return [row["id"] for row in await connection.fetch(FOLLOWED, follower_id)]


async def supports(connection: "Connection", initiatives: Sequence[UUID]) -> dict[UUID, int]:
    """How many support each initiative; one nobody supports is left out."""
    rows = await connection.fetch(SUPPORTS, initiatives)
    return {row["initiative_id"]: row["supports"] for row in rows}


def event_item(row: asyncpg.Record) -> tuple[str, dict[str, Any]]:
    """The plain line and the public data of a row with a type, TOLD, and the title of what it is about."""
    event = EVENTS[row["type"]].model_validate(json.loads(row["document"])["data"])
    return lines.line(event, row["title"], _titles(row)), lines.public_data(event)


def _titles(row: asyncpg.Record) -> dict[UUID, str | None]:
    others = {one.id: one.title for one in _others(row)}
    return {row["key"]: row["key_title"], row["about"]: row["title"], **others}


def _others(row: asyncpg.Record) -> list[Reached]:
    return [
        Reached(UUID(other), title, theme, _point(*point))
        for other, title, theme, *point in json.loads(row["also"] or "[]")
    ]


def _point(latitude: float | None, longitude: float | None) -> tuple[float, float] | None:
    return None if latitude is None or longitude is None else (latitude, longitude)


def _item(row: asyncpg.Record) -> Item:
    line, data = event_item(row)
    first = Reached(row["about"], row["title"], row["theme"], _point(row["latitude"], row["longitude"]))
    return Item(
        position=row["position"],
        id=row["event_id"],
        type=row["type"],
        time=row["time"],
        about=row["about"],
        kind=row["kind"],
        title=row["title"],
        theme=row["theme"],
        reaches=(first, *_others(row)) if row["about"] else (),
        line=line,
        data=data,
    )
