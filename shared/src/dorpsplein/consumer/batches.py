"""One consumer at work on batches of records: read, apply once, park what cannot be applied."""

import asyncio
import logging
import random
import time
from collections.abc import Sequence
from contextlib import suppress

import asyncpg
from aiokafka import ConsumerRecord
from faststream.exceptions import NackMessage

from dorpsplein import telemetry
from dorpsplein.consumer.projection import Projection
from dorpsplein.database import Database, Transaction
from dorpsplein.dead_letters import dead_letter_topic, park
from dorpsplein.envelope import CAUSE, Event, Recorded, recorded, topics
from dorpsplein.errors import Poison, Transient
from dorpsplein.failpoints import failpoint

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 10.0
HOUR_MS = 3_600_000

HOLD_OFF = 7_300_003
INBOX = f"""
    with turn as materialized (
        select pg_advisory_xact_lock_shared({HOLD_OFF}, hashtext(current_schema() || $1))
    )
    insert into inbox (consumer, event_id) select $1, event_id from turn, unnest($2::uuid[]) as event_id
    on conflict do nothing returning event_id
"""  # noqa: S608
"""Take note of events; while a rebuild swaps this consumer's tables, wait for it first."""

Good = tuple[ConsumerRecord, Recorded[Event]]
Bad = tuple[ConsumerRecord, str]

log = logging.getLogger(__name__)


class Consumer:
    """Applies one projection's records.

    `assigned` says whether it has its place in the group, `halted` why it has stopped at its dead-letter limit.
    """

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
        self.patience_s = patience_s
        self._dead_letter_topic = topic_prefix + dead_letter_topic(service)
        self._projection = projection
        self._wanted = frozenset(projection.of)
        self._database = database
        self._dead_letter_limit = dead_letter_limit
        self._bad_in_a_row = 0
        self._leaving = asyncio.Event()

    def take_place(self) -> None:
        """The group gave this consumer its partitions."""
        self._leaving.clear()
        self.assigned = True

    def leave(self) -> None:
        """The consumer is to give up its partitions: a running batch is finished, a waiting one is left."""
        self._leaving.set()
        self.assigned = False

    def wants(self, event: Recorded[Event]) -> bool:
        """Tell whether the projection is of this event's type; others that share its topic are passed by."""
        return type(event.event) in self._wanted

    async def handle(self, records: Sequence[ConsumerRecord]) -> None:
        """Apply a batch or raise: NackMessage to read it again, when it could not be applied for now."""
        started = time.perf_counter()
        try:
            await self._with_patience(records, time.monotonic() + self.patience_s)
        except Transient as fault:
            log.warning("%s will read %d records again: %s", self.group, len(records), fault)
            raise NackMessage from fault
        await failpoint("applied_not_acked")
        telemetry.CONSUMED.labels(self.group).inc(len(records))
        telemetry.BATCH_SECONDS.labels(self.group).observe(time.perf_counter() - started)
        self._note_age(records)

    def _note_age(self, records: Sequence[ConsumerRecord]) -> None:
        """Say how old the newest record is; one of a whole hour has a coarse time, which says nothing of that."""
        exact = [record.timestamp for record in records if record.timestamp % HOUR_MS]
        if exact:
            telemetry.PROJECTION_AGE.labels(self.group).set(max(0.0, time.time() - exact[-1] / 1000))

    async def _with_patience(self, records: Sequence[ConsumerRecord], deadline: float) -> None:
        """Apply records, waiting out short absences; a batch that takes too long is halved."""
        pause = FIRST_PAUSE_S
        while True:
            try:
                return await self._apply_batch(records)
            except asyncpg.QueryCanceledError as fault:
                if len(records) > 1 and time.monotonic() < deadline:
                    half = len(records) // 2
                    await self._with_patience(records[:half], deadline)
                    return await self._with_patience(records[half:], deadline)
                reason = Transient(f"{len(records)} record(s) take too long: {fault}")
            except Transient as fault:
                reason = fault
            if self._leaving.is_set() or time.monotonic() + pause > deadline:
                raise reason
            with suppress(TimeoutError):
                async with asyncio.timeout(pause * random.uniform(0.5, 1.0)):  # noqa: S311 - jitter
                    await self._leaving.wait()
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _apply_batch(self, records: Sequence[ConsumerRecord]) -> None:
        good, bad = self._read(records)
        refused = await self._apply_or_isolate(good)
        if len(refused) < len(good):
            self._bad_in_a_row = 0
        if bad or refused:
            await self._park([*bad, *refused])

    def _read(self, records: Sequence[ConsumerRecord]) -> tuple[list[Good], list[Bad]]:
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
            if event is not None and self.wants(event):
                good.append((record, event))
        return good, bad

    async def _apply_or_isolate(self, good: Sequence[Good]) -> list[Bad]:
        """Apply events in order; on a fault that lies in the data, halve until the culprits stand alone."""
        if not good:
            return []
        try:
            await self.apply([event for _, event in good])
        except (Transient, asyncpg.QueryCanceledError):
            raise
        except Exception as fault:  # noqa: BLE001 - parked with its reason
            if len(good) == 1:
                return [(good[0][0], f"{type(fault).__name__}: {fault}")]
            log.warning("%s halves a batch of %d: %r", self.group, len(good), fault)
            half = len(good) // 2
            return [*await self._apply_or_isolate(good[:half]), *await self._apply_or_isolate(good[half:])]
        return []

    async def apply(self, events: Sequence[Recorded[Event]]) -> None:
        """Apply events in one transaction, those already in the inbox left out. Raises what went wrong."""
        await failpoint("before_tx")
        started_ns = time.time_ns()
        token = CAUSE.set(events[0].cause)
        try:
            async with self._database.transaction() as tx:
                fresh = await unseen(tx, self.group, events)
                if fresh and self._projection.apply:
                    await self._projection.apply(tx, fresh)
                await self._react(tx, events, fresh)
        finally:
            CAUSE.reset(token)
        telemetry.handled(self.group, fresh, started_ns)

    async def _react(
        self, tx: Transaction, events: Sequence[Recorded[Event]], fresh: Sequence[Recorded[Event]]
    ) -> None:
        """React to events once. A rebuild may have applied what was not reacted to yet: that has its own inbox."""
        if self._projection.react is None:
            return
        if self._projection.repeatable:
            fresh = events
        elif self._projection.apply is not None:
            fresh = await unseen(tx, f"{self.group}:reactions", events)
        if fresh:
            await self._projection.react(tx, fresh)

    async def _park(self, bad: Sequence[Bad]) -> None:
        in_a_row = self._bad_in_a_row + len(bad)
        if in_a_row > self._dead_letter_limit:
            self.halted = f"{in_a_row} records in a row could not be handled, last: {bad[-1][1]}"
            telemetry.HALTED.labels(self.group).set(1)
            log.error("%s halts: %s", self.group, self.halted)
            raise NackMessage
        async with self._database.transaction() as tx:
            await park(tx, self._dead_letter_topic, self.group, bad)
        self._bad_in_a_row = in_a_row
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
