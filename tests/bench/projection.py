"""`bench projection`: a projection rebuilt from 200,000 supports in the log.

Ours: `rebuild` of funding's count of supports, into a shadow and swapped in. Bare: the same log by the batch loop
of `ideal_projection.py`, with its inbox, into emptied tables; it has nothing to swap.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from uuid import UUID, uuid4

import asyncpg
from aiokafka import AIOKafkaProducer
from tests.bench.replay import TOPIC
from tests.bench.report import BARE, OURS, Report
from tests.bench.square import REPOSITORY, Square
from tests.bench.windows import cpu_each

from dorpsplein.contracts.initiatives.supports import SupportGiven
from dorpsplein.envelope import Fact
from dorpsplein.outbox import Outbox
from dorpsplein.topics import ensure_topics
from dorpsplein_local.run import TOPIC_PARTITIONS

EVENTS = 200_000
INITIATIVES = [uuid4() for _ in range(500)]
AT_ONCE = 500
BATCH_BYTES = 900_000
NOTE = (
    f"{EVENTS:,} events of {len(INITIATIVES)} initiatives; medians; `a second` from the first to the last record. "
    "CPU of the process, PostgreSQL and Kafka, for an event. Ours ends with the swap of shadow and live tables."
)


async def bench(rounds: int, seconds: float) -> Report:
    """Measure, ours and bare by turns; how long it takes does not depend on `seconds`."""
    report = Report("bench projection: events through a rebuild", NOTE)
    with Square() as square:
        square.make("funding", "ideal_projection")
        await ensure_topics(square.bootstrap, [TOPIC], partitions=TOPIC_PARTITIONS)
        await _fill(square.bootstrap)
        url = square.urls["ideal_projection"].migration
        for _ in range(rounds):
            report.add("supports", OURS, _replay(square, "ours"))
            report.add("supports", BARE, _replay(square, "bare", url, square.bootstrap))
        report.facts["both count the same"] = await _equal(square)
    return report


async def _fill(bootstrap: str) -> None:
    """Put the events into the topic as the relay would have, a hundred thousand times faster."""
    outbox = Outbox("urn:bench", "http://localhost/schemas")
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, max_batch_size=BATCH_BYTES) as producer:
        for start in range(0, EVENTS, AT_ONCE):
            facts = [Fact(_support(number), 1) for number in range(start, start + AT_ONCE)]
            batch = producer.create_batch()
            for _, _, key, headers, body in zip(*outbox.columns(facts), strict=True):
                ready = [(name, value.encode()) for name, value in json.loads(headers).items()]
                if not batch.append(timestamp=None, key=key.encode(), value=body, headers=ready):
                    raise ValueError(f"{AT_ONCE} events do not fit a batch")
            await producer.send_batch(batch, TOPIC, partition=start // AT_ONCE % TOPIC_PARTITIONS)


def _support(number: int) -> SupportGiven:
    initiative = INITIATIVES[number % len(INITIATIVES)]
    return SupportGiven(support_id=uuid4(), initiative_id=initiative, supporter_id=UUID(int=number))


def _replay(square: Square, *arguments: str) -> dict[str, float]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.replay", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
        env=square.environment("funding"),
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.readline()
    side = square.side_of({"replay": process.pid})
    before = side.cpu()
    print("go", file=process.stdin, flush=True)
    answer = json.loads(process.stdout.readline())
    figures = cpu_each(side, before, answer["count"])
    process.communicate("done\n")
    if answer["count"] < EVENTS:
        raise RuntimeError(f"{answer['count']} of {EVENTS} events were replayed")
    return {**figures, "per_second": answer["count"] / answer["seconds"], "seconds": answer["seconds"]}


async def _equal(square: Square) -> bool:
    counts: list[Sequence[asyncpg.Record]] = []
    for database, table in (("funding", "support_counts"), ("ideal_projection", "supports")):
        connection = await asyncpg.connect(square.urls[database].application)
        counts.append(await connection.fetch(f"select initiative_id, supports from {table} order by initiative_id"))
        await connection.close()
    return [tuple(row) for row in counts[0]] == [tuple(row) for row in counts[1]]
