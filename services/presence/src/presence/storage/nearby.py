"""Who is where, and who will be, with the places: as whoever looks for somebody asks."""

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from presence.domain.slots import EARLIEST_ARRIVAL, LINGERS

Spot = tuple[float, float]
"""A latitude and a longitude."""

EARTH_RADIUS_M = 6_378_168.0
"""As the function `metres_between` of the database has it, and the extension earthdistance."""
LONGEST_SLOT = timedelta(hours=25)
"""24 hours by the clock, on the night that summer time ends."""

COLUMNS = """
    slot.id, slot.officer_id, slot.starts_at, slot.ends_at, slot.themes, slot.status,
    place.id as place_id, place.name, place.address, place.kind, place.latitude, place.longitude
"""


@dataclass(frozen=True, slots=True)
class Search:
    """Who comes when, and where: a window of time, and what is asked of the place and the themes."""

    since: datetime
    until: datetime
    near: Spot | None = None
    radius_m: float = 0.0
    theme: str | None = None
    neighbourhood: str | None = None
    kind: str | None = None


@dataclass
class Conditions:
    """What is asked of a slot and its place, with the arguments."""

    all: list[str] = field(default_factory=lambda: ["slot.status in ('planned', 'arrived')"])
    arguments: list[Any] = field(default_factory=list)

    def put(self, piece: str, *values: Any) -> str:
        """The piece with its `{}` as numbers of these arguments."""
        numbers = [f"${len(self.arguments) + n}" for n in range(1, len(values) + 1)]
        self.arguments.extend(values)
        return piece.format(*numbers)

    def where(self, condition: str, *values: Any) -> None:
        """Ask for this too."""
        self.all.append(self.put(condition, *values))

    def within(self, near: Spot, radius_m: float) -> str:
        """Ask for places in a circle; the distance of one in metres.

        The box around the circle comes first: of degrees there are statistics to plan by.
        """
        latitude, longitude = near
        up = math.degrees(radius_m / EARTH_RADIUS_M) * 1.001
        self.where("place.latitude between {} and {}", latitude - up, latitude + up)
        outermost = math.cos(math.radians(min(abs(latitude) + up, 90)))
        aside = up / outermost if outermost > 1e-6 else 360
        if abs(longitude) + aside <= 180:
            self.where("place.longitude between {} and {}", longitude - aside, longitude + aside)
        distance = self.put("metres_between(place.latitude, place.longitude, {}, {})", latitude, longitude)
        self.where(f"{distance} <= {{}}", radius_m)
        return distance

    def __str__(self) -> str:
        return " and ".join(self.all)


def coming_statement(search: Search, after: UUID | None, limit: int) -> tuple[str, list[Any]]:
    """The statement that finds who comes, in order of time, with its arguments."""
    asked = Conditions()
    asked.where("slot.starts_at > {} and slot.starts_at < {}", search.since - LONGEST_SLOT, search.until)
    asked.where("slot.ends_at > {}", search.since)
    if search.theme is not None:
        asked.where("slot.themes @> array[{}]", search.theme)
    for column in ("neighbourhood", "kind"):
        if (value := getattr(search, column)) is not None:
            asked.where(f"place.{column} = {{}}", value)
    distance = "null::float8" if search.near is None else asked.within(search.near, search.radius_m)
    if after is not None:
        asked.where("(slot.starts_at, slot.id) > (select starts_at, id from presence_slots where id = {})", after)
    return (
        f"""
        select {COLUMNS}, {distance} as distance
        from presence_slots as slot join places as place on place.id = slot.place_id
        where {asked} order by slot.starts_at, slot.id limit {limit:d}
        """,  # noqa: S608 - pieces of ours
        asked.arguments,
    )


def here_now_statement(
    now: datetime, near: Spot | None, radius_m: float, after: UUID | None, limit: int
) -> tuple[str, list[Any]]:
    """The statement that finds who is here, near a point the nearest first, with its arguments."""
    asked = Conditions()
    moment = asked.put("{}::timestamptz", now)
    asked.where("slot.starts_at between {} and {}", now - LINGERS - LONGEST_SLOT, now + EARLIEST_ARRIVAL)
    asked.where(
        f"case slot.status when 'arrived' then ends_at > {{}} else starts_at <= {moment} and ends_at > {moment} end",
        now - LINGERS,
    )
    distance = "null::float8" if near is None else asked.within(near, radius_m)
    going_on = "true"
    if after is not None:
        position = "coalesce(distance, 0), starts_at, id"
        going_on = f"({position}) > (select {position} from around where id = {asked.put('{}', after)})"  # noqa: S608
    return (
        f"""
        with around as (
            select {COLUMNS}, {distance} as distance
            from presence_slots as slot join places as place on place.id = slot.place_id
            where {asked}
        )
        select * from around where {going_on} order by coalesce(distance, 0), starts_at, id limit {limit:d}
        """,  # noqa: S608 - pieces of ours
        asked.arguments,
    )


async def coming(tx: Transaction, search: Search, *, after: UUID | None, limit: int) -> list[asyncpg.Record]:
    """Who is to come, or there and not over, in a window of time; in order of time, each with the place."""
    return await _planned(tx, *coming_statement(search, after, limit))


async def here_now(
    tx: Transaction, now: datetime, near: Spot | None, radius_m: float, *, after: UUID | None, limit: int
) -> list[asyncpg.Record]:
    """Who has arrived and not left, and who is planned now, each with the place; near a point, the nearest first."""
    return await _planned(tx, *here_now_statement(now, near, float(radius_m), after, limit))


async def _planned(tx: Transaction, text: str, arguments: list[Any]) -> list[asyncpg.Record]:
    """Run a statement on a plan for these very arguments.

    A kept statement gets one plan for all after a while, and a circle of 1 km and one of 50 ask for opposite ones.
    """
    prepared = await tx.connection.prepare(text)
    return await prepared.fetch(*arguments)
