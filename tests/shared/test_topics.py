"""Topics: what they keep, and for how long."""

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from dorpsplein.topics import ensure_topics, settings_of


@pytest.mark.parametrize(
    ("topic", "policy", "kept_ms"),
    [
        ("initiatives.initiative", "delete", "-1"),
        ("initiatives.initiative.state", "compact", None),
        ("funding.dead-letters", "delete", str(30 * 86_400_000)),
    ],
)
def test_facts_stay_for_ever_state_is_compacted_dead_letters_go(topic: str, policy: str, kept_ms: str | None) -> None:
    assert settings_of(topic)["cleanup.policy"] == policy
    assert settings_of(topic).get("retention.ms") == kept_ms


async def test_topics_are_made_once_with_their_settings_and_partitions(kafka: str, topic_prefix: str) -> None:
    wanted = ["presence.place", "presence.place.state", "presence.place"]
    for _ in range(2):
        await ensure_topics(kafka, wanted, prefix=topic_prefix)
    await ensure_topics(kafka, ["presence.slot"], prefix=topic_prefix, partitions=1)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        names = [topic_prefix + name for name in ("presence.place", "presence.place.state", "presence.slot")]
        described = {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics(names)}
        assert described == dict(zip(names, (12, 12, 1), strict=True))
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, names[1])])
        configs = {entry[0]: entry[1] for entry in answer.resources[0][4]}
        assert configs["cleanup.policy"] == "compact"
    finally:
        await admin.close()
