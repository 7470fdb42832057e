"""Many initiatives, made up the same way every time, straight into the database of the initiatives service.

Words come as often as words do (the second half as often as the first, the third a third), places lie around a
hundred neighbourhoods, and supports, like words, gather where there are some already.
"""

import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any
from uuid import UUID

import asyncpg

INITIATIVES = 100_000
START = datetime(2020, 1, 1, tzinfo=UTC)
NOUNS = (
    "buurt tuin plein straat park school speel groen bank boom water bloem fiets brug markt kunst muziek zorg sport "
    "eet lees werk huis dorp wijk weg zon wind dak muur licht geluid kamer feest koor taal klus hulp maaltijd gracht"
)
ENDS = "tuin plek huis dag pad hoek kast tafel route club team fonds festival lokaal atelier kas vijver"
COMMON = "samen met de buren maken we een plek waar iedereen welkom is en elkaar kan ontmoeten in onze wijk"
THEMES = ("groen", "zorg", "cultuur", "sport", "veiligheid", "energie", "verkeer", "jeugd", "wonen", "water")
STATUSES = ("proposed",) * 55 + ("supported",) * 15 + ("in-co-creation",) * 8 + ("dream-published",) * 4 + (
    "under-way",
) * 6 + ("celebrated",) * 7 + ("expired",) * 3 + ("withdrawn",) * 2  # fmt: skip
COLUMNS = (
    "id", "version", "status", "title", "summary", "theme", "neighbourhood", "latitude", "longitude",
    "means_needed_cents", "initiators", "threshold", "threshold_reached", "withdrawal_reason", "channel", "kind",
    "proposed_at", "changed_at",
)  # fmt: skip

ACTIVITY = """
    insert into activity
    select id, proposed_at + random() * interval '300 days', floor(power(random(), 8) * 3000), version, status, theme,
        kind, neighbourhood, latitude, longitude, ll_to_earth(latitude, longitude)
    from (select * from initiatives order by id) as i
"""


def vocabulary() -> tuple[list[str], list[float]]:
    """Two thousand words, the common ones first, with how often each comes, added up."""
    nouns = NOUNS.split()
    names = [noun + end for noun in nouns for end in ENDS.split() if noun != end]
    words = [*COMMON.split(), *nouns, *names, *(f"{name}{number}" for number in range(2, 5) for name in names)][:2_000]
    return words, list(accumulate(1 / place for place in range(1, len(words) + 1)))


def initiatives(count: int) -> Iterator[tuple[Any, ...]]:
    """Rows of `count` initiatives, in the order of COLUMNS."""
    chance = random.Random(12)
    words, often = vocabulary()
    initiators = [UUID(int=chance.getrandbits(128)) for _ in range(max(1, count // 20))]

    def some(number: int) -> str:
        return " ".join(chance.choices(words, cum_weights=often, k=number))

    for number in range(count):
        area = int(100 * chance.random() ** 2)
        angle, far = chance.random() * math.tau, chance.expovariate(1 / 600)
        status = chance.choice(STATUSES)
        proposed_at = START + timedelta(minutes=30 * number)
        yield (
            UUID(int=(number << 80) + chance.getrandbits(80)), 1, status, some(4).capitalize(), some(40),
            chance.choices(THEMES, cum_weights=range(10, 101, 10))[0], f"wijk-{area}",
            52.0 + area // 10 * 0.03 + far * math.sin(angle) / 111_000,
            4.8 + area % 10 * 0.05 + far * math.cos(angle) / 68_000,
            chance.choice((0, 50_000, 250_000)), [chance.choice(initiators)], 25, status not in ("proposed", "expired"),
            "moved" if status == "withdrawn" else None, "web", "challenge" if chance.random() < 0.02 else "initiative",
            proposed_at, proposed_at,
        )  # fmt: skip


async def fill(connection: "asyncpg.Connection[Any]", count: int = INITIATIVES) -> None:
    """Put `count` initiatives with their supports and what happened last into an empty, migrated database."""
    await connection.copy_records_to_table("initiatives", records=initiatives(count), columns=COLUMNS)
    await connection.execute("select setseed(0.5)")
    await connection.execute(ACTIVITY)
    await connection.execute("insert into support_tallies (initiative_id, delta) select id, supports from activity")
    await connection.execute("vacuum analyze")
