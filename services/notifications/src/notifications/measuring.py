"""Counting how far news came, every so often: at most one fact a subject and round, however many were reached."""

import asyncio
import logging

from dorpsplein.errors import Transient
from dorpsplein.service import Runtime
from notifications.commands.reach import measure_reach
from notifications.settings import Settings

log = logging.getLogger(__name__)


async def measure(runtime: Runtime) -> None:
    """The worker that counts, for as long as the process lives; what a round misses the next one finds."""
    assert isinstance(runtime.settings, Settings)
    while True:
        try:
            async with runtime.database.transaction() as tx:
                await measure_reach(tx)
        except Transient as fault:
            log.warning("reach waits for the database: %s", fault)
        await asyncio.sleep(runtime.settings.measure_every_s)
