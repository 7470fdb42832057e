"""Rebuild a projection from the log while the live one goes on, and swap them in one transaction.

The log is replayed from its start into a shadow schema that has the projection's tables and messaging tables of
its own, so that nothing leaves it. At the end the live consumer is held off for a moment, the shadow reads on to
the very end of the log, and its rows and inbox replace the live ones. What the live consumer reads again after
that is known already and changes nothing; what it has yet to react to it still does. Reading goes on all the time.
"""

import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from itertools import chain

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from dorpsplein.consumer import HOLD_OFF, Consumer, Projection
from dorpsplein.database import Database
from dorpsplein.errors import Refused
from dorpsplein.outbox import Outbox
from dorpsplein.settings import Settings

CLOSE_ENOUGH = 1_000
REPLAY_RECORDS = 5_000
REPLAY_TIMEOUT_S = 120.0
MESSAGING = ("inbox", "outbox", "dead_letters")

HOLD_LIVE = f"select pg_advisory_xact_lock({HOLD_OFF}, hashtext('public' || $1))"
STORED_COLUMNS = """
    select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
    where attrelid = ('public.' || quote_ident($1))::regclass
      and attnum > 0 and not attisdropped and attgenerated = ''
"""
NEWLY_BAD = """
    select count(*) as many, min(reason) as reason from {schema}.dead_letters as bad where not exists (
        select from public.dead_letters as known
        where (known.consumer, known.topic, known.partition, known."offset")
            = (bad.consumer, bad.topic, bad.partition, bad."offset") and known.replayed_at is null
    )
"""
COUNT_ON = """
    select setval(sequence::regclass, greatest(nextval(sequence::regclass), newest)) from (
        select pg_get_serial_sequence('public.' || quote_ident($1), $2) as sequence,
               (select coalesce(max({column}), 0) + 1 from public.{table}) as newest
    ) as counted
"""
COUNTED_COLUMNS = """
    select attname from pg_attribute
    where attrelid = ('public.' || quote_ident($1))::regclass and attidentity <> '' and not attisdropped
"""

log = logging.getLogger(__name__)


async def rebuild(service: str, name: str, projection: Projection, settings: Settings) -> int:
    """Rebuild one projection of a service; returns how many records were replayed.

    Acts as the owner of the database. Raises Refused for a projection that keeps no tables, and where it cannot
    apply what the live one did; on any error the live projection stays as it was.
    """
    if projection.apply is None or not projection.tables:
        raise Refused("nothing-to-rebuild", f"{name} keeps no tables of its own.")
    url = settings.migration_url.get_secret_value()
    shadow = _Shadow(f'"rebuild_{name}"', projection.tables)
    async with AsyncExitStack() as stack:
        owner = await asyncpg.connect(url)
        stack.push_async_callback(owner.close)
        await owner.execute(shadow.creation())
        stack.push_async_callback(owner.execute, shadow.removal())
        database = await stack.enter_async_context(
            Database(
                url,
                Outbox(settings.source(service), settings.public_url, settings.topic_prefix),
                size=1,
                timeout_s=REPLAY_TIMEOUT_S,
                search_path=f"{shadow.schema}, public",
            )
        )
        consumer = Consumer(
            service, name, replace(projection, react=None), database, topic_prefix=settings.topic_prefix
        )
        reader = await _reader(consumer.topics, settings.kafka_bootstrap_servers)
        stack.push_async_callback(reader.stop)
        replayed = await _replay(reader, consumer, leave=CLOSE_ENOUGH)
        async with owner.transaction():
            await owner.execute(HOLD_LIVE, consumer.group)
            replayed += await _replay(reader, consumer, leave=0)
            await shadow.replace_live(owner, consumer.group)
    log.info("%s was rebuilt from %d records", consumer.group, replayed)
    return replayed


@dataclass(frozen=True)
class _Shadow:
    schema: str
    tables: Sequence[str]

    def creation(self) -> str:
        copies = (
            f'create table {self.schema}."{table}" (like public."{table}" including all);'
            for table in (*MESSAGING, *self.tables)
        )
        return f"{self.removal()} create schema {self.schema}; {' '.join(copies)}"

    def removal(self) -> str:
        return f"drop schema if exists {self.schema} cascade;"

    async def replace_live(self, owner: "asyncpg.Connection[asyncpg.Record]", group: str) -> None:
        bad = await owner.fetchrow(NEWLY_BAD.format(schema=self.schema))
        if bad is not None and bad["many"]:
            raise Refused("rebuild-incomplete", f"{bad['many']} record(s) could not be applied: {bad['reason']}")
        await owner.execute("delete from public.inbox where consumer = $1", group)
        await owner.execute(
            f"insert into public.inbox select * from {self.schema}.inbox where consumer = $1",  # noqa: S608
            group,
        )
        for table in self.tables:
            columns = await owner.fetchval(STORED_COLUMNS, table)
            await owner.execute(f'delete from public."{table}"')  # noqa: S608
            await owner.execute(
                f'insert into public."{table}" ({columns}) overriding system value'  # noqa: S608
                f' select {columns} from {self.schema}."{table}"'
            )
            for (column,) in await owner.fetch(COUNTED_COLUMNS, table):
                await owner.execute(COUNT_ON.format(column=f'"{column}"', table=f'"{table}"'), table, column)


async def _reader(topics: Sequence[str], bootstrap: str) -> AIOKafkaConsumer:
    reader = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await reader.start()
    known = await reader._client.fetch_all_metadata()
    reader.assign([TopicPartition(t, p) for t in topics for p in sorted(known.partitions_for_topic(t) or ())])
    await reader.seek_to_beginning()
    return reader


async def _replay(reader: AIOKafkaConsumer, consumer: Consumer, *, leave: int) -> int:
    """Apply records until at most `leave` are left of what the log holds now; returns how many were applied."""
    ends = await reader.end_offsets(reader.assignment())
    replayed = 0
    while sum([end - await reader.position(partition) for partition, end in ends.items()]) > leave:
        found = await reader.getmany(timeout_ms=1000, max_records=REPLAY_RECORDS)
        if records := list(chain.from_iterable(found.values())):
            await consumer.handle(records)
            replayed += len(records)
    return replayed
