"""`bench read`: an initiative's page and the list of initiatives, from 8 clients.

Ours: the initiatives service. Bare: `ideal_read.py` on the same database with the same statements.
"""

from tests.bench import town
from tests.bench.report import BARE, OURS, Report
from tests.bench.square import Side, Square
from tests.bench.windows import Request, counting, window

CLIENTS = 8
MOST_A_SECOND = 6_000
SUPPORTS = 4_000
WARM_UP = 200
IN_INITIATIVES = "select coalesce(sum(supports), 0)::bigint from support_counts"
NOTE = (
    "8 clients; medians. CPU of the HTTP server and PostgreSQL; Kafka takes no part. 400 initiatives with 4,000 "
    "supports; the list is the newest 20. Bare: uvicorn and asyncpg with the same statements."
)


async def bench(rounds: int, seconds: float) -> Report:
    """Measure, ours and bare by turns."""
    report = Report("bench read: GET an initiative's page, and the list", NOTE)
    with Square() as square:
        with square.ours("initiatives") as side:
            settled = town.settle(square, side)
            async with counting(square.urls["initiatives"].application, IN_INITIATIVES) as supports:
                requests = settled.supports(SUPPORTS)
                await window(side, side.ports["initiatives"], requests, clients=32, seconds=60, visible=supports)
        for _ in range(rounds):
            with square.ours("initiatives") as side:
                await _round(report, OURS, side.without("kafka"), side.ports["initiatives"], settled, seconds)
            with square.bare_reading() as side:
                await _round(report, BARE, side.without("kafka"), side.ports["ideal_read"], settled, seconds)
    return report


async def _round(report: Report, name: str, side: Side, port: int, settled: town.Town, seconds: float) -> None:
    count = int(seconds * MOST_A_SECOND)
    for what, requests in {"page": _pages(settled, count), "list of 20": _lists(count)}.items():
        await window(side, port, requests[:WARM_UP], clients=CLIENTS, seconds=seconds)
        report.add(what, name, await window(side, port, requests, clients=CLIENTS, seconds=seconds))


def _pages(settled: town.Town, count: int) -> list[Request]:
    initiatives = settled.initiatives
    return [("GET", f"/v1/initiatives/{initiatives[number % len(initiatives)]}", {}, None) for number in range(count)]


def _lists(count: int) -> list[Request]:
    return [("GET", "/v1/initiatives", {}, None)] * count
