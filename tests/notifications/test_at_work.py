"""The whole service on real Kafka and PostgreSQL, and its worker really killed."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

from tests.conftest import MakeDatabase
from tests.notifications.conftest import QUICK, Receiver, Square, eventually, proposed, state, support
from tests.support import ISSUER, SECRET, running

from dorpsplein.contracts.initiatives.initiatives import InitiativeEdited, ThresholdReached
from dorpsplein.contracts.initiatives.supports import SupportGiven
from dorpsplein.envelope import Event, Fact
from dorpsplein.rebuild import rebuild
from dorpsplein_local.databases import DatabaseUrls
from notifications.app import SERVICE


async def publish(square: Square, *facts: Fact) -> None:
    """Send others' events on their topics, by the relay."""
    async with square.runtime.database.transaction() as tx:
        await tx.record(facts)


def once(*events: Event) -> list[Fact]:
    return [Fact(event, 1) for event in events]


async def test_what_is_published_reaches_feed_count_webhook_and_mail_and_a_rebuild_changes_nothing(
    make_database: MakeDatabase, kafka: str, topic_prefix: str, receiver: Receiver
) -> None:
    urls = make_database("notifications")
    async with running(SERVICE, urls, kafka=kafka, topic_prefix=topic_prefix, settings=QUICK) as there:
        square = Square(there.runtime, there.client)
        garden = uuid4()
        await eventually(lambda: there.runtime.started and all(c.assigned for c in there.runtime.consumers), 60)
        receiver.secret = (await square.subscribe(receiver.url, [SupportGiven.type, ThresholdReached.type]))["secret"]
        await square.request("PUT", "/me/address", {"email": "anna@example.org"}, by="anna")
        await publish(square, *once(proposed(garden), state(garden)))
        await eventually(lambda: fed(square, 1))
        await eventually(lambda: has(square, "select 1 from mail_cursor where position >= (select position from feed)"))
        await square.follow(kind="initiative", initiativeId=str(garden))
        reached = Fact(ThresholdReached(initiative_id=garden, threshold=3), 2)
        await publish(square, *once(*(support(garden) for _ in range(20))), reached)
        await eventually(lambda: len(receiver.taken) == 21)
        await eventually(lambda: has(square, "select 1 from local_mails"))
        before = await kept(square)
        assert before["supports"] == [(garden, 20)]
        assert len(before["feed"]) == 22

        for name in ("subjects", "supports"):
            await rebuild("notifications", name, SERVICE.projections[name], there.runtime.settings)
        await publish(square, *once(support(garden)))
        await eventually(lambda: fed(square, 23))
        await eventually(lambda: len(receiver.taken) == 22)
        after = await kept(square)
        assert after["supports"] == [(garden, 21)]
        assert after["feed"][:22] == before["feed"]
        assert after["subjects"] == before["subjects"]
        assert await has(square, "select 1 from local_mails having count(*) = 1")
        assert len(receiver.attempts) == 22


async def fed(square: Square, number: int) -> bool:
    return await square.rows("select count(*) from feed") == [(number,)]


async def has(square: Square, statement: str) -> bool:
    return bool(await square.rows(statement))


async def kept(square: Square) -> dict[str, list[tuple[object, ...]]]:
    return {
        "supports": await square.rows("select * from initiative_supports"),
        "subjects": await square.rows("select * from subjects"),
        "feed": await square.rows(
            "select f.position, event_id from feed f join log l on l.position = f.log_position order by 1"
        ),
    }


@asynccontextmanager
async def worker(
    urls: DatabaseUrls, kafka: str, topic_prefix: str, log: Path
) -> AsyncIterator["asyncio.subprocess.Process"]:
    """A worker process of its own; killed, not stopped, at the end."""
    environment = {
        "DORPSPLEIN_ENVIRONMENT": "local",
        "DORPSPLEIN_ROLE": "worker",
        "DORPSPLEIN_DATABASE_URL": urls.application,
        "DORPSPLEIN_KAFKA_BOOTSTRAP_SERVERS": kafka,
        "DORPSPLEIN_TOPIC_PREFIX": topic_prefix,
        "DORPSPLEIN_TOPIC_PARTITIONS": "2",
        "DORPSPLEIN_METRICS_PORT": "0",
        "DORPSPLEIN_ISSUER": ISSUER,
        "DORPSPLEIN_PSEUDONYM_SECRET": SECRET,
        **{f"DORPSPLEIN_{name.upper()}": str(value) for name, value in QUICK.items()},
    }
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "notifications",
            "serve",
            env={**os.environ, **environment},
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()


async def test_a_worker_that_is_killed_again_and_again_loses_nothing_and_repeats_only_under_the_same_id(
    make_database: MakeDatabase, kafka: str, topic_prefix: str, receiver: Receiver, tmp_path: Path
) -> None:
    urls = make_database("notifications")
    async with running(SERVICE, urls, topic_prefix=topic_prefix, settings=QUICK) as there:
        square = Square(there.runtime, there.client)
        subscription = await square.subscribe(receiver.url, [InitiativeEdited.type])
        receiver.secret = subscription["secret"]

        async def takes_a_moment(_: object) -> int:
            await asyncio.sleep(0.02)
            return 204

        receiver.answer = takes_a_moment
        gardens = [uuid4() for _ in range(20)]
        changes = [
            Fact(InitiativeEdited(initiative_id=garden, changed=[], theme="groen"), sequence)
            for sequence in range(1, 11)
            for garden in gardens
        ]
        await publish(square, *changes)
        for share in (30, 90, 150):
            async with worker(urls, kafka, topic_prefix, tmp_path / "worker.log"):
                await eventually(lambda share=share: len(receiver.taken) >= share, 60)  # type: ignore[misc]
        async with worker(urls, kafka, topic_prefix, tmp_path / "worker.log"):
            await eventually(lambda: all_delivered(square, len(changes)), 60)

    first: dict[str, dict[str, object]] = {}
    for event in receiver.taken:
        assert first.setdefault(event["id"], event) == event
    assert len(first) == len(changes)
    assert len(receiver.taken) > len(first), "no kill hit a delivery between sending and settling"
    order: dict[UUID, list[int]] = {garden: [] for garden in gardens}
    for event in first.values():
        order[UUID(str(event["subject"]))].append(int(str(event["sequence"])))
    assert set(map(tuple, order.values())) == {tuple(range(1, 11))}


async def all_delivered(square: Square, number: int) -> bool:
    return await square.rows("select count(*) from deliveries where state = 'delivered'") == [(number,)]
