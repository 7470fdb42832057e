"""The consumer: brings events into a service, a batch at a time, each with exactly one effect.

Promise: records of a partition are applied in order; a batch is applied in one transaction together with the
inbox that knows what was already applied, and its position is committed after that. Whatever is killed, cut or
repeated, state changes once an event. A record that can never be applied is parked with its reason and the
rest goes on; when nothing but such records comes, the consumer halts and keeps its place.

On a stop or a rebalance the running batch is finished and committed first.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiokafka
import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from faststream import AckPolicy
from faststream.exceptions import NackMessage
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage

from dorpsplein import telemetry
from dorpsplein.database import Database, Transaction
from dorpsplein.dead_letters import park
from dorpsplein.envelope import CAUSE, Event, Recorded, recorded, topics
from dorpsplein.errors import Poison, Transient
from dorpsplein.failpoints import failpoint

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 10.0

HOLD_OFF = 7_300_003
INBOX = f"""
    with turn as materialized (
        select pg_advisory_xact_lock_shared({HOLD_OFF}, hashtext(current_schema() || $1))
    )
    insert into inbox (consumer, event_id) select $1, event_id from turn, unnest($2::uuid[]) as event_id
    on conflict do nothing returning event_id
"""  # noqa: S608
"""Take note of events; while a rebuild swaps this consumer's tables, wait for it first."""

Apply = Callable[[Transaction, Sequence[Recorded[Any]]], Awaitable[None]]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Projection:
    """What a service keeps of events, and what it does because of them.

    `apply` writes only `tables`, set-based, and can be run again over the whole log (a rebuild). `react` runs
    after it in the same transaction, on the live log only: it may run commands and record events, and has no
    other effect outside the database.
    """

    of: Sequence[type[Event]]
    apply: Apply | None = None
    tables: Sequence[str] = ()
    react: Apply | None = None


class Consumer:
    """Applies one projection's records."""

    def __init__(
        self,
        service: str,
        name: str,
        projection: Projection,
        database: Database,
        *,
        topic_prefix: str = "",
        dead_letter_limit: int = 100,
        patience_s: float = 200.0,
    ) -> None:
        self.name = name
        self.group = f"{topic_prefix}{service}.{name}"
        self.topics = [topic_prefix + topic for topic in topics(projection.of)]
        self.halted: str | None = None
        self.assigned = False
        self._service = service
        self._projection = projection
        self._wanted = frozenset(projection.of)
        self._database = database
        self._dead_letter_limit = dead_letter_limit
        self._patience_s = patience_s
        self._bad_in_a_row = 0

    async def handle(self, records: Sequence[ConsumerRecord]) -> None:
        """Apply a batch or raise: NackMessage to read it again, when it could not be applied for now."""
        started = time.perf_counter()
        try:
            await self._with_patience(records)
        except Transient as fault:
            log.warning("%s will read %d records again: %s", self.group, len(records), fault)
            raise NackMessage from fault
        await failpoint("applied_not_acked")
        telemetry.CONSUMED.labels(self.group).inc(len(records))
        telemetry.BATCH_SECONDS.labels(self.group).observe(time.perf_counter() - started)
        telemetry.PROJECTION_AGE.labels(self.group).set(max(0.0, time.time() - records[-1].timestamp / 1000))

    async def _with_patience(self, records: Sequence[ConsumerRecord]) -> None:
        """Apply records, waiting out short absences; a batch that takes too long is halved."""
        deadline = time.monotonic() + self._patience_s
        pause = FIRST_PAUSE_S
        while True:
            try:
                return await self._apply_batch(records)
            except asyncpg.QueryCanceledError as fault:
                if len(records) > 1:
                    half = len(records) // 2
                    await self._with_patience(records[:half])
                    return await self._with_patience(records[half:])
                if time.monotonic() > deadline:
                    raise Transient("one record alone takes too long") from fault
            except Transient:
                if time.monotonic() + pause > deadline:
                    raise
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _apply_batch(self, records: Sequence[ConsumerRecord]) -> None:
        good, bad = self._read(records)
        if bad:
            await self._park(bad, any_good=bool(good))
        if not good:
            return
        try:
            await self.apply([event for _, event in good])
        except (Transient, asyncpg.QueryCanceledError):
            raise
        except Exception as fault:  # noqa: BLE001 - isolated one by one, then parked with its reason
            if len(good) == 1:
                await self._park([(good[0][0], f"{type(fault).__name__}: {fault}")], any_good=False)
                return
            log.warning("%s applies %d records one by one: %r", self.group, len(good), fault)
            for record, _ in good:
                await self._apply_batch([record])
        else:
            self._bad_in_a_row = 0

    def _read(
        self, records: Sequence[ConsumerRecord]
    ) -> tuple[list[tuple[ConsumerRecord, Recorded[Event]]], list[tuple[ConsumerRecord, str]]]:
        good, bad = [], []
        for record in records:
            try:
                event = recorded(
                    record.headers,
                    record.value,
                    position=f"{record.topic}:{record.partition}:{record.offset}",
                )
            except Poison as fault:
                bad.append((record, str(fault)))
                continue
            if event is not None and type(event.event) in self._wanted:
                good.append((record, event))
        return good, bad

    async def apply(self, events: Sequence[Recorded[Event]]) -> None:
        """Apply events in one transaction, those already in the inbox left out."""
        await failpoint("before_tx")
        started_ns = time.time_ns()
        token = CAUSE.set(events[0].cause)
        try:
            async with self._database.transaction() as tx:
                fresh = await unseen(tx, self.group, events)
                if fresh and self._projection.apply:
                    await self._projection.apply(tx, fresh)
                if fresh and self._projection.react:
                    await self._projection.react(tx, fresh)
        finally:
            CAUSE.reset(token)
        telemetry.handled(self.group, fresh, started_ns)

    async def _park(self, bad: Sequence[tuple[ConsumerRecord, str]], *, any_good: bool) -> None:
        self._bad_in_a_row = 0 if any_good else self._bad_in_a_row + len(bad)
        if self._bad_in_a_row > self._dead_letter_limit:
            self.halted = f"{self._bad_in_a_row} records in a row could not be handled, last: {bad[-1][1]}"
            telemetry.HALTED.labels(self.group).set(1)
            log.error("%s halts: %s", self.group, self.halted)
            raise NackMessage
        async with self._database.transaction() as tx:
            await park(tx, self._service, self.group, bad)
        telemetry.DEAD_LETTERS.labels(self.group).inc(len(bad))


async def unseen(tx: Transaction, consumer: str, events: Sequence[Recorded[Event]]) -> list[Recorded[Event]]:
    """The events this consumer has not had before, in order; they are in its inbox from now on."""
    rows = await tx.fetch(INBOX, consumer, [event.id for event in events])
    new = {row["event_id"] for row in rows}
    fresh = []
    for event in events:
        if event.id in new:
            new.discard(event.id)
            fresh.append(event)
    telemetry.REPEATED.labels(consumer).inc(len(events) - len(fresh))
    return fresh


class _PromptConsumer(AIOKafkaConsumer):  # type: ignore[misc]
    """Waits for records instead of answering with none: FastStream sleeps after an empty answer."""

    watched: Consumer | None = None

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        while True:
            if self.watched is not None and self.watched.halted:
                await asyncio.Event().wait()
            records: dict[TopicPartition, list[ConsumerRecord]] = await super().getmany(
                *partitions, timeout_ms=1000, max_records=max_records
            )
            if records:
                return records


class _FinishFirst(ConsumerRebalanceListener):  # type: ignore[misc]
    """Gives partitions away only when the running batch is applied and committed."""

    def __init__(self, consumer: Consumer) -> None:
        self.consumer = consumer
        self.lock: Any = None

    async def on_partitions_revoked(self, revoked: Any) -> None:
        self.consumer.assigned = False
        if self.lock is not None:
            await self.lock.wait_release(None)

    async def on_partitions_assigned(self, assigned: Any) -> None:
        self.consumer.assigned = True


def subscribe(
    consumers: Sequence[Consumer], bootstrap: str, *, batch_records: int, poll_interval_s: float
) -> KafkaBroker:
    """A FastStream broker with one batch subscriber a consumer; the caller starts and stops it."""
    broker = KafkaBroker(
        bootstrap,
        ack_policy=AckPolicy.NACK_ON_ERROR,
        apply_types=False,
        graceful_timeout=30.0,
        log_level=logging.WARNING,
        allow_auto_create_topics=False,
    )
    options = broker.config.broker_config
    for consumer in consumers:
        listener = _FinishFirst(consumer)
        subscriber = broker.subscriber(
            *consumer.topics,
            batch=True,
            group_id=consumer.group,
            auto_offset_reset="earliest",
            max_records=batch_records,
            max_poll_interval_ms=int(poll_interval_s * 1000),
            session_timeout_ms=10_000,
            listener=listener,
            no_reply=True,
            parser=_without_headers,
            decoder=_as_read,
        )
        subscriber(consumer.handle)
        listener.lock = subscriber.lock
    options.builder = _prompt(options.builder, {consumer.group: consumer for consumer in consumers})
    return broker


def _prompt(builder: Callable[..., Any], consumers: dict[str, Consumer]) -> Callable[..., aiokafka.AIOKafkaConsumer]:
    standard = builder.keywords if isinstance(builder, partial) else {}

    def build(**options: Any) -> AIOKafkaConsumer:
        consumer = _PromptConsumer(**{**standard, **options})
        consumer.watched = consumers[options["group_id"]]
        return consumer

    return build


async def _without_headers(
    records: tuple[ConsumerRecord, ...], original: Callable[[Any], Awaitable[KafkaMessage]]
) -> KafkaMessage:
    """FastStream's message for a batch, without it reading headers: one that is not UTF-8 would lose the batch."""
    first = records[0]
    bare = ConsumerRecord(
        first.topic,
        first.partition,
        first.offset,
        first.timestamp,
        first.timestamp_type,
        None,
        b"",
        None,
        0,
        0,
        (),
    )
    message = await original((bare,))
    message.raw_message = records
    return message


async def _as_read(message: KafkaMessage, _: Any) -> Any:
    """The records themselves: we read envelope and body in one go."""
    return message.raw_message
