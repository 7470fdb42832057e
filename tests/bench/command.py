"""`bench command`: supports and pledges over HTTP, until all of them are visible in another service.

Ours: initiatives and funding, each one process with HTTP, relay and consumers. A support is visible when
funding counts it, a pledge when the initiative's means in initiatives hold it. Bare: `ideal.py`.
"""

from dataclasses import dataclass

from tests.bench import town
from tests.bench.report import BARE, OURS, Report
from tests.bench.square import Side, Square
from tests.bench.windows import Count, counting, window

CLIENTS = (1, 8, 32)
MOST_A_SECOND = 6_000
STRANGERS_A_SECOND = 1_500
WARM_UP_S = 0.5
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
        measured = _Measured(report, settled, round_id, seconds)
        for number in range(rounds + 1):
            with square.ours("initiatives", "funding") as side:
                await measured.ours(side)
            with square.bare() as side:
                await measured.bare(side)
            if number == 0:
                report.forget()
    return report


@dataclass
class _Measured:
    report: Report
    town: town.Town
    round_id: str
    seconds: float

    async def ours(self, side: Side) -> None:
        urls = self.town.square.urls
        async with counting(urls["funding"].application, IN_FUNDING) as supports:
            await self._supports(OURS, side, side.ports["initiatives"], supports)
            strangers = self.town.supports_by_strangers(int(self.seconds * STRANGERS_A_SECOND))
            port = side.ports["initiatives"]
            figures = await window(side, port, strangers, clients=32, seconds=self.seconds, visible=supports)
            self.report.add("support, 32 strangers", OURS, figures)
        async with counting(urls["initiatives"].application, IN_INITIATIVES) as pledges:
            await self._pledges(OURS, side, side.ports["funding"], pledges)

    async def bare(self, side: Side) -> None:
        async with counting(self.town.square.urls["ideal_projection"].application, IN_THE_IDEAL) as acts:
            figures = await self._supports(BARE, side, side.ports["ideal"], acts)
            self.report.add("support, 32 strangers", BARE, figures)
            await self._pledges(BARE, side, side.ports["ideal"], acts)

    async def _supports(self, name: str, side: Side, port: int, visible: Count) -> dict[str, float]:
        figures = {}
        for clients, seconds in ((8, WARM_UP_S), *((clients, self.seconds) for clients in CLIENTS)):
            requests = self.town.supports(int(seconds * MOST_A_SECOND))
            figures = await window(side, port, requests, clients=clients, seconds=seconds, visible=visible)
            self.town.supported += int(figures["count"])
            if seconds != WARM_UP_S:
                self.report.add(f"support, {clients} at once", name, figures)
        return figures

    async def _pledges(self, name: str, side: Side, port: int, visible: Count) -> None:
        for clients, seconds in ((8, WARM_UP_S), *((clients, self.seconds) for clients in CLIENTS)):
            requests = self.town.pledges(int(seconds * MOST_A_SECOND), self.round_id)
            figures = await window(side, port, requests, clients=clients, seconds=seconds, visible=visible)
            if seconds != WARM_UP_S:
                self.report.add(f"pledge, {clients} at once", name, figures)
