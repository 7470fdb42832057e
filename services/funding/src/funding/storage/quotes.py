"""Match quotes in the database."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from dorpsplein.database import Transaction
from funding.domain.quotes import Quote
from funding.storage.pledges import match_from

QUOTES = "select * from quotes where id = any($1::uuid[])"


async def quotes_of(tx: Transaction, ids: Sequence[UUID]) -> list[Quote]:
    """The quotes with these ids; what is not there is left out."""
    return [quote_from(row) for row in await tx.fetch(QUOTES, ids)]


def quote_from(row: Any) -> Quote:
    """A quote as it is stored."""
    match = match_from(row["match"])
    assert match is not None
    return Quote(
        id=row["id"],
        pledger=row["pledger_id"],
        initiative=row["initiative_id"],
        round=row["round_id"],
        resource=row["resource"],
        quantity=row["quantity"],
        match=match,
        quoted_at=row["quoted_at"],
        expires_at=row["expires_at"],
        status=row["status"],
        pledge=row["pledge_id"],
    )
