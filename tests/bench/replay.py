"""A replay of the log in a process of its own, so that its CPU can be told from the bench's.

    python -m tests.bench.replay ours                            funding's `supports`, by the shared rebuild
    python -m tests.bench.replay bare DATABASE_URL BOOTSTRAP     the bare batch loop into fresh tables

It says `ready`, starts at the next line on standard input, answers with the number of records and the seconds it
took as JSON, and ends at the line after that.
"""

import asyncio
import json
import sys
import time
from itertools import chain

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from tests.bench import ideal_projection

from dorpsplein.rebuild import REPLAY_RECORDS, rebuild
from dorpsplein.settings import Settings
from dorpsplein_local.run import TOPIC_PARTITIONS
from funding.events import PROJECTIONS

TOPIC = "initiatives.support"
FRESH = "truncate inbox, supports"


async def ours() -> int:
    """Rebuild funding's count of supports; returns how many records that took."""
    return await rebuild("funding", "supports", PROJECTIONS["supports"], Settings())


async def bare(database_url: str, bootstrap: str) -> int:
    """Read the whole topic into the bare projection; returns how many records that took."""
    connection = await asyncpg.connect(database_url, server_settings={"jit": "off"})
    await connection.execute(FRESH)
    reader = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    async with reader:
        reader.assign([TopicPartition(TOPIC, partition) for partition in range(TOPIC_PARTITIONS)])
        await reader.seek_to_beginning()
        left = sum((await reader.end_offsets(reader.assignment())).values())
        replayed = 0
        while replayed < left:
            found = await reader.getmany(timeout_ms=1000, max_records=REPLAY_RECORDS)
            if records := list(chain.from_iterable(found.values())):
                await ideal_projection.apply(connection, records)
                replayed += len(records)
    await connection.close()
    return replayed


def main(which: str, *arguments: str) -> None:
    """Replay when told to."""
    print("ready", flush=True)
    sys.stdin.readline()
    started = time.perf_counter()
    with asyncio.Runner() as runner:
        count = runner.run(ours() if which == "ours" else bare(*arguments))
    print(json.dumps({"count": count, "seconds": time.perf_counter() - started}), flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main(*sys.argv[1:])
