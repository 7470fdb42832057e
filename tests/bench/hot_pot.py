"""`bench hot-pot`: everyone pledges to one pot at the same moment, as on the last evening of a round.

One pot: all pledges draw on one pot line, whose caps and balance stay exact. Spread: the same pledges over 64 rounds,
each with a pot of its own. The funding service is one process; a pledge counts when it is answered, so committed.
"""

from statistics import median

from tests.bench import town
from tests.bench.report import BARE, OURS, Report
from tests.bench.square import Side, Square
from tests.bench.windows import Request, window

CLIENTS = (1, 8, 64)
POTS = 64
MOST_A_SECOND = 4_000
WARM_UP_S = 0.5
NOTE = (
    "One pot / spread over 64 pots, medians; the ratio is the throughput of the one against the other. CPU of HTTP, "
    "PostgreSQL, Kafka and relay together, the load generator's not counted. Each pledge has a key of its own."
)


async def bench(rounds: int, seconds: float) -> Report:
    """Measure one pot and many by turns, with 1, 8 and 64 clients."""
    report = Report(
        "bench hot-pot: pledges a second", NOTE, compare="wall_us", names={OURS: "one pot", BARE: f"{POTS} pots"}
    )
    with Square() as square:
        with square.ours("initiatives", "funding") as side:
            settled = town.settle(square, side)
            port, known = side.ports["funding"], settled.initiatives[0]
            pots = [town.open_round(square, port, known) for _ in range(POTS)]
        for number in range(rounds + 1):
            for name, used in ((OURS, pots[:1]), (BARE, pots)):
                with square.ours("funding") as side:
                    await _measure(report, name, side, settled, used, seconds)
            if number == 0:
                report.forget()
    one, many = (_throughput(report, f"{clients} at once") for clients in (CLIENTS[0], CLIENTS[-1]))
    report.facts[f"one pot, {CLIENTS[-1]} clients against one"] = f"{many / one:.1f} times the throughput"
    return report


async def _measure(report: Report, name: str, side: Side, settled: town.Town, pots: list[str], seconds: float) -> None:
    for clients, lasting in ((8, WARM_UP_S), *((clients, seconds) for clients in CLIENTS)):
        requests = _pledges(settled, pots, int(lasting * MOST_A_SECOND))
        figures = await window(side, side.ports["funding"], requests, clients=clients, seconds=lasting)
        if lasting != WARM_UP_S or clients != 8:
            report.add(f"{clients} at once", name, {**figures, "wall_us": 1e6 / figures["per_second"]})


def _pledges(settled: town.Town, pots: list[str], count: int) -> list[Request]:
    of_pots = [settled.pledges(-(-count // len(pots)), pot) for pot in pots]
    return [request for together in zip(*of_pots, strict=True) for request in together]


def _throughput(report: Report, what: str) -> float:
    return median(figures["per_second"] for figures in report.found[what][OURS])
