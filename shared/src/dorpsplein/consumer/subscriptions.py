"""Consumers in their Kafka groups: FastStream batch subscribers, with what it leaves to be wished for.

It acknowledges only what was applied (NACK_ON_ERROR), hands out records without its pause after an empty poll,
does not read headers (one that is not UTF-8 would lose a batch), and lets a running batch end and be committed
before partitions move.
"""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import aiokafka
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage

from dorpsplein.consumer.batches import Consumer

ACK_POLICY = AckPolicy.NACK_ON_ERROR
FINISH_WITHIN_S = 25.0
WAIT_FOR_RECORDS_MS = 5_000
NEWS_OF_TOPICS_MS = 60_000

log = logging.getLogger(__name__)
log.addFilter(lambda record: "Make sure the topics exist" not in record.getMessage())


def subscribe(
    consumers: Sequence[Consumer], bootstrap: str, *, batch_records: int, poll_interval_s: float
) -> KafkaBroker:
    """A FastStream broker with one batch subscriber a consumer; the caller starts and stops it.

    A stop waits FINISH_WITHIN_S for running batches; a rebalance waits for as long as they take, which their
    patience keeps below `poll_interval_s`.
    """
    broker = _Broker(consumers, bootstrap)
    for consumer in consumers:
        listener = _FinishFirst(consumer)
        subscriber = broker.subscriber(
            *consumer.topics,
            batch=True,
            group_id=consumer.group,
            auto_offset_reset="earliest",
            max_records=batch_records,
            max_poll_interval_ms=int(poll_interval_s * 1000),
            rebalance_timeout_ms=int(poll_interval_s * 1000),
            session_timeout_ms=10_000,
            heartbeat_interval_ms=1_000,
            listener=listener,
            no_reply=True,
            parser=_without_headers,
            decoder=_as_read,
        )
        subscriber(consumer.handle)
        listener.subscriber = subscriber
    return broker


class _Broker(KafkaBroker):
    """A broker that only consumes, with consumers that answer promptly."""

    def __init__(self, consumers: Sequence[Consumer], bootstrap: str) -> None:
        super().__init__(
            bootstrap,
            ack_policy=ACK_POLICY,
            apply_types=False,
            consumer_only=True,
            graceful_timeout=FINISH_WITHIN_S,
            logger=log,
            log_level=logging.DEBUG,
        )
        self._by_group = {consumer.group: consumer for consumer in consumers}

    async def _connect(self) -> Callable[..., aiokafka.AIOKafkaConsumer]:
        standard = await super()._connect()

        def build(**options: Any) -> AIOKafkaConsumer:
            consumer = _PromptConsumer(
                **{**standard.keywords, **options, "metadata_max_age_ms": NEWS_OF_TOPICS_MS}  # type: ignore[attr-defined]
            )
            consumer.watched = self._by_group[options["group_id"]]
            return consumer

        self.config.broker_config.builder = build
        return build

    async def stop(self, *fault: Any) -> None:
        for consumer in self._by_group.values():
            consumer.leave()
        await super().stop(*fault)


class _PromptConsumer(AIOKafkaConsumer):  # type: ignore[misc]
    """Waits for records instead of answering with none: FastStream sleeps after an empty answer."""

    watched: Consumer

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        while True:
            if self.watched.halted:
                await asyncio.Event().wait()
            records: dict[TopicPartition, list[ConsumerRecord]] = await super().getmany(
                *partitions, timeout_ms=WAIT_FOR_RECORDS_MS, max_records=max_records
            )
            if records:
                return records


class _FinishFirst(ConsumerRebalanceListener):  # type: ignore[misc]
    """Gives partitions away only when the running batch is applied and committed."""

    subscriber: Any

    def __init__(self, consumer: Consumer) -> None:
        self.consumer = consumer

    async def on_partitions_revoked(self, revoked: Any) -> None:
        self.consumer.leave()
        await self.subscriber.lock.wait_release(math.inf)

    async def on_partitions_assigned(self, assigned: Any) -> None:
        self.consumer.take_place()


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
