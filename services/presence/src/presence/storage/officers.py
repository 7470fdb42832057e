"""What officers say of themselves, in the database."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from dorpsplein.database import Transaction
from presence.domain.officers import Officer

KEEP = """
    insert into officer_profiles
        (person_id, function, themes, base_place_id, hours_a_week, suggestions, arranges)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (person_id) do update
        set function = excluded.function, themes = excluded.themes, base_place_id = excluded.base_place_id,
            hours_a_week = excluded.hours_a_week, suggestions = excluded.suggestions, arranges = excluded.arranges,
            version = officer_profiles.version + 1
    returning version
"""
REMOVE = "delete from officer_profiles where person_id = $1"
VIEW = """
    select officer.*, officer.person_id as id, place.name as place_name, place.address as place_address
    from officer_profiles as officer join places as place on place.id = officer.base_place_id
"""
ONE = f"{VIEW} where person_id = $1"
SOME = f"{VIEW} where person_id = any($1::uuid[])"
ALL = f"""{VIEW}
    where ($1::text is null or $1 = any(officer.themes)) and ($2::uuid is null or person_id > $2)
    order by person_id limit $3
"""


async def keep(tx: Transaction, officer: Officer) -> int:
    """Keep what an officer says of themself, in place of what they said before; its version."""
    version: int = await tx.fetchval(
        KEEP,
        officer.person_id,
        officer.function,
        list(officer.themes),
        officer.base_place_id,
        officer.hours_a_week,
        officer.suggestions,
        officer.arranges,
    )
    return version


async def remove(tx: Transaction, person_id: UUID) -> None:
    """Forget what an officer said of themself."""
    await tx.execute(REMOVE, person_id)


async def one(tx: Transaction, person_id: UUID) -> asyncpg.Record | None:
    """An officer's profile with the name and address of their base, if it is there."""
    return await tx.fetchrow(ONE, person_id)


async def some(tx: Transaction, person_ids: Sequence[UUID]) -> dict[UUID, asyncpg.Record]:
    """Those of these officers who have a profile, by their ids."""
    return {row["id"]: row for row in await tx.fetch(SOME, person_ids)}


async def in_order(tx: Transaction, *, theme: str | None, after: UUID | None, limit: int) -> list[asyncpg.Record]:
    """Officers' profiles, of one theme or all; the order means nothing."""
    return await tx.fetch(ALL, theme, after, limit)
