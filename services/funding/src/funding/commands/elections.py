"""Bring in elections. The same file again answers the same election."""

import asyncio
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from dorpsplein.envelope import Fact
from dorpsplein.errors import Invalid
from funding import storage
from funding.commands.guards import unless_taken
from funding.domain import election_files, elections
from funding.domain.elections import Election
from funding.domain.pabulib import MalformedFile

MOST_LISTED = 100


async def read(raw: bytes, name: str, by: UUID, at: datetime) -> tuple[Election, str]:
    """The election in a file, read outside of the event loop. Raises Invalid with the faults by file and line."""
    try:
        return await asyncio.to_thread(election_files.read, raw, name, by, at)
    except MalformedFile as fault:
        listed = [
            {"in": "body", "pointer": f"{name}:{line}", "code": "line-not-valid", "detail": reason}
            for line, reason in fault.faults[:MOST_LISTED]
        ]
        raise Invalid("election-not-readable", f"{len(fault.faults)} fault(s) were found.", errors=listed) from fault


async def load(tx: Transaction, election: Election, document: str) -> tuple[Election, bool]:
    """Keep an election, and whether it is new: the same file gives the same id."""
    if known := await storage.elections.election(tx, election.id):
        return known, False
    async with unless_taken():
        await storage.elections.add(tx, election, document, [Fact(elections.load(election), 1)])
    return election, True
