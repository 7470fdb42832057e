"""Reads the public event log: the topics of every contract, in the order in which their records arrived."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from heapq import heapify, heapreplace
from itertools import chain

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from dorpsplein import contracts  # noqa: F401 - importing them is what makes the events known
from dorpsplein.envelope import EVENTS, topics

WAIT_MS = 500
SETTLE_S = 0.05


def public_topics() -> list[str]:
    """The topics of every contract."""
    return topics(list(EVENTS.values()))


@asynccontextmanager
async def open_log(bootstrap: str, names: Iterable[str]) -> AsyncIterator[AIOKafkaConsumer]:
    """A reader, in no consumer group, at the end of those of these topics that are there. Raises KafkaError."""
    partitions = await _partitions(bootstrap, names)
    reader = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, fetch_max_wait_ms=100)
    await reader.start()
    try:
        reader.assign(partitions)
        if partitions:
            await reader.seek_to_end()
        yield reader
    finally:
        await reader.stop()


async def _partitions(bootstrap: str, names: Iterable[str]) -> list[TopicPartition]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        there = await admin.describe_topics(sorted(names))
    finally:
        await admin.close()
    return [
        TopicPartition(topic["topic"], partition["partition"])
        for topic in there
        for partition in topic["partitions"]
        if not topic["error_code"]
    ]


async def arriving(reader: AIOKafkaConsumer) -> AsyncIterator[ConsumerRecord]:
    """Records as they arrive, for ever; those that arrive within a moment of each other are put in order of time."""
    while True:
        found = list((await reader.getmany(timeout_ms=WAIT_MS)).values())
        if found:
            await asyncio.sleep(SETTLE_S)
            found += (await reader.getmany()).values()
        for record in sorted(chain.from_iterable(found), key=_place):
            yield record


async def so_far(reader: AIOKafkaConsumer) -> AsyncIterator[ConsumerRecord]:
    """Every record from the beginning up to now, merged over all partitions; the reader then stands at now.

    Holds one fetch a partition in memory, and goes on only while it knows the next record of each.
    """
    ends = await reader.end_offsets(reader.assignment())
    await reader.seek_to_beginning()
    fetched: dict[TopicPartition, deque[ConsumerRecord]] = {partition: deque() for partition in ends}
    while True:
        await _fetch_where_empty(reader, fetched, ends)
        if not fetched:
            break
        heads = [(_place(records[0]), partition) for partition, records in fetched.items()]
        heapify(heads)
        while True:
            records = fetched[heads[0][1]]
            yield records.popleft()
            if not records:
                break
            heapreplace(heads, (_place(records[0]), heads[0][1]))
    for partition, end in ends.items():
        reader.seek(partition, end)
        reader.resume(partition)


async def _fetch_where_empty(
    reader: AIOKafkaConsumer, fetched: dict[TopicPartition, deque[ConsumerRecord]], ends: dict[TopicPartition, int]
) -> None:
    """Fetch until every partition has a record; those that are read to their end are paused and left out."""
    while empty := [partition for partition, records in fetched.items() if not records]:
        for partition in empty:
            if await reader.position(partition) >= ends[partition]:
                reader.pause(partition)
                del fetched[partition]
        empty = [partition for partition in empty if partition in fetched]
        if empty:
            for partition, records in (await reader.getmany(*empty, timeout_ms=WAIT_MS)).items():
                fetched[partition].extend(record for record in records if record.offset < ends[partition])


def _place(record: ConsumerRecord) -> tuple[int, bytes, str, int, int]:
    """By time, and within a millisecond by event id: ids made in one process rise (UUIDv7)."""
    event_id = next((value for name, value in record.headers if name == "ce_id"), b"")
    return (record.timestamp, event_id, record.topic, record.partition, record.offset)
