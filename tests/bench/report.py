"""Rounds of two sides, their medians side by side, as a table for people and a document for scripts."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Column, Table

OURS, BARE = "ours", "bare"
COLUMNS = {
    "cpu_us": ("CPU µs each", 0),
    "per_second": ("a second", 0),
    "p50_ms": ("p50 ms", 2),
    "p99_ms": ("p99 ms", 2),
    "visible_p50_ms": ("visible p50 ms", 1),
    "visible_p99_ms": ("visible p99 ms", 1),
    "seconds": ("seconds", 1),
}


@dataclass
class Report:
    """What a bench found. `compare` is the figure, less being better, that is set against the bare loop's.

    `names` say what the two sides are where they are not ours and a bare loop.
    """

    title: str
    note: str
    compare: str = "cpu_us"
    names: Mapping[str, str] = field(default_factory=lambda: {OURS: OURS, BARE: BARE})
    found: dict[str, dict[str, list[Mapping[str, float]]]] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def add(self, what: str, side: str, figures: Mapping[str, float]) -> None:
        """Keep the figures of one round."""
        self.found.setdefault(what, {}).setdefault(side, []).append(figures)

    def forget(self) -> None:
        """Forget the first round: in it Kafka's JVM still compiles its busiest code."""
        self.found.clear()

    def rows(self) -> list[dict[str, Any]]:
        """The medians of each side, and `of_the_ideal`: 1 is as good as the bare loop, 0.5 costs twice as much."""
        rows = []
        for what, sides in self.found.items():
            medians = {side: _medians(rounds) for side, rounds in sides.items()}
            row: dict[str, Any] = {"what": what, "rounds": len(next(iter(sides.values()))), **medians}
            if len(medians) == 2:
                ours, bare = medians[OURS][self.compare], medians[BARE][self.compare]
                row["of_the_ideal"] = bare / ours
            rows.append(row)
        return rows

    def document(self) -> dict[str, Any]:
        """Everything, with the rounds the medians are of."""
        return {
            "bench": self.title,
            "note": self.note,
            "machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()},
            "rows": self.rows(),
            "facts": self.facts,
            "found": self.found,
        }

    def show(self, *, as_json: bool) -> None:
        """Print it."""
        if as_json:
            print(json.dumps(self.document(), indent=1))
            return
        rows = self.rows()
        keys = [key for key in COLUMNS if any(key in row[OURS] for row in rows)]
        table = Table("", "", *(Column(COLUMNS[key][0], justify="right") for key in keys), Column("ratio"))
        for row in rows:
            for side in (side for side in (OURS, BARE) if side in row):
                figures = (f"{row[side][key]:,.{COLUMNS[key][1]}f}" for key in keys)
                ratio = f"{row['of_the_ideal']:.2f}" if side == OURS and "of_the_ideal" in row else ""
                table.add_row(
                    row["what"] if side == OURS else "", self.names[side], *figures, ratio, end_section=side == BARE
                )
        console = Console()
        console.print(f"[bold]{self.title}[/]", table, self.note, "", sep="\n", highlight=False)
        for row in rows:
            for side in (side for side in (OURS, BARE) if side in row):
                parts = [f"{key[7:]} {value:.0f}" for key, value in row[side].items() if key.startswith("cpu_us ")]
                if parts:
                    name = f"{row['what']}, {self.names[side]}"
                    console.print(f"{name}: CPU µs by part: {', '.join(parts)}", highlight=False)
        for name, fact in self.facts.items():
            console.print(f"{name}: {fact}", highlight=False)


def _medians(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {key: median(figures[key] for figures in rounds) for key in rounds[0]}
