"""Mutants: the messaging with one mechanism taken out, each with the test that must notice.

`python -m tests.chaos.mutants [NAME …]` runs that test with the mutant in place, in the test's process and in
those it starts, and says killed or survived; it fails when one survives. A test that no mutant can make fail
proves nothing.
"""

import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer, ConsumerRecord
from faststream.exceptions import NackMessage
from tests.seeded import Seeded, SeededList

from dorpsplein import rebuild, relay
from dorpsplein.consumer import batches, subscriptions
from dorpsplein.database import Transaction
from dorpsplein.failpoints import failpoint
from dorpsplein.outbox import OUTBOX_INSERT
from dorpsplein.relay import Relay


def mutant(name: str, without: str, test: str, take_out: Callable[[], None]) -> Seeded:
    """A mechanism, how to take it out, and the test that fails without it."""
    return Seeded(name, f"without {without}", test, take_out)


def put(owner: Any, **parts: Any) -> None:
    for name, part in parts.items():
        setattr(owner, name, part)


def position_cursor() -> None:
    async def relay_once(self: Any, producer: AIOKafkaProducer) -> int:
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                "select * from outbox where id > $1 order by id limit $2", getattr(self, "position", 0), self._batch
            )
            if rows:
                await relay._send(producer, rows)
                self.position = rows[-1]["id"]
                await connection.execute("delete from outbox where id <= $1", self.position)
            return len(rows)

    put(Relay, relay_once=relay_once)


def skip_locked() -> None:
    put(relay, TAKE_TURN="select $1::int = $1 and $2::int = $2", OLDEST=relay.OLDEST + " for update skip locked")


def delete_first() -> None:
    async def relay_once(self: Any, producer: AIOKafkaProducer) -> int:
        async with self._database.connection() as connection:
            rows = await connection.fetch(relay.OLDEST, self._shard, self._batch)
            await connection.execute(relay.DELETE, [row["id"] for row in rows])
            if rows:
                await failpoint("sent_not_deleted")
                await relay._send(producer, rows)
            return len(rows)

    put(Relay, relay_once=relay_once)


def unacknowledged() -> None:
    async def send(producer: AIOKafkaProducer, rows: Sequence[asyncpg.Record]) -> None:
        for row in rows:
            headers = [(name, value.encode()) for name, value in json.loads(row["headers"]).items()]
            await producer.send(row["topic"], row["body"], row["key"].encode(), headers=headers)

    put(relay, _send=send)


def outbox_outside() -> None:
    execute: Any = Transaction.execute

    async def apart(self: Any, statement: str, *arguments: Any) -> Any:
        if statement != OUTBOX_INSERT:
            return await execute(self, statement, *arguments)
        connection = await asyncpg.connect(os.environ["TOOLSHED_DATABASE"])
        try:
            return await connection.execute(statement, *arguments)
        finally:
            await connection.close()

    put(Transaction, execute=apart)


def dual_write() -> None:
    async def record(self: Any, facts: Any) -> None:
        columns = self.outbox(facts)
        async with AIOKafkaProducer(bootstrap_servers=os.environ["TOOLSHED_KAFKA"]) as producer:
            for topic, key, headers, body in zip(*columns[1:], strict=True):
                named = [(name, value.encode()) for name, value in json.loads(headers).items()]
                await producer.send_and_wait(topic, body, key.encode(), headers=named)

    put(Transaction, record=record)


def no_inbox() -> None:
    async def all_of_them(_tx: Any, _consumer: str, events: Any) -> list[Any]:
        return list(events)

    put(batches, unseen=all_of_them)


def no_dead_letters() -> None:
    async def again(*_: Any) -> None:
        raise NackMessage

    put(batches.Consumer, _park=again)


def headers_read_by_faststream() -> None:
    async def as_it_comes(records: tuple[ConsumerRecord, ...], original: Any) -> Any:
        return await original(records)

    put(subscriptions, _without_headers=as_it_comes)


def no_limit() -> None:
    start: Any = batches.Consumer.__init__

    def limitless(self: Any, *arguments: Any, **options: Any) -> None:
        start(self, *arguments, **{**options, "dead_letter_limit": 10**9})

    put(batches.Consumer, __init__=limitless)


def stop_at_once() -> None:
    put(subscriptions, FINISH_WITHIN_S=0.01)


def partitions_given_away_at_once() -> None:
    async def on_partitions_revoked(self: Any, _: Any) -> None:
        self.consumer.leave()

    put(subscriptions._FinishFirst, on_partitions_revoked=on_partitions_revoked)


def short_rebalance() -> None:
    start: Any = subscriptions._PromptConsumer.__init__

    def impatient(self: Any, *arguments: Any, **options: Any) -> None:
        start(self, *arguments, **{**options, "rebalance_timeout_ms": None})

    put(subscriptions._PromptConsumer, __init__=impatient)


def commit_first() -> None:
    getmany: Any = subscriptions._PromptConsumer.getmany

    async def and_commit(self: Any, *arguments: Any, **options: Any) -> Any:
        records = await getmany(self, *arguments, **options)
        await self.commit()
        return records

    put(subscriptions._PromptConsumer, getmany=and_commit)


def autocommit() -> None:
    start: Any = subscriptions._PromptConsumer.__init__

    def committing(self: Any, *arguments: Any, **options: Any) -> None:
        start(self, *arguments, **{**options, "enable_auto_commit": True, "auto_commit_interval_ms": 50})

    put(subscriptions._PromptConsumer, __init__=committing)


def live_not_held_off() -> None:
    put(rebuild, HOLD_LIVE="select $1::text")


def inbox_not_rebuilt() -> None:
    replace: Any = rebuild._Shadow.replace_live

    class Forgetful:
        def __init__(self, owner: Any) -> None:
            self.owner = owner

        def __getattr__(self, name: str) -> Any:
            return getattr(self.owner, name)

        async def execute(self, statement: str, *arguments: Any) -> Any:
            if "public.inbox" not in statement:
                await self.owner.execute(statement, *arguments)

    async def tables_only(self: Any, owner: Any, group: str) -> None:
        await replace(self, Forgetful(owner), group)

    put(rebuild._Shadow, replace_live=tables_only)


SENDING, RECEIVING, REBUILDING = (f"tests/shared/test_{name}.py" for name in ("sending", "receiving", "rebuilding"))
OVERTAKEN = f"{SENDING}::test_no_event_is_lost_when_commits_overtake_each_other"
IN_ORDER = f"{SENDING}::test_events_of_one_aggregate_stay_in_order_with_three_relays"
RELAY_KILLED = f"{SENDING}::test_a_relay_killed_between_publish_and_delete_repeats_but_never_loses"
ROLLED_BACK = f"{SENDING}::test_a_rolled_back_command_publishes_nothing"
BROKER = f"{SENDING}::test_a_broker_restart_recovers"
TWICE = f"{RECEIVING}::test_an_event_delivered_twice_changes_state_once"
POISON = f"{RECEIVING}::test_a_poison_record_goes_to_the_dead_letters_and_the_next_is_handled"
LIMIT = f"{RECEIVING}::test_the_dead_letter_limit_stops_the_consumer"
SIGTERM = f"{RECEIVING}::test_sigterm_finishes_and_commits_the_running_batch"
REBALANCE = f"{RECEIVING}::test_a_rebalance_does_not_repeat_a_running_batch"
CONSUMER_KILLED = f"{RECEIVING}::test_a_consumer_killed_anywhere_loses_nothing_and_repeats_nothing[before_commit]"
ACKED_LATE = f"{RECEIVING}::test_a_consumer_killed_anywhere_loses_nothing_and_repeats_nothing[applied_not_acked]"
REBUILT = f"{REBUILDING}::test_a_projection_rebuilt_while_events_flow_in_misses_none_and_doubles_none"
AHEAD = f"{REBUILDING}::test_what_a_rebuild_applied_before_the_live_consumer_is_still_reacted_to_once"

MUTANTS = (
    mutant("position-cursor", "taking the oldest row, for a position that moves on", OVERTAKEN, position_cursor),
    mutant("skip-locked", "one relay at a time, for SKIP LOCKED", IN_ORDER, skip_locked),
    mutant("delete-first", "deleting after the acknowledgement", RELAY_KILLED, delete_first),
    mutant("no-inbox", "the inbox", TWICE, no_inbox),
    mutant("no-dead-letters", "parking a record that cannot be applied", POISON, no_dead_letters),
    mutant("headers-read-by-faststream", "hiding headers from FastStream", POISON, headers_read_by_faststream),
    mutant("no-limit", "the dead-letter limit", LIMIT, no_limit),
    mutant("stop-at-once", "waiting for the running batch at a stop", SIGTERM, stop_at_once),
    mutant("partitions-given-away-at-once", "the rebalance listener's wait", REBALANCE, partitions_given_away_at_once),
    mutant("short-rebalance", "a rebalance timeout as long as a batch may take", REBALANCE, short_rebalance),
    mutant("dual-write", "the outbox, for a producer in the command", BROKER, dual_write),
    mutant("unacknowledged", "awaiting Kafka's acknowledgements", BROKER, unacknowledged),
    mutant("live-not-held-off", "holding the live consumer off during the swap", REBUILT, live_not_held_off),
    mutant("inbox-not-rebuilt", "swapping the inbox with the tables", AHEAD, inbox_not_rebuilt),
    mutant("outbox-outside", "the outbox row in the command's transaction", ROLLED_BACK, outbox_outside),
    mutant("commit-first", "committing the position after applying", CONSUMER_KILLED, commit_first),
    mutant("autocommit", "committing the position by hand", CONSUMER_KILLED, autocommit),
    mutant("no-inbox-killed", "the inbox", ACKED_LATE, no_inbox),
)  # fmt: skip


LIST = SeededList("DORPSPLEIN_MUTANT", MUTANTS)


if __name__ == "__main__":
    sys.exit(LIST.main(sys.argv[1:]))
