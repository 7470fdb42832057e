"""Topics: what they keep, and for how long."""

from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import BrokerNotAvailableError

from dorpsplein.topics import ensure_topics, settings_of


@pytest.mark.parametrize(
    ("topic", "policy", "kept_ms"),
    [
        ("initiatives.initiative", "delete", "-1"),
        ("initiatives.initiative.state", "compact", None),
        ("funding.dead-letters", "delete", str(30 * 86_400_000)),
        ("presence.notice", "delete", str(30 * 86_400_000)),
    ],
)
def test_facts_stay_for_ever_state_is_compacted_dead_letters_and_notices_go(
    topic: str, policy: str, kept_ms: str | None
) -> None:
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


async def test_a_broker_that_knows_of_no_controller_yet_is_to_be_asked_again(
    kafka: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = AIOKafkaAdminClient.describe_cluster

    async def just_started(admin: AIOKafkaAdminClient) -> dict[str, Any]:
        return {**await answered(admin), "controller_id": -1}

    monkeypatch.setattr(AIOKafkaAdminClient, "describe_cluster", just_started)
    with pytest.raises(BrokerNotAvailableError):
        await ensure_topics(kafka, ["presence.slot"], prefix=topic_prefix)
