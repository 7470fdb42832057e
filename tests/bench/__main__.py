"""Measure and print: python -m tests.bench NAME [--rounds N] [--seconds S] [--json]."""

import argparse
import asyncio
import importlib
import signal
import sys

NAMES = {
    "command": "command",
    "latency": "latency",
    "projection": "projection",
    "read": "read",
    "search": "search",
    "import": "importing",
    "allocate": "allocate",
    "render": "render",
    "hot-pot": "hot_pot",
    "support": "support",
    "nearby": "nearby",
}
"""The benches, each a module with a coroutine `bench(rounds, seconds)` that returns its report."""


def main() -> None:
    """Run one bench."""
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    bench = importlib.import_module(f"tests.bench.{NAMES[asked.name]}").bench
    asyncio.run(bench(asked.rounds, asked.seconds)).show(as_json=asked.json)


if __name__ == "__main__":
    main()
