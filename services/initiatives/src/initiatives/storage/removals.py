"""Objects that are to go from the store of media: noted with what makes them go, removed after."""

from collections.abc import Sequence
from datetime import datetime

from dorpsplein.database import Transaction

NOTE = """
    insert into media_removals (prefix, due_at) select prefix, $2 from unnest($1::text[]) as prefix order by prefix
    on conflict (prefix) do update set due_at = least(media_removals.due_at, excluded.due_at)
"""
FORGET = "delete from media_removals where prefix = any($1::text[])"
TAKE = "delete from media_removals where prefix = $1 returning true"
DUE = "select prefix from media_removals where due_at <= $1 order by due_at limit $2 for update skip locked"


async def note(tx: Transaction, prefixes: Sequence[str], due_at: datetime) -> None:
    """Note that all objects under these prefixes go at a moment, or earlier where that was noted before."""
    await tx.execute(NOTE, prefixes, due_at)


async def forget(tx: Transaction, prefixes: Sequence[str]) -> None:
    """Let what is under these prefixes stay after all, or forget that it went."""
    await tx.execute(FORGET, prefixes)


async def take(tx: Transaction, prefix: str) -> bool:
    """Take over from the sweep what was to go under this prefix; False where nothing was to go."""
    return await tx.fetchval(TAKE, prefix) is True


async def due(tx: Transaction, now: datetime, most: int) -> list[str]:
    """Prefixes that are due, and this transaction's to remove; they are locked."""
    return [row["prefix"] for row in await tx.fetch(DUE, now, most)]
