"""Who speaks for the council: the core group as presence tells of it."""

from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.errors import Forbidden
from funding import storage


async def refuse_outsiders(tx: Transaction, person: UUID, now: datetime) -> None:
    """Raises Forbidden("not-in-the-core") unless somebody is in the core group now.

    As long as no core member was ever known here a token's role is enough: a new square has no council yet. It is not
    so again once all have left: then an operator writes down who is in the core group first.
    """
    if await storage.council.in_the_core(tx, person, now) is False:
        raise Forbidden("not-in-the-core", "Only who is in the council's core group now speaks for the council.")
