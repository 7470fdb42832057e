"""What funding knows of the inspiration council."""

from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction

IN_THE_CORE = """
    select bool_or(person_id = $1 and not has_left and term_until > $2)
    from council where kind = 'core' and term_from <= $2
"""


async def in_the_core(tx: Transaction, person: UUID, now: datetime) -> bool | None:
    """Tell whether somebody is in the core group now; None as long as nobody is known who ever was."""
    known: bool | None = await tx.fetchval(IN_THE_CORE, person, now)
    return known
