"""The outbox: events leave only with the transaction that made them true.

A row carries everything the relay needs (topic, key, ready headers, body); `storage` inserts the columns made
here with the state in one statement, after the aggregate's row is locked.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from zlib import crc32

from dorpsplein.envelope import Fact, binary_headers, headers_json
from dorpsplein.errors import Refused

MOST_EVENT_BYTES = 900_000
"""A larger body would not fit a Kafka record together with its headers, and would hold up all that follow it."""

OUTBOX_INSERT = """
    insert into outbox (shard, topic, key, headers, body)
    select * from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""
"""Insert columns on their own; storage that also saves state writes the same `insert` behind its CTE."""


class Columns(NamedTuple):
    """Outbox rows as five columns for `unnest`, in the order they will be sent."""

    shards: list[int]
    topics: list[str]
    keys: list[str]
    headers: list[str]
    bodies: list[bytes | None]


def system_clock() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Outbox:
    """Makes outbox rows for one service."""

    source: str
    schemas_url: str
    topic_prefix: str = ""
    shards: int = 1
    clock: Callable[[], datetime] = system_clock

    def columns(self, facts: Iterable[Fact]) -> Columns:
        """Rows for facts, in order. Facts of one aggregate share a shard, so one relay sends them.

        Raises Refused for a body of more than MOST_EVENT_BYTES.
        """
        columns = Columns([], [], [], [], [])
        now = self.clock()
        for fact in facts:
            key = fact.event.key
            headers = binary_headers(fact, source=self.source, schemas_url=self.schemas_url, now=now)
            columns.shards.append(crc32(key.encode()) % self.shards)
            columns.topics.append(self.topic_prefix + fact.event.topic)
            columns.keys.append(key)
            columns.headers.append(headers_json(headers))
            columns.bodies.append(None if fact.erases else _body(fact))
        return columns


def _body(fact: Fact) -> bytes:
    body = fact.event.model_dump_json().encode()
    if len(body) > MOST_EVENT_BYTES:
        raise Refused("too-much-at-once", f"What happened cannot be told in {MOST_EVENT_BYTES} bytes; do it in parts.")
    return body
