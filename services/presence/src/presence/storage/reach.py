"""How far invitations to sessions came, in the database."""

from uuid import UUID

from dorpsplein.database import Transaction
from presence.domain.counts import LEAST_SHOWN

PEOPLE = "select people from session_reach where session_id = $1 and people >= $2"


async def people_reached(tx: Transaction, session_id: UUID) -> int | None:
    """How many different people were mailed about a session's announcement; None while that is under five."""
    people: int | None = await tx.fetchval(PEOPLE, session_id, LEAST_SHOWN)
    return people
