"""Finding initiatives: by words, by what they are and where, in an order that goes on where a page ended.

A list goes on after the values its last row was ordered by, never after a number of rows: whatever is not moved by
what happens in between is on exactly one page.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from initiatives.domain.initiative import Spot, Status
from initiatives.storage.pages import SHOWN, WITH_PROJECTIONS

if TYPE_CHECKING:
    from dorpsplein.database import Connection

NEAR_RADIUS_M = 1_000.0
EARTH_RADIUS_M = 6_378_168.0
"""As the extension earthdistance has it."""
NOT_SHOWN_UNASKED = (Status.WITHDRAWN, Status.JOINED, Status.EXPIRED)
"""Found only by who asks for that status."""
MOST_RANKED = 2_000
"""Of more matches of words than this, the newest are put in order; what is left out can be found by the newest."""
VISIBLE = "i.id not in (select h.subject_id from hidden h where h.subject_kind = 'initiative')"
"""Few are hidden, so they are read once a statement; asking for each row whether it is took longer than all else."""


class Sort(StrEnum):
    """What comes first."""

    BEST = "best"
    NEWEST = "newest"
    ACTIVITY = "activity"
    SUPPORT = "support"
    NEAREST = "nearest"


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for; several statuses or themes mean any of them. `near` comes with a radius in metres.

    Without a status all are found but those that were withdrawn, joined another or expired.
    """

    words: str | None = None
    status: Sequence[Status] = ()
    theme: Sequence[str] = ()
    neighbourhood: str | None = None
    kind: str | None = None
    initiator: UUID | None = None
    near: Spot | None = None
    radius_m: float = NEAR_RADIUS_M


After = tuple[datetime | float | int, UUID]
"""What the last row of a page was ordered by, and its id."""


@dataclass(frozen=True, slots=True)
class Source:
    """A table with what initiatives are searched by, as `i`, and its column or expression for the place."""

    table: str
    point: str


INITIATIVES = Source("initiatives i", "ll_to_earth(i.latitude, i.longitude)")
"""As they stand at this moment."""
ACTIVITY = Source("activity i", "i.point")
"""As the events have told of them; narrow, so that all of it is read in an instant."""


class Conditions:
    """What is asked of a row, with the arguments."""

    def __init__(self, search: Search, source: Source) -> None:
        self.arguments: list[Any] = []
        self.all = [VISIBLE]
        if search.words is not None:
            self._of_initiatives(source, "i.words @@ websearch_to_tsquery('dutch', {})", search.words)
        if not search.status:
            self.all.append(f"i.status <> all('{{{','.join(NOT_SHOWN_UNASKED)}}}')")
        self._any_of("status", search.status)
        self._any_of("theme", search.theme)
        for column in ("neighbourhood", "kind"):
            if (value := getattr(search, column)) is not None:
                self.where(f"i.{column} = {{}}", value)
        if search.initiator is not None:
            self._of_initiatives(source, "i.initiators @> array[{}::uuid]", search.initiator)
        if search.near is not None:
            self._within(source, search.near, search.radius_m)

    def put(self, piece: str, *values: Any) -> str:
        """The piece with its `{}` as numbers of these arguments."""
        numbers = [f"${len(self.arguments) + n}" for n in range(1, len(values) + 1)]
        self.arguments.extend(values)
        return piece.format(*numbers)

    def where(self, condition: str, *values: Any) -> None:
        """Ask for this too."""
        self.all.append(self.put(condition, *values))

    def _of_initiatives(self, source: Source, condition: str, value: Any) -> None:
        """Ask for what has an index on initiatives alone."""
        asked = self.put(condition, value)
        inside = f"i.id in (select i.id from initiatives i where {asked})"  # noqa: S608 - pieces of ours
        self.all.append(asked if source is INITIATIVES else inside)

    def _any_of(self, column: str, values: Sequence[str]) -> None:
        """One alone is asked for as such: then an index gives the rows in their order."""
        if len(values) == 1:
            self.where(f"i.{column} = {{}}", values[0])
        elif values:
            self.where(f"i.{column} = any({{}})", list(values))

    def _within(self, source: Source, near: Spot, radius_m: float) -> None:
        """The box around the circle first: of degrees there are statistics to plan by, of points there are none."""
        up = math.degrees(radius_m / EARTH_RADIUS_M) * 1.001
        self.where("i.latitude between {} and {}", near.latitude - up, near.latitude + up)
        outermost = math.cos(math.radians(min(abs(near.latitude) + up, 90)))
        aside = up / outermost if outermost > 1e-6 else 360
        if abs(near.longitude) + aside <= 180:
            self.where("i.longitude between {} and {}", near.longitude - aside, near.longitude + aside)
        chord = 2 * EARTH_RADIUS_M * math.sin(radius_m / 2 / EARTH_RADIUS_M)
        self.where(f"{source.point} <-> ll_to_earth({{}}, {{}}) <= {{}}", near.latitude, near.longitude, chord)

    def __str__(self) -> str:
        return " and ".join(self.all)


def statement(search: Search, sort: Sort, after: After | None, limit: int) -> tuple[str, list[Any]]:
    """The statement that finds a page of initiatives, with its arguments.

    The limit stands in the text: as an argument it would make PostgreSQL plan the statement every time.
    """
    source = ACTIVITY if sort in {Sort.ACTIVITY, Sort.SUPPORT} else INITIATIVES
    asked = Conditions(search, source)
    position = _position(asked, search, sort)
    rows = f"{source.table} where {asked}"
    if sort is Sort.BEST:
        newest = f"select i.id, i.words from {rows} order by i.proposed_at desc, i.id desc limit {MOST_RANKED}"  # noqa: S608
        rows = f"({newest}) as i where true"
    way, further = ("", ">") if sort is Sort.NEAREST else ("desc", "<")
    if after is not None:
        rows += asked.put(f" and ({position}, i.id) {further} ({{}}, {{}})", *after)
    return (
        f"""
        select found.position, i.id, row_to_json(shown)::text as document
        from (
            select i.id, {position} as position from {rows} order by {position} {way}, i.id {way} limit {limit:d}
        ) as found join initiatives i on i.id = found.id {WITH_PROJECTIONS}
        cross join lateral (select {SHOWN}) as shown
        order by found.position {way}, found.id {way}
        """,  # noqa: S608 - pieces of ours
        asked.arguments,
    )


def _position(asked: Conditions, search: Search, sort: Sort) -> str:
    """What a list is ordered by."""
    match sort:
        case Sort.NEWEST:
            return "i.proposed_at"
        case Sort.ACTIVITY:
            return "i.at"
        case Sort.SUPPORT:
            return "i.supports"
        case Sort.BEST:
            return asked.put("ts_rank_cd(i.words, websearch_to_tsquery('dutch', {}))::float8", search.words)
        case Sort.NEAREST:
            assert search.near is not None
            here = asked.put("ll_to_earth({}, {})", search.near.latitude, search.near.longitude)
            return f"({INITIATIVES.point} <-> {here})"


FACETS = ("status", "theme", "kind")


def facets_statement(search: Search) -> tuple[str, list[Any]]:
    """The statement that counts what is found by every combination of facets, with its arguments."""
    source = ACTIVITY if search.words is None else INITIATIVES
    asked = Conditions(search, source)
    names = ", ".join(f"i.{facet}" for facet in FACETS)
    return f"select {names}, count(*) from {source.table} where {asked} group by {names}", asked.arguments  # noqa: S608


async def found(
    connection: "Connection", search: Search, sort: Sort, after: After | None, limit: int
) -> list[asyncpg.Record]:
    """A page of initiatives: `document` (JSON text) with `position` and `id` for the cursor."""
    text, arguments = statement(search, sort, after, limit)
    if search == Search():
        return await connection.fetch(text, *arguments)
    return await _planned(connection, text, arguments)


async def facets(connection: "Connection", search: Search) -> dict[str, dict[str, int]]:
    """How many are found, by status, theme and kind; of each the values that come most first."""
    counts: dict[str, Counter[str]] = {facet: Counter() for facet in FACETS}
    for row in await _planned(connection, *facets_statement(search)):
        for facet in FACETS:
            counts[facet][row[facet]] += row["count"]
    return {facet: dict(values.most_common()) for facet, values in counts.items()}


async def _planned(connection: "Connection", text: str, arguments: list[Any]) -> list[asyncpg.Record]:
    """Run a statement on a plan for these very arguments.

    What is rare and what is common ask for opposite plans; one plan for both, as a statement that is kept gets after a
    while, took a hundred times as long for one of them.
    """
    prepared = await connection.prepare(text)
    return await prepared.fetch(*arguments)
