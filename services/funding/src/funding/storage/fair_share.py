"""What initiatives were given in a round whose rule answers each pledge at once, from the database."""

from uuid import UUID

from dorpsplein.database import Transaction

GIVEN = """
    select initiative_id::text, sum((match ->> 'cents')::bigint - match_gone)::bigint as given from pledges
    where round_id = $1 and status in ('held', 'committed', 'delivered') and match is not null
    group by initiative_id
"""


async def given(tx: Transaction, round_id: UUID) -> dict[str, int]:
    """What each initiative was matched with in a round, in cents, as it stands now."""
    return {row["initiative_id"]: row["given"] for row in await tx.fetch(GIVEN, round_id)}
