"""The names people chose: the only place in the whole system where they stand."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction

CHOOSE_NAME = """
    insert into profiles (person_id, name, changed_at) values ($1, $2, $3)
    on conflict (person_id) do update set name = excluded.name, changed_at = excluded.changed_at
"""
NAMES = "select person_id, name from profiles where person_id = any($1::uuid[])"


async def choose_name(tx: Transaction, person_id: UUID, name: str, *, now: datetime) -> None:
    """Store the name a person wants to be called by."""
    await tx.execute(CHOOSE_NAME, person_id, name, now)


async def names(tx: Transaction, person_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The names of those who chose one."""
    return {row["person_id"]: row["name"] for row in await tx.fetch(NAMES, person_ids)}
