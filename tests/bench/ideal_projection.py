"""The bare ideal of a projection in another service: batches from Kafka, one set-based statement each.

python -m tests.bench.ideal_projection DATABASE_URL BOOTSTRAP TOPIC
"""

import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord

SCHEMA = """
    create table inbox (event_id uuid primary key);
    create table supports (initiative_id uuid primary key, supports bigint not null);
"""
APPLY = """
    with fresh as (
        insert into inbox select unnest($1::uuid[]) on conflict do nothing returning event_id
    )
    insert into supports
    select initiative_id, count(*) from unnest($1::uuid[], $2::uuid[]) as e(event_id, initiative_id)
    join fresh using (event_id) group by initiative_id order by initiative_id
    on conflict (initiative_id) do update set supports = supports.supports + excluded.supports
"""
BATCH_RECORDS = 1000


def read(record: ConsumerRecord) -> tuple[UUID, UUID]:
    """The event's id and the initiative it speaks of."""
    event_id = next(value for name, value in record.headers if name == "ce_id")
    return UUID(event_id.decode()), UUID(json.loads(record.value)["initiativeId"])


async def apply(connection: "asyncpg.Connection[asyncpg.Record]", records: Sequence[ConsumerRecord]) -> None:
    """Bring a batch into the projection, each event once."""
    await connection.execute(APPLY, *zip(*map(read, records), strict=True))


async def main(database_url: str, bootstrap: str, topic: str) -> None:
    """Project until SIGTERM, on which the consumer leaves its group."""
    me = asyncio.current_task()
    assert me is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)
    connection = await asyncpg.connect(database_url, server_settings={"jit": "off"})
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id=f"{topic}.ideal",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    async with consumer:
        print("ready", flush=True)
        while True:
            partitions = await consumer.getmany(timeout_ms=1000, max_records=BATCH_RECORDS)
            records = [record for batch in partitions.values() for record in batch]
            if records:
                await apply(connection, records)
                await consumer.commit()


if __name__ == "__main__":
    import uvloop

    with suppress(asyncio.CancelledError):
        uvloop.run(main(*sys.argv[1:]))
