"""Facilities that can be promised no more."""

from collections.abc import Collection

from dorpsplein.database import Transaction

WITHDRAWN = "select code from withdrawn_facilities where code = any($1::text[])"


async def withdrawn_of(tx: Transaction, codes: Collection[str]) -> frozenset[str]:
    """Those of these facilities that were withdrawn."""
    return frozenset(row["code"] for row in await tx.fetch(WITHDRAWN, list(codes)))
