"""The relay: takes the oldest rows from the outbox, sends them to Kafka, deletes them once acknowledged.

Promise: every committed event is sent at least once, and events of one aggregate in the order they were
recorded, whatever is killed. A relay that dies between sending and deleting repeats; it never loses.
One relay a shard is active at a time, held by an advisory lock that ends with its transaction. Should a second
one begin while the first is cut off from the database, both send from the oldest row on, each in order without
gaps, so that what a reader sees first of each event is in order too.
"""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError

from dorpsplein import telemetry
from dorpsplein.database import OUTBOX_CHANNEL, UNAVAILABLE, Database
from dorpsplein.errors import Transient
from dorpsplein.failpoints import failpoint

RELAY_LOCK = 7_300_002
SAFETY_POLL_S = 1.0
OTHERS_TURN_S = 0.05
BUSY_ROUND = 16
PAUSE_AFTER_BUSY_ROUND_S = 0.005
ACKNOWLEDGED_WITHIN_S = 30.0
FLUSHED_WITHIN_S = 2.0
FIRST_BACKOFF_S = 0.1
LONGEST_BACKOFF_S = 5.0

TAKE_TURN = "select pg_try_advisory_xact_lock($1, $2)"
OLDEST = """
    select id, topic, key, headers, body, extract(epoch from clock_timestamp() - recorded_at)::float8 as age
    from outbox where shard = $1 order by id limit $2
"""
DELETE = "delete from outbox where id = any($1::bigint[])"

log = logging.getLogger(__name__)


class Relay:
    """Relays one shard of one service's outbox until it is cancelled.

    `healthy` says whether its last round with Kafka went well.
    """

    def __init__(self, database: Database, bootstrap: str, *, shard: int = 0, batch: int = 500) -> None:
        self._database = database
        self._bootstrap = bootstrap
        self._shard = shard
        self._batch = batch
        self._committed = database.on_commit()
        self._backoff = FIRST_BACKOFF_S
        self.healthy = False

    async def run(self) -> None:
        """Relay for ever. While Kafka or the database is away it tries again with growing pauses."""
        while True:
            try:
                async with self._producer() as producer:
                    while True:
                        self._committed.clear()
                        sent = await self.relay_once(producer)
                        self.healthy, self._backoff = True, FIRST_BACKOFF_S
                        await self._until_there_may_be_more(sent)
            except (KafkaError, Transient, asyncpg.PostgresError, *UNAVAILABLE) as fault:
                log.warning("relay waits %.1f s: %r", self._backoff, fault)
            await asyncio.sleep(self._backoff)
            self._backoff = min(self._backoff * 2, LONGEST_BACKOFF_S)

    async def _until_there_may_be_more(self, sent: int | None) -> None:
        if sent is None:
            await asyncio.sleep(OTHERS_TURN_S)
        elif sent == 0:
            with suppress(TimeoutError):
                # Not wait_for: before Python 3.12 it swallows a cancellation that comes together with the event.
                async with asyncio.timeout(SAFETY_POLL_S):
                    await self._committed.wait()
        elif sent >= BUSY_ROUND:
            await asyncio.sleep(PAUSE_AFTER_BUSY_ROUND_S)

    async def relay_once(self, producer: AIOKafkaProducer) -> int | None:
        """One round: returns how many events were sent; None when it is another relay's turn."""
        async with self._database.connection() as connection, connection.transaction():
            if not await connection.fetchval(TAKE_TURN, RELAY_LOCK, self._shard):
                return None
            rows = await connection.fetch(OLDEST, self._shard, self._batch)
            telemetry.OUTBOX_AGE.set(rows[0]["age"] if rows else 0)
            if rows:
                await _send(producer, rows)
                await failpoint("sent_not_deleted")
                await connection.execute(DELETE, [row["id"] for row in rows])
        telemetry.RELAYED.inc(len(rows))
        return len(rows)

    @asynccontextmanager
    async def _producer(self) -> AsyncIterator[AIOKafkaProducer]:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=512 * 1024,
            request_timeout_ms=10_000,
        )
        try:
            await producer.start()
            yield producer
        finally:
            self.healthy = False
            await _stop(producer)


async def _send(producer: AIOKafkaProducer, rows: Sequence[asyncpg.Record]) -> None:
    """Send rows in order; return when Kafka has acknowledged all. Raises KafkaError."""
    try:
        async with asyncio.timeout(ACKNOWLEDGED_WITHIN_S):
            acknowledgements = [
                await producer.send(
                    row["topic"],
                    value=row["body"],
                    key=row["key"].encode(),
                    headers=[(name, value.encode()) for name, value in headers.items()],
                    timestamp_ms=_timestamp_ms(headers),
                )
                for row in rows
                for headers in (json.loads(row["headers"]),)
            ]
            await asyncio.gather(*acknowledgements)
    except TimeoutError as fault:
        raise KafkaTimeoutError(f"no acknowledgement within {ACKNOWLEDGED_WITHIN_S:.0f} s") from fault


def _timestamp_ms(headers: Mapping[str, str]) -> int | None:
    """The time of the record: that of its event, so that it says no more than the event does.

    A service's clock may be ahead in the local run, and Kafka takes no record from the future. A record
    that says nothing of its time has the time of its sending.
    """
    if "ce_time" not in headers:
        return None
    return min(int(datetime.fromisoformat(headers["ce_time"]).timestamp() * 1000), int(time.time() * 1000))


async def _stop(producer: AIOKafkaProducer) -> None:
    """Stop a producer; without Kafka it would wait for its last records for ever, and they are in the outbox still."""
    stopping = asyncio.create_task(producer.stop())
    await asyncio.wait({stopping}, timeout=FLUSHED_WITHIN_S)
    if not stopping.done():
        await producer._sender.close()
        producer._message_accumulator.fail_all(KafkaConnectionError("given up"))
    await stopping


async def wake_on_notify(database: Database) -> None:
    """Wake this process's relay whenever another process commits events; runs until cancelled."""
    while True:
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, *UNAVAILABLE):
            connection = await asyncpg.connect(database.url)
            closed = asyncio.Event()
            connection.add_termination_listener(lambda _, closed=closed: closed.set())
            try:
                await connection.add_listener(OUTBOX_CHANNEL, lambda *_: database.tell())
                await closed.wait()
            finally:
                await connection.close(timeout=1)
        await asyncio.sleep(1)
