"""What residents bring in reaches an initiative as a fact of its own."""

from collections.abc import Mapping
from uuid import UUID

from dorpsplein.contracts.initiatives.contributions import ContributionOffered
from dorpsplein.database import Transaction
from dorpsplein.envelope import Cause, Fact
from initiatives.storage import contributions as storage


async def announce_contributions(tx: Transaction, causes: Mapping[UUID, Cause]) -> None:
    """Say, once, of each of these contributions that it was offered; those to no known initiative are passed by."""
    rows = await storage.announce(tx, list(causes))
    await tx.record(
        [
            Fact(
                ContributionOffered(
                    contribution_id=row["id"],
                    initiative_id=row["initiative_id"],
                    origin=row["origin"],
                    origin_id=row["origin_id"],
                    contributor_id=row["contributor_id"],
                ),
                sequence=1,
                cause=causes[row["id"]],
            )
            for row in rows
        ]
    )
