"""`bench search`: every way to find initiatives among 100,000, one client, every question another one.

Ours: the initiatives service. Bare: `ideal_read.py` on the same database, always the newest 20 straight from their
index, whatever was asked of ours.
"""

import random
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import asyncpg
from tests.bench import many
from tests.bench.report import BARE, OURS, Report
from tests.bench.square import Side, Square
from tests.bench.windows import Request, window

QUESTIONS = 400
SORTS = ("newest", "activity", "support")
MOST_MS = 100.0
NOTE = (
    f"One client, {many.INITIATIVES:,} initiatives, every question about another word, place, theme and so on. Bare: "
    "uvicorn and asyncpg with the statement of the newest 20, which come straight from an index."
)
Ask = Callable[[random.Random, asyncpg.Record], dict[str, Any]]


def _near(row: asyncpg.Record) -> str:
    return f"{row['latitude']:.4f},{row['longitude']:.4f}"


def _words(chance: random.Random, row: asyncpg.Record) -> str:
    return " ".join(chance.sample(sorted(set(row["summary"].split())), chance.choice([1, 1, 2])))


FILTERS: Mapping[str, Ask] = {
    "no filter": lambda _, __: {},
    "status": lambda _, row: {"status": row["status"]},
    "two themes": lambda chance, row: {"theme": f"{row['theme']},{chance.choice(many.THEMES)}"},
    "theme, status": lambda _, row: {"theme": row["theme"], "status": row["status"]},
    "neighbourhood": lambda _, row: {"neighbourhood": row["neighbourhood"]},
    "kind, theme, status": lambda _, row: {"kind": row["kind"], "theme": row["theme"], "status": row["status"]},
    "initiator": lambda _, row: {"initiator": row["initiator"]},
    "within 1 km": lambda _, row: {"near": _near(row)},
    "within 50 km": lambda _, row: {"near": _near(row), "radius": 50_000},
    "within 50 km, theme, status": lambda _, row: {
        "near": _near(row), "radius": 50_000, "theme": row["theme"], "status": row["status"],
    },
    "words": lambda chance, row: {"query": _words(chance, row)},
    "words, theme, status": lambda chance, row: {
        "query": _words(chance, row), "theme": row["theme"], "status": row["status"],
    },
    "words within 1 km": lambda chance, row: {"query": _words(chance, row), "near": _near(row)},
}  # fmt: skip


async def bench(rounds: int, seconds: float) -> Report:
    """Measure each way to search, and say which take more than a hundred milliseconds."""
    report = Report("bench search: GET /initiatives and what is beside it", NOTE)
    with Square() as square:
        square.make("initiatives")
        requests = await _fill(square.urls["initiatives"].migration)
        for _ in range(rounds):
            with square.ours("initiatives") as side:
                for what, asked in requests.items():
                    report.add(
                        what, OURS, await _figures(side.without("kafka"), side.ports["initiatives"], asked, seconds)
                    )
            with square.bare_reading() as side:
                figures = await _figures(
                    side.without("kafka"), side.ports["ideal_read"], requests["no filter, newest"], seconds
                )
                for what in requests:
                    report.add(what, BARE, figures)
    slow = [row["what"] for row in report.rows() if row[OURS]["p99_ms"] > MOST_MS]
    report.facts[f"more than {MOST_MS:.0f} ms at p99"] = ", ".join(slow) or "none"
    return report


async def _figures(side: Side, port: int, asked: list[Request], seconds: float) -> dict[str, float]:
    await window(side, port, asked[:40], clients=1, seconds=seconds)
    figures = await window(side, port, asked[40:] * 20, clients=1, seconds=seconds)
    return {key: figures[key] for key in ("cpu_us", "p50_ms", "p99_ms")}


async def _fill(url: str) -> dict[str, list[Request]]:
    """Make the initiatives, and the questions, each after one of them."""
    connection = await asyncpg.connect(url)
    await many.fill(connection)
    rows = await connection.fetch(
        "select status, theme, kind, neighbourhood, latitude, longitude, title, summary,"
        " initiators[1]::text as initiator from initiatives order by md5(id::text) limit $1",
        QUESTIONS,
    )
    await connection.close()
    requests: dict[str, list[Request]] = {}
    chance = random.Random(20)
    for what, ask in FILTERS.items():
        sorts = [*SORTS, *(["nearest"] if "within" in what else []), *(["best"] if "words" in what else [])]
        for sort in sorts:
            requests[f"{what}, {sort}"] = [_get("", {**ask(chance, row), "sort": sort}) for row in rows]
    for what in ("no filter", "theme, status", "within 1 km", "words"):
        requests[f"facets: {what}"] = [_get("/facets", FILTERS[what](chance, row)) for row in rows]
    requests["similar: title"] = [_get("/similar", {"title": row["title"]}) for row in rows]
    requests["similar: all of it"] = [
        _get("/similar", {"title": row["title"], "summary": row["summary"], "theme": row["theme"], "near": _near(row)})
        for row in rows
    ]
    return requests


def _get(path: str, asked: Mapping[str, Any]) -> Request:
    return "GET", f"/v1/initiatives{path}?{urlencode(asked)}", {}, None
