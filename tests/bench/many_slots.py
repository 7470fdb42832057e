"""Many places and slots, made up the same way every time, straight into the database of the presence service.

A thousand officers are somewhere for two hours of each day, ten days back and ninety ahead; who should be there now
is, and what is over was left.
"""

import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from tests.bench.many import THEMES

from presence.domain.places import PlaceKind

PLACES = 10_000
OFFICERS = 1_000
DAYS = range(-10, 90)
LONG = timedelta(hours=2)
PLACE_COLUMNS = ("id", "name", "address", "kind", "latitude", "longitude", "neighbourhood")
SLOT_COLUMNS = ("id", "officer_id", "place_id", "starts_at", "ends_at", "themes", "status")


def places() -> Iterator[tuple[Any, ...]]:
    """Rows of places, in the order of PLACE_COLUMNS: around a hundred neighbourhoods."""
    chance = random.Random(41)
    kinds = list(PlaceKind)
    for number in range(PLACES):
        area = int(100 * chance.random() ** 2)
        angle, far = chance.random() * math.tau, chance.expovariate(1 / 600)
        yield (
            UUID(int=(1 << 100) + number), f"Plek {number}", f"Straat {number}", chance.choice(kinds),
            52.0 + area // 10 * 0.03 + far * math.sin(angle) / 111_000,
            4.8 + area % 10 * 0.05 + far * math.cos(angle) / 68_000, f"wijk-{area}",
        )  # fmt: skip


def slots(now: datetime) -> Iterator[tuple[Any, ...]]:
    """Rows of slots around a moment, in the order of SLOT_COLUMNS."""
    chance = random.Random(42)
    for officer in range(OFFICERS):
        for day in DAYS:
            starts_at = now + timedelta(days=day, minutes=15 * chance.randrange(-44, 44))
            over = starts_at + LONG <= now
            status = "left" if over else "arrived" if starts_at <= now else "planned"
            yield (
                UUID(int=chance.getrandbits(128)), UUID(int=(2 << 100) + officer),
                UUID(int=(1 << 100) + chance.randrange(PLACES)), starts_at, starts_at + LONG,
                chance.sample(THEMES, 2), status,
            )  # fmt: skip


async def fill(connection: "asyncpg.Connection[Any]", now: datetime) -> None:
    """Put them into an empty, migrated database."""
    await connection.copy_records_to_table("places", records=places(), columns=PLACE_COLUMNS)
    await connection.copy_records_to_table("presence_slots", records=slots(now), columns=SLOT_COLUMNS)
    await connection.execute("vacuum analyze")
