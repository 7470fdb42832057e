"""Dead letters: records that could not be handled, kept with their reason until an operator replays them."""

import json
from base64 import b64encode
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from aiokafka import ConsumerRecord

from dorpsplein.database import Transaction
from dorpsplein.outbox import MOST_EVENT_BYTES, OUTBOX_INSERT

MOST_REASON = 2_000

PARK = """
    insert into dead_letters (consumer, topic, partition, "offset", key, headers, body, reason)
    select $1, * from unnest($2::text[], $3::int[], $4::bigint[], $5::bytea[], $6::jsonb[], $7::bytea[], $8::text[])
    on conflict (consumer, topic, partition, "offset") do update
        set reason = excluded.reason, replayed_at = null
"""
LIST = """
    select id, consumer, topic, partition, "offset", reason, parked_at, replayed_at, key, headers, body
    from dead_letters where ($1::uuid is null or id < $1) and ($3 or replayed_at is null)
    order by id desc limit $2
"""
ONE = "select * from dead_letters where id = $1"
REPLAYED = "update dead_letters set replayed_at = now() where id = $1"


def dead_letter_topic(service: str) -> str:
    """The topic where a service's dead letters can be read by others."""
    return f"{service}.dead-letters"


async def park(tx: Transaction, topic: str, consumer: str, bad: Sequence[tuple[ConsumerRecord, str]]) -> None:
    """Put records with their reasons into the table and onto the dead-letter topic, in one transaction.

    What PostgreSQL cannot hold as text is replaced; a body too large to travel with a reason stays in the table.
    """
    records = [record for record, _ in bad]
    reasons = [_storable(reason)[:MOST_REASON] for _, reason in bad]
    await tx.execute(
        PARK,
        consumer,
        [record.topic for record in records],
        [record.partition for record in records],
        [record.offset for record in records],
        [record.key for record in records],
        [_headers(record) for record in records],
        [record.value for record in records],
        reasons,
    )
    tx.recorded = True
    await tx.execute(
        OUTBOX_INSERT,
        [0] * len(bad),
        [topic] * len(bad),
        [f"{record.topic}:{record.partition}:{record.offset}" for record in records],
        [json.dumps({"consumer": consumer, "reason": reason}) for reason in reasons],
        [record.value if len(record.value or b"") <= MOST_EVENT_BYTES else None for record in records],
    )


def _headers(record: ConsumerRecord) -> str:
    texts = ((name, (raw or b"").decode(errors="replace")) for name, raw in record.headers)
    return json.dumps({_storable(name): _storable(text) for name, text in texts})


def _storable(text: str) -> str:
    return text.encode(errors="replace").decode().replace("\0", "\ufffd")


def shown(row: Any) -> dict[str, Any]:
    """A dead letter as an operator reads it; a body that is no text is shown in base64."""
    body = row["body"]
    try:
        text = None if body is None else body.decode()
    except UnicodeDecodeError:
        text = "base64:" + b64encode(body).decode()
    return {
        "id": str(row["id"]),
        "consumer": row["consumer"],
        "topic": row["topic"],
        "partition": row["partition"],
        "offset": row["offset"],
        "reason": row["reason"],
        "headers": json.loads(row["headers"]),
        "body": text,
        "parkedAt": row["parked_at"].isoformat(),
        "replayedAt": row["replayed_at"].isoformat() if row["replayed_at"] else None,
    }


async def listed(tx: Transaction, *, before: UUID | None, limit: int, replayed: bool) -> list[dict[str, Any]]:
    """Dead letters, newest first; those already replayed only when asked for."""
    return [shown(row) for row in await tx.fetch(LIST, before, limit, replayed)]
