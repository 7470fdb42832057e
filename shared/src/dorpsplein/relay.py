"""The relay: takes the oldest rows from the outbox, sends them to Kafka, deletes them once acknowledged.

Promise: every committed event is sent at least once, and events of one aggregate in the order they were
recorded, whatever is killed. A relay that dies between sending and deleting repeats; it never loses.
One relay a shard is active at a time, held by an advisory lock that ends with its transaction.
"""

import asyncio
import json
import logging
from collections.abc import Sequence
from contextlib import suppress

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from dorpsplein import telemetry
from dorpsplein.database import OUTBOX_CHANNEL, UNAVAILABLE, Database
from dorpsplein.errors import Transient
from dorpsplein.failpoints import failpoint

RELAY_LOCK = 7_300_002
SAFETY_POLL_S = 1.0
BUSY_ROUND = 16
PAUSE_AFTER_BUSY_ROUND_S = 0.005
LONGEST_BACKOFF_S = 5.0

TAKE_TURN = "select pg_try_advisory_xact_lock($1, $2)"
OLDEST = """
    select id, topic, key, headers, body, extract(epoch from clock_timestamp() - recorded_at)::float8 as age
    from outbox where shard = $1 order by id limit $2
"""
DELETE = "delete from outbox where id = any($1::bigint[])"

log = logging.getLogger(__name__)


class Relay:
    """Relays one shard of one service's outbox until it is cancelled."""

    def __init__(self, database: Database, bootstrap: str, *, shard: int = 0, batch: int = 500) -> None:
        self._database = database
        self._bootstrap = bootstrap
        self._shard = shard
        self._batch = batch
        self._committed = database.on_commit()
        self.healthy = False

    async def run(self) -> None:
        """Relay for ever. While Kafka or the database is away it tries again with growing pauses."""
        backoff = 0.1
        while True:
            try:
                async with AIOKafkaProducer(
                    bootstrap_servers=self._bootstrap,
                    enable_idempotence=True,
                    linger_ms=0,
                    max_batch_size=512 * 1024,
                    request_timeout_ms=10_000,
                ) as producer:
                    self.healthy, backoff = True, 0.1
                    await self._relay_with(producer)
            except (KafkaError, Transient, *UNAVAILABLE) as fault:
                self.healthy = False
                log.warning("relay waits %.1f s: %s", backoff, fault)
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, LONGEST_BACKOFF_S)

    async def _relay_with(self, producer: AIOKafkaProducer) -> None:
        while True:
            self._committed.clear()
            sent = await self.relay_once(producer)
            if sent == 0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._committed.wait(), SAFETY_POLL_S)
            elif sent >= BUSY_ROUND:
                await asyncio.sleep(PAUSE_AFTER_BUSY_ROUND_S)

    async def relay_once(self, producer: AIOKafkaProducer) -> int:
        """One round: returns how many events were sent; 0 too when another relay has the turn."""
        async with self._database.connection() as connection, connection.transaction():
            if not await connection.fetchval(TAKE_TURN, RELAY_LOCK, self._shard):
                return 0
            rows = await connection.fetch(OLDEST, self._shard, self._batch)
            if rows:
                telemetry.OUTBOX_AGE.set(rows[0]["age"])
                await _send(producer, rows)
                await failpoint("sent_not_deleted")
                await connection.execute(DELETE, [row["id"] for row in rows])
            else:
                telemetry.OUTBOX_AGE.set(0)
        telemetry.RELAYED.inc(len(rows))
        return len(rows)


async def _send(producer: AIOKafkaProducer, rows: Sequence[asyncpg.Record]) -> None:
    acknowledgements = [
        await producer.send(
            row["topic"],
            value=row["body"],
            key=row["key"].encode(),
            headers=[(name, value.encode()) for name, value in json.loads(row["headers"]).items()],
        )
        for row in rows
    ]
    await asyncio.gather(*acknowledgements)


async def wake_on_notify(database: Database) -> None:
    """Wake this process's relay whenever another process commits events; runs until cancelled."""
    while True:
        with suppress(*UNAVAILABLE):
            connection = await asyncpg.connect(database.url)
            closed = asyncio.Event()
            connection.add_termination_listener(lambda _, closed=closed: closed.set())
            await connection.add_listener(OUTBOX_CHANNEL, lambda *_: database.tell())
            try:
                await closed.wait()
            finally:
                await connection.close(timeout=1)
        await asyncio.sleep(1)
