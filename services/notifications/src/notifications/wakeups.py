"""Waking what waits in this process, by NOTIFY, whichever process committed.

`log` is told when the log, the feed or the deliveries have something new; `follows` with a person's id when
what they follow has changed. One NOTIFY a transaction, one listening connection a waiter.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress

import asyncpg

from dorpsplein.database import UNAVAILABLE

LOG = "log"
FOLLOWS = "follows"
NEW_IN_LOG = f"select pg_notify('{LOG}', '')"


async def listen(url: str, channels: Mapping[str, Callable[[str], None]]) -> None:
    """Call back with the payload of every NOTIFY on these channels; runs until cancelled.

    After every connection, the first one too, each is called with "": something may have been missed.
    """
    while True:
        with suppress(*UNAVAILABLE):
            connection = await asyncpg.connect(url)
            closed = asyncio.Event()
            connection.add_termination_listener(lambda _, closed=closed: closed.set())
            try:
                for channel, tell in channels.items():
                    await connection.add_listener(channel, lambda *told, tell=tell: tell(told[3]))
                    tell("")
                await closed.wait()
            finally:
                await connection.close(timeout=1)
        await asyncio.sleep(1)
