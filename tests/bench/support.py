"""`bench support`: everybody says yes on the last evening, to one initiative or to a thousand.

Ours is the command (`Database.grouped(change_supports, ...)`) in this process, on one database. The bare loop does
nothing but insert a row of a support and one of the outbox, in a transaction each, with as many clients. Beside them
stands the whole service over HTTP, with relay and consumers, and how long the close of 100,000 supports takes.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import count
from statistics import median
from uuid import UUID

import asyncpg
from tests.bench import town
from tests.bench.cpu import cpu_seconds
from tests.bench.report import BARE, OURS, Report
from tests.bench.square import Side, Square
from tests.bench.windows import Request, window
from uuid_utils.compat import uuid7

from dorpsplein.database import Database
from dorpsplein.identity import Role
from dorpsplein.outbox import Outbox
from initiatives.commands.closing import close_due
from initiatives.commands.supports import change_supports, wish
from initiatives.storage.supports import roll_up

CLIENTS = 32
INITIATIVES = 1_000
MOST_A_SECOND = 2_500
CROWD = 100_000
SECRET = "bench"
NOTE = (
    f"{CLIENTS} clients, medians. CPU of this process and PostgreSQL; over HTTP that of the service, PostgreSQL and "
    "Kafka, its load generator not counted. The ratio is the bare loop's CPU for a support over ours."
)
BARE_SCHEMA = """
    create table bare_supports (
        id uuid primary key, initiative_id uuid not null, supporter_id uuid not null, given boolean not null,
        sequence bigint not null, changed_at timestamptz not null
    );
    create table bare_outbox (
        id bigint generated always as identity primary key, shard smallint not null, topic text not null,
        key text not null, headers text not null, body bytea, recorded_at timestamptz not null default clock_timestamp()
    );
"""
BARE_SUPPORT = "insert into bare_supports values ($1, $2, $3, true, 1, $4)"
BARE_OUTBOX = "insert into bare_outbox (shard, topic, key, headers, body) values (0, $1, $2, $3, $4)"

Act = Callable[[int, UUID], Awaitable[object]]
"""Say yes, as the person with a number, to an initiative."""


async def bench(rounds: int, seconds: float) -> Report:
    """Measure one initiative and a thousand by turns: the command, the bare loop, and the service over HTTP."""
    report = Report("bench support: supports a second", NOTE)
    numbers = count()
    with Square() as square:
        with square.ours("initiatives") as side:
            some = _propose(square, side)
        for number in range(rounds + 1):
            for what, initiatives in (("one initiative", some[:1]), (f"{INITIATIVES:,} initiatives", some)):
                await _commands(report, square, f"command, {what}", initiatives, numbers, seconds)
                await _bare(report, square, f"command, {what}", initiatives, numbers, seconds)
                with square.ours("initiatives") as side:
                    await _http(report, square, side, f"HTTP, {what}", initiatives, numbers, seconds)
            if number == 0:
                report.forget()
        report.facts[f"closing {CROWD:,} supports"] = f"{await _close(square, some[-1], numbers):.1f} s"
    for way in ("command", "HTTP"):
        one, many = f"{way}, one initiative", f"{way}, {INITIATIVES:,} initiatives"
        throughput = _median(report, one, "per_second") / _median(report, many, "per_second")
        cpu = _median(report, one, "cpu_us") / _median(report, many, "cpu_us")
        report.facts[f"{way}: one initiative against {INITIATIVES:,}"] = (
            f"{throughput:.2f} times the throughput, {cpu:.2f} times the CPU for each"
        )
    return report


def _propose(square: Square, side: Side) -> list[UUID]:
    saar, made = square.token("saar", Role.SERVICE), []
    for start in range(0, INITIATIVES, 500):
        items = [
            {"reference": str(start + number), "title": "Een bankje", "summary": "Samen zitten.", "theme": "groen"}
            for number in range(500)
        ]
        body = {"source": "bench", "items": items}
        made += town.call(side.ports["initiatives"], "POST", "/initiatives/bulk", saar, body)["items"]
    return [UUID(item["id"]) for item in made]


async def _commands(
    report: Report, square: Square, what: str, initiatives: Sequence[UUID], numbers: Iterator[int], seconds: float
) -> None:
    async with _database(square) as database:

        async def say_yes(number: int, initiative: UUID) -> object:
            now = datetime.now(UTC)
            return await database.grouped(
                change_supports, wish(SECRET, initiative, UUID(int=number), gives=True, now=now)
            )

        rolling = asyncio.create_task(_keep_counts_short(database))
        try:
            report.add(what, OURS, await _window(square, say_yes, initiatives, numbers, seconds))
        finally:
            rolling.cancel()
    await _forget(square)


def _database(square: Square) -> Database:
    return Database(square.urls["initiatives"].application, Outbox("urn:bench:initiatives", "http://localhost/schemas"))


async def _keep_counts_short(database: Database) -> None:
    """As the service's own worker does."""
    since = 0
    while True:
        await asyncio.sleep(1)
        async with database.transaction() as tx:
            since = await roll_up(tx, since, 20)


async def _bare(
    report: Report, square: Square, what: str, initiatives: Sequence[UUID], numbers: Iterator[int], seconds: float
) -> None:
    url = square.urls["initiatives"].migration
    connection = await asyncpg.connect(url)
    await connection.execute("drop table if exists bare_supports, bare_outbox")
    await connection.execute(BARE_SCHEMA)
    await connection.close()
    headers, body = '{"ce_type":"support-given"}' + " " * 700, b"{}" + b" " * 300
    async with asyncpg.create_pool(url, min_size=CLIENTS, max_size=CLIENTS) as pool:

        async def say_yes(number: int, initiative: UUID) -> object:
            support = uuid7()
            async with pool.acquire() as one, one.transaction():
                await one.execute(BARE_SUPPORT, support, initiative, UUID(int=number), datetime.now(UTC))
                return await one.execute(BARE_OUTBOX, "initiatives.support", str(support), headers, body)

        report.add(what, BARE, await _window(square, say_yes, initiatives, numbers, seconds))


async def _window(
    square: Square, act: Act, initiatives: Sequence[UUID], numbers: Iterator[int], seconds: float
) -> dict[str, float]:
    """Every client says yes again and again, each time as somebody else."""
    waits: list[float] = []
    postgres = next(pid for name, pid in square.servers.items() if "postgres" in name)
    cpu, started = cpu_seconds(postgres), time.perf_counter()
    own = time.process_time()

    async def client() -> None:
        while (asked := time.perf_counter()) - started < seconds:
            number = next(numbers)
            await act(number, initiatives[number % len(initiatives)])
            waits.append(time.perf_counter() - asked)

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    lasted, own = time.perf_counter() - started, time.process_time() - own
    parts = {"cpu_us postgres": cpu_seconds(postgres) - cpu, "cpu_us python": own}
    each = {name: spent / len(waits) * 1e6 for name, spent in parts.items()}
    waits.sort()
    return {
        "cpu_us": sum(each.values()),
        **each,
        "per_second": len(waits) / lasted,
        "p50_ms": waits[len(waits) // 2] * 1000,
        "p99_ms": waits[int(len(waits) * 0.99)] * 1000,
    }


async def _http(
    report: Report,
    square: Square,
    side: Side,
    what: str,
    initiatives: Sequence[UUID],
    numbers: Iterator[int],
    seconds: float,
) -> None:
    port = side.ports["initiatives"]
    requests = list(_requests(square, initiatives, numbers, int(seconds * MOST_A_SECOND)))
    report.add(what, OURS, await window(side, port, requests, clients=CLIENTS, seconds=seconds))


def _requests(square: Square, initiatives: Sequence[UUID], numbers: Iterator[int], most: int) -> Iterator[Request]:
    for _ in range(most):
        number = next(numbers)
        headers = {"Authorization": f"Bearer {square.token(f'resident-{number}', Role.RESIDENT)}"}
        yield "PUT", f"/v1/initiatives/{initiatives[number % len(initiatives)]}/support", headers, None


async def _forget(square: Square) -> None:
    """Leave nothing for the relay of the next window to send."""
    connection = await asyncpg.connect(square.urls["initiatives"].application)
    await connection.execute("delete from outbox")
    await connection.close()


async def _close(square: Square, initiative: UUID, numbers: Iterator[int]) -> float:
    """The seconds that the close of a large crowd takes."""
    async with _database(square) as database:
        for _ in range(0, CROWD, 2_000):
            now = datetime.now(UTC)
            crowd = [wish(SECRET, initiative, UUID(int=next(numbers)), gives=True, now=now) for _ in range(2_000)]
            async with database.transaction() as tx:
                await change_supports(tx, crowd)
        started = time.perf_counter()
        async with database.transaction() as tx:
            await close_due(tx, [initiative], datetime.now(UTC))
        lasted = time.perf_counter() - started
    await _forget(square)
    return lasted


def _median(report: Report, what: str, figure: str) -> float:
    return median(figures[figure] for figures in report.found[what][OURS])
