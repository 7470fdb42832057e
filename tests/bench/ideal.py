"""The bare ideal of the command path: the same parts with nothing around them.

One process takes `PUT /v1/initiatives/{id}/support` and `POST /v1/pledges` by a raw ASGI application, groups
those that wait into one statement for state and outbox, and relays the outbox to Kafka. `ideal_projection.py`
is the other service. There is no framework, no login (the `X-Person` header is believed), no validation, no
rule, no trace and no metric: what ours costs beyond this is the price of those.

    python -m tests.bench.ideal PORT DATABASE_URL BOOTSTRAP TOPIC
"""

import asyncio
import json
import socket
import sys
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

import asyncpg
import uvicorn
from aiokafka import AIOKafkaProducer
from uuid_utils import uuid7

from dorpsplein.topics import ensure_topics
from dorpsplein_local.run import TOPIC_PARTITIONS

SCHEMA = """
    create table acts (id uuid primary key, initiative_id uuid not null, person_id uuid not null, cents bigint);
    create table outbox (id bigint generated always as identity primary key, event_id uuid, key uuid, body bytea)
        with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
"""
SAVE = """
    with saved as (
        insert into acts select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[])
        on conflict do nothing returning id
    )
    insert into outbox (event_id, key, body)
    select event_id, id, body from unnest($1::uuid[], $5::uuid[], $6::bytea[]) as o(id, event_id, body)
    join saved using (id)
"""
OLDEST = "select id, event_id, key, body from outbox order by id limit 500"
DELETE = "delete from outbox where id = any($1::bigint[])"
BUSY_ROUND = 16
PAUSE_AFTER_BUSY_ROUND_S = 0.005

Act = tuple[UUID, UUID, UUID, int | None, UUID, bytes]
ANSWER = [(b"content-type", b"application/json"), (b"content-length", b"2")]


class Ideal:
    """The ASGI application, its group of waiting acts and its relay."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", topic: str) -> None:
        self.pool = pool
        self.topic = topic
        self.waiting: list[tuple[Act, asyncio.Future[None]]] = []
        self.working = False
        self.committed = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Carry out one act and answer when it is committed."""
        person = UUID(next(value for name, value in scope["headers"] if name == b"x-person").decode())
        if scope["method"] == "PUT":
            initiative, cents = UUID(scope["path"].split("/")[3]), None
            act_id = UUID(bytes=blake2b(initiative.bytes + person.bytes, digest_size=16).digest())
        else:
            body = json.loads((await receive())["body"])
            initiative, cents, act_id = UUID(body["initiativeId"]), body["amountCents"], UUID(int=uuid7().int)
        event = b'{"initiativeId":"%s","personId":"%s","amountCents":%d}' % (
            str(initiative).encode(),
            str(person).encode(),
            cents or 0,
        )
        await self.save((act_id, initiative, person, cents, UUID(int=uuid7().int), event))
        await send({"type": "http.response.start", "status": 200, "headers": ANSWER})
        await send({"type": "http.response.body", "body": b"{}"})

    def save(self, act: Act) -> "asyncio.Future[None]":
        """Put an act with those that wait; the future is done once it is committed."""
        saved: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append((act, saved))
        if not self.working:
            self.working = True
            self.worker = asyncio.create_task(self._save_all())
        return saved

    async def _save_all(self) -> None:
        while self.waiting:
            batch, self.waiting = self.waiting[:256], self.waiting[256:]
            await self.pool.execute(SAVE, *zip(*(act for act, _ in batch), strict=True))
            self.committed.set()
            for _, saved in batch:
                saved.set_result(None)
        self.working = False

    async def relay(self, producer: AIOKafkaProducer) -> None:
        """Send the oldest rows, delete them once acknowledged, and so on for ever."""
        async with self.pool.acquire() as connection:
            while True:
                self.committed.clear()
                rows = await connection.fetch(OLDEST)
                if not rows:
                    await self.committed.wait()
                    continue
                await asyncio.gather(*[await self._send(producer, row) for row in rows])
                await connection.execute(DELETE, [row["id"] for row in rows])
                if len(rows) >= BUSY_ROUND:
                    await asyncio.sleep(PAUSE_AFTER_BUSY_ROUND_S)

    async def _send(self, producer: AIOKafkaProducer, row: asyncpg.Record) -> Any:
        key = str(row["key"]).encode()
        headers = [
            ("ce_specversion", b"1.0"),
            ("ce_id", str(row["event_id"]).encode()),
            ("ce_source", b"urn:bench"),
            ("ce_type", b"nl.participatie.supports.support-given.v1"),
            ("ce_subject", key),
            ("ce_time", datetime.now(UTC).isoformat().encode()),
        ]
        return await producer.send(self.topic, value=row["body"], key=key, headers=headers)


async def as_it_is(_: object) -> None:
    """Give a connection back without asyncpg's reset, which costs a round trip."""


async def main(port: int, database_url: str, bootstrap: str, topic: str) -> None:
    """Serve and relay until SIGTERM."""
    await ensure_topics(bootstrap, [topic], partitions=TOPIC_PARTITIONS)
    async with (
        asyncpg.create_pool(
            database_url, min_size=2, max_size=8, reset=as_it_is, server_settings={"jit": "off"}
        ) as pool,
        AIOKafkaProducer(
            bootstrap_servers=bootstrap, enable_idempotence=True, linger_ms=0, max_batch_size=512 * 1024
        ) as producer,
    ):
        ideal = Ideal(pool, topic)
        relay = asyncio.create_task(ideal.relay(producer))
        config = uvicorn.Config(ideal, lifespan="off", access_log=False, log_config=None, http="httptools")
        with socket.create_server(("127.0.0.1", port), backlog=2048) as listener:
            print("ready", flush=True)
            await uvicorn.Server(config).serve([listener])
        relay.cancel()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(int(sys.argv[1]), *sys.argv[2:]))
