"""One timed window: a load from a process of its own, until all of it is visible, and what it cost in CPU."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import asyncpg
from tests.bench.square import REPOSITORY, Side

Request = tuple[str, str, dict[str, str], Any]
"""Method, path, headers, body (None: no body)."""

Count = Callable[[], Awaitable[int]]
"""How many effects can be seen."""

VISIBLE_WITHIN_S = 60.0
LOOK_EVERY_S = 0.02


@asynccontextmanager
async def counting(url: str, query: str) -> AsyncIterator[Count]:
    """A count by a query on a connection of its own; as cheap as the query."""
    connection = await asyncpg.connect(url)
    try:
        yield partial(connection.fetchval, query)
    finally:
        await connection.close()


def cpu_each(side: Side, before: Mapping[str, float], count: int) -> dict[str, float]:
    """CPU microseconds an operation since `before`, in all and by part."""
    parts = {f"cpu_us {part}": (spent - before[part]) / count * 1e6 for part, spent in side.cpu().items()}
    return {"cpu_us": sum(parts.values()), **parts}


async def window(
    side: Side,
    port: int,
    requests: Iterable[Request],
    *,
    clients: int,
    seconds: float,
    visible: Count | None = None,
) -> dict[str, float]:
    """Load one side and return its figures an operation.

    With `visible` (how many effects can be seen) the window ends when every accepted operation has its effect.
    Raises TimeoutError when that takes a minute, RuntimeError when an answer is not 2xx.
    """
    load = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.load", str(port), str(clients), str(seconds)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=REPOSITORY,
    )
    assert load.stdin is not None
    assert load.stdout is not None
    load.stdin.writelines(json.dumps(request).encode() + b"\n" for request in requests)
    load.stdin.write(b"\n")
    await load.stdin.drain()
    await load.stdout.readline()
    seen = await visible() if visible else 0
    cpu, started = side.cpu(), time.perf_counter()
    load.stdin.write(b"go\n")
    answer, _ = await load.communicate()
    if load.returncode:
        raise RuntimeError("the load generator gave up; what it said stands above")
    sent = json.loads(answer)
    while visible and await visible() < seen + sent["count"]:
        if time.perf_counter() - started > seconds + VISIBLE_WITHIN_S:
            raise TimeoutError(f"{await visible() - seen} of {sent['count']} became visible")
        await asyncio.sleep(LOOK_EVERY_S)
    return {
        **cpu_each(side, cpu, sent["count"]),
        "count": sent["count"],
        "per_second": sent["count"] / (time.perf_counter() - started),
        "p50_ms": sent["p50_ms"],
        "p99_ms": sent["p99_ms"],
    }
