"""What the database guards, as the answers that those get who come second."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from dorpsplein.errors import Refused, Transient


@asynccontextmanager
async def unless_taken() -> AsyncIterator[None]:
    """Raises Transient where another transaction used the same id at the same moment; asking again finds it."""
    try:
        yield
    except asyncpg.UniqueViolationError as fault:
        raise Transient("The same id is being used at this moment; ask again.") from fault


@asynccontextmanager
async def unless_slot_taken() -> AsyncIterator[None]:
    """Raises Refused("slot-taken") where a facility is promised for some of that time already."""
    try:
        yield
    except asyncpg.ExclusionViolationError as fault:
        raise Refused("slot-taken", "This facility is promised for some of that time; choose another time.") from fault
