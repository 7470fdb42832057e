"""`bench nearby`: who is near in the week to come, who is here now, and which places are near, one client.

10,000 places and 100,000 slots; every question is about another point. Ours: the presence service. Bare:
`ideal_nearby.py` on the same database.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import asyncpg
from tests.bench import many_slots
from tests.bench.report import BARE, OURS, Report
from tests.bench.square import Side, Square
from tests.bench.windows import Request, window

QUESTIONS = 200
MOST_MS = 100.0
NOTE = (
    f"One client, {many_slots.PLACES:,} places and 100,000 slots, every question about another point, in pages of 50. "
    "Bare: uvicorn and asyncpg with the statements for 1 km around one point, on a plan that is kept."
)
WITHIN_1_KM = {"presence-slots": "coming", "here-now": "here now", "places": "places"}


async def bench(rounds: int, seconds: float) -> Report:
    """Measure each question, and say which take more than a hundred milliseconds."""
    report = Report("bench nearby: who is near, and when", NOTE)
    with Square() as square:
        square.make("presence")
        requests = await _fill(square.urls["presence"].migration)
        for _ in range(rounds):
            with square.ours("presence") as side:
                for what, asked in requests.items():
                    report.add(what, OURS, await _figures(side, side.ports["presence"], asked, seconds))
            with square.bare_reading("ideal_nearby", "presence") as side:
                for path, name in WITHIN_1_KM.items():
                    asked = [("GET", f"/v1/{path}", {}, None)] * QUESTIONS
                    figures = await _figures(side, side.ports["ideal_nearby"], asked, seconds)
                    for what in requests:
                        if what.startswith(name):
                            report.add(what, BARE, figures)
    slow = [row["what"] for row in report.rows() if row[OURS]["p99_ms"] > MOST_MS]
    report.facts[f"more than {MOST_MS:.0f} ms at p99"] = ", ".join(slow) or "none"
    return report


async def _figures(side: Side, port: int, asked: list[Request], seconds: float) -> dict[str, float]:
    measured = side.without("kafka")
    await window(measured, port, asked[:20], clients=1, seconds=seconds)
    figures = await window(measured, port, asked[20:] * 20, clients=1, seconds=seconds)
    return {key: figures[key] for key in ("cpu_us", "p50_ms", "p99_ms")}


async def _fill(url: str) -> dict[str, list[Request]]:
    """Make places and slots, and the questions, each around one of the places."""
    connection = await asyncpg.connect(url)
    now = datetime.now(UTC)
    await many_slots.fill(connection, now)
    rows = await connection.fetch("select * from places order by md5(id::text) limit $1", QUESTIONS)
    await connection.close()
    far = (now + timedelta(days=90)).isoformat()
    ways: dict[str, tuple[str, Mapping[str, Any]]] = {
        "coming within 1 km": ("presence-slots", {"radius": 1_000}),
        "coming within 5 km": ("presence-slots", {"radius": 5_000}),
        "coming within 50 km": ("presence-slots", {"radius": 50_000}),
        "coming within 1 km, 90 days": ("presence-slots", {"radius": 1_000, "until": far}),
        "coming within 50 km, theme and kind": (
            "presence-slots",
            {"radius": 50_000, "theme": "groen", "kind": "library"},
        ),
        "coming within 50 km, 90 days, a theme of nobody": (
            "presence-slots",
            {"radius": 50_000, "theme": "niets", "until": far},
        ),
        "here now within 1 km": ("here-now", {"radius": 1_000}),
        "here now within 50 km": ("here-now", {"radius": 50_000}),
        "places within 1 km": ("places", {"radius": 1_000}),
        "places within 50 km": ("places", {"radius": 50_000}),
    }
    return {
        what: [_get(path, {"near": f"{row['latitude']:.4f},{row['longitude']:.4f}", **asked}) for row in rows]
        for what, (path, asked) in ways.items()
    }


def _get(path: str, asked: Mapping[str, Any]) -> Request:
    return "GET", f"/v1/{path}?{urlencode(asked)}", {}, None
