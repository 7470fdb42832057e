"""Topics: facts are kept for ever, public state is compacted, dead letters and notices for a month."""

import asyncio
import logging
from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import BrokerNotAvailableError, TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

PARTITIONS = {"initiatives": 24, "funding": 24, "presence": 12, "notifications": 48}
"""Above need from the start: adding partitions later would re-map keys."""

FOREVER = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
NEWEST = {
    "cleanup.policy": "compact",
    "min.cleanable.dirty.ratio": "0.1",
    "max.compaction.lag.ms": "86400000",
}
A_MONTH = {"cleanup.policy": "delete", "retention.ms": str(30 * 24 * 3600 * 1000)}

log = logging.getLogger(__name__)


def settings_of(topic: str) -> dict[str, str]:
    """The Kafka settings of a topic, by what it holds."""
    if topic.endswith(".state"):
        return NEWEST
    return A_MONTH if topic.endswith((".dead-letters", ".notice")) else FOREVER


async def ensure_topics(
    bootstrap: str,
    topics: Iterable[str],
    *,
    prefix: str = "",
    partitions: int | None = None,
    replication: int = 1,
) -> None:
    """Create the topics that are not there yet; when this returns, all are known to whoever asks.

    Raises KafkaError while the broker is away, and while it has only just started and knows of no controller yet.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        wanted = [
            NewTopic(
                prefix + topic,
                num_partitions=partitions or PARTITIONS.get(topic.split(".")[0], 12),
                replication_factor=replication,
                topic_configs=settings_of(topic),
            )
            for topic in sorted(set(topics))
        ]
        if (await admin.describe_cluster())["controller_id"] < 0:
            raise BrokerNotAvailableError("the broker knows of no controller yet")
        answer = await admin.create_topics(wanted)
        for topic, code, *_ in answer.topic_errors:
            if code and for_code(code) is not TopicAlreadyExistsError:
                raise for_code(code)(f"{topic} could not be created")
        names = [topic.name for topic in wanted]
        for pause in (0.0, *[0.05] * 100):
            await asyncio.sleep(pause)
            if all(topic["partitions"] for topic in await admin.describe_topics(names)):
                return
        raise UnknownTopicOrPartitionError("the new topics did not become known")
    finally:
        await admin.close()
