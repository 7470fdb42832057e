"""`bench command`: supports and pledges over HTTP, until all of them are visible in another service.

Ours: initiatives and funding, each one process with HTTP, relay and consumers. A support is visible when
funding counts it, a pledge when the initiative's means in initiatives hold it. Bare: `ideal.py`.
"""

from collections.abc import Awaitable, Callable
from itertools import chain

import asyncpg
from tests.bench import town
from tests.bench.report import BARE, OURS, Report
from tests.bench.square import Side, Square
from tests.bench.windows import window

CLIENTS = (1, 8, 32)
MOST_A_SECOND = 6_000
STRANGERS_A_SECOND = 1_500
WARM_UP = 1_000
IN_FUNDING = "select coalesce(sum(supports), 0)::bigint from support_counts"
IN_INITIATIVES = "select coalesce(sum(pledged_cents) / 1000, 0)::bigint from means"
IN_THE_IDEAL = "select coalesce(sum(supports), 0)::bigint from supports"
NOTE = (
    "ours / bare, medians. CPU of HTTP, PostgreSQL, Kafka, relay and consumers together, the load generator's not "
    "counted. Ours: initiatives + funding (role=all); bare: tests/bench/ideal.py. Ours verifies each stranger's token."
)


async def bench(rounds: int, seconds: float) -> Report:
    """Measure, ours and bare by turns."""
    report = Report("bench command: accepted, and visible in another service", NOTE)
    with Square() as square:
        with square.ours("initiatives", "funding") as side:
            settled = town.settle(square, side)
            round_id = town.open_round(square, side.ports["funding"], settled.initiatives[0])
        for _ in range(rounds):
            with square.ours("initiatives", "funding") as side:
                await _ours(report, settled, side, round_id, seconds)
            with square.bare() as side:
                await _bare(report, settled, side, round_id, seconds)
    return report


async def _ours(report: Report, settled: town.Town, side: Side, round_id: str, seconds: float) -> None:
    urls = settled.square.urls
    count, total = await _counter(urls["funding"].application, IN_FUNDING), int(seconds * MOST_A_SECOND)
    means = await _counter(urls["initiatives"].application, IN_INITIATIVES)
    initiatives, funding = side.ports["initiatives"], side.ports["funding"]
    await window(side, initiatives, settled.supports(WARM_UP), clients=8, seconds=10, visible=count)
    await window(side, funding, settled.pledges(WARM_UP, round_id), clients=8, seconds=10, visible=means)
    for clients in CLIENTS:
        figures = await window(
            side, initiatives, settled.supports(total), clients=clients, seconds=seconds, visible=count
        )
        report.add(f"support, {clients} clients", OURS, figures)
        figures = await window(
            side, funding, settled.pledges(total, round_id), clients=clients, seconds=seconds, visible=means
        )
        report.add(f"pledge, {clients} clients", OURS, figures)
    strangers = settled.supports_by_strangers(int(seconds * STRANGERS_A_SECOND))
    figures = await window(side, initiatives, strangers, clients=32, seconds=seconds, visible=count)
    report.add("support, 32 strangers", OURS, figures)
