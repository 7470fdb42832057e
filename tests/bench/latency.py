"""`bench latency`: supports at 100 a second, whatever the answers do; from accepted to visible in another service.

Visible means that another connection sees it: once a support is accepted, the count of its initiative in the
other service's database is asked for every millisecond until it has grown. No two supports of one initiative are
on their way at once, so each is timed by itself. The asking adds up to a millisecond and half of one for the
query, the same for both sides; nothing is asked while nothing is on its way.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg
from tests.bench import town
from tests.bench.command import NOTE
from tests.bench.load import Connection, connections, encoded, percentile
from tests.bench.report import BARE, OURS, Report
from tests.bench.square import Side, Square
from tests.bench.windows import Request, cpu_each

RATE = 100
WINDOWS = 5
CONNECTIONS = 32
ASK_EVERY_S = 0.001
GIVE_UP_AFTER_S = 30.0
SEEN = "select initiative_id, supports from {table} where initiative_id = any($1::uuid[])"


async def bench(rounds: int, seconds: float) -> Report:
    """Measure, ours and bare by turns; a round is five windows long, so that p99 has something to stand on."""
    report = Report(f"bench latency: accepted → visible elsewhere, {RATE} a second", NOTE, compare="visible_p50_ms")
    count = int(seconds * WINDOWS * RATE)
    with Square() as square:
        with square.ours("initiatives", "funding") as side:
            settled = town.settle(square, side)
            town.open_round(square, side.ports["funding"], settled.initiatives[0])
        for number in range(rounds + 1):
            with square.ours("initiatives", "funding") as side:
                url, port = square.urls["funding"].application, side.ports["initiatives"]
                report.add("support", OURS, await _round(settled, side, port, url, "support_counts", count))
            with square.bare() as side:
                url, port = square.urls["ideal_projection"].application, side.ports["ideal"]
                report.add("support", BARE, await _round(settled, side, port, url, "supports", count))
            if number == 0:
                report.forget()
    return report


async def _round(settled: town.Town, side: Side, port: int, url: str, table: str, count: int) -> dict[str, float]:
    watcher = _Watcher(await asyncpg.connect(url), SEEN.format(table=table))
    idle: asyncio.Queue[Connection] = asyncio.Queue()
    for connection in await connections(port, CONNECTIONS):
        idle.put_nowait(connection)
    try:
        for measured in (False, True):
            requests = list(settled.supports(count if measured else RATE))
            settled.supported += len(requests)
            before = side.cpu()
            waits, delays = await _open_loop(requests, idle, watcher)
    finally:
        await watcher.connection.close()
    return {
        **cpu_each(side, before, len(waits)),
        "p50_ms": percentile(waits, 50) * 1000,
        "p99_ms": percentile(waits, 99) * 1000,
        "visible_p50_ms": percentile(delays, 50) * 1000,
        "visible_p99_ms": percentile(delays, 99) * 1000,
    }


@dataclass
class _Watcher:
    """Sees when supports that were accepted become visible."""

    connection: "asyncpg.Connection[asyncpg.Record]"
    query: str
    waiting: dict[str, tuple[float, int]] = field(default_factory=dict)
    delays: list[float] = field(default_factory=list)

    async def counts(self, initiatives: Sequence[str]) -> dict[str, int]:
        return {str(row[0]): row[1] for row in await self.connection.fetch(self.query, initiatives)}

    async def watch(self, count: int) -> list[float]:
        """Ask until `count` supports were seen; the seconds from accepted to seen. Raises TimeoutError."""
        self.delays = []
        async with asyncio.timeout(GIVE_UP_AFTER_S + count / RATE):
            while len(self.delays) < count:
                if self.waiting:
                    counts = await self.counts(list(self.waiting))
                    now = time.perf_counter()
                    for initiative, (accepted, wanted) in list(self.waiting.items()):
                        if counts.get(initiative, 0) >= wanted:
                            self.delays.append(now - accepted)
                            del self.waiting[initiative]
                await asyncio.sleep(ASK_EVERY_S)
        return self.delays


async def _open_loop(
    requests: Sequence[Request], idle: asyncio.Queue[Connection], watcher: _Watcher
) -> tuple[list[float], list[float]]:
    """Send a request every 1/RATE s; the seconds to each answer, and from answer to visible."""
    initiatives = [path.split("/")[3] for _, path, _, _ in requests]
    before = await watcher.counts(sorted(set(initiatives)))
    watching = asyncio.create_task(watcher.watch(len(requests)))
    waits: list[float] = []

    async def send(request: Request, initiative: str) -> None:
        due = time.perf_counter()
        connection = await idle.get()
        await connection.ask(encoded(*request))
        waits.append(time.perf_counter() - due)
        idle.put_nowait(connection)
        before[initiative] = before.get(initiative, 0) + 1
        watcher.waiting[initiative] = (time.perf_counter(), before[initiative])

    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number, (request, initiative) in enumerate(zip(requests, initiatives, strict=True)):
            await asyncio.sleep(max(0.0, started + number / RATE - time.perf_counter()))
            group.create_task(send(request, initiative))
    return waits, await watching
