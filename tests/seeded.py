"""Seeded faults: code with one thing wrong in it, each with the test that must notice.

A list of them is run one by one: the fault's test in a process of its own, with the fault put in place there and in
the processes it starts. A test that no fault can make fail proves nothing.
"""

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

SHOWN_OF_A_SURVIVOR = 2_000


@dataclass(frozen=True)
class Seeded:
    """What is wrong, the test that fails with it, and how to put it in place."""

    name: str
    wrong: str
    test: str
    put_in: Callable[[], None]


@dataclass(frozen=True)
class SeededList:
    """Faults of one kind; `variable` is what names the one to put in place, in the environment of a process."""

    variable: str
    faults: Sequence[Seeded]

    def put_in_chosen(self) -> None:
        """Put in what the environment asks for; nothing without it. Before anything is started."""
        if name := os.environ.get(self.variable):
            next(fault for fault in self.faults if fault.name == name).put_in()

    def main(self, names: Sequence[str]) -> int:
        """Run the faults of these names, all by default; return how many were not noticed. Raises SystemExit."""
        if unknown := set(names) - {fault.name for fault in self.faults}:
            raise SystemExit(f"There is no fault {', '.join(sorted(unknown))}.")
        chosen = [fault for fault in self.faults if not names or fault.name in names]
        survived = [fault.name for fault in chosen if not self._noticed(fault)]
        print(f"{len(chosen) - len(survived)} of {len(chosen)} killed", *survived, sep="; survived: ")
        return len(survived)

    def _noticed(self, fault: Seeded) -> bool:
        """Run a fault's test; tell whether it noticed."""
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", fault.test],
            env={**os.environ, self.variable: fault.name},
            capture_output=True,
            text=True,
            check=False,
        )
        noticed = done.returncode == 1
        verdict = {0: "SURVIVED", 1: "killed"}.get(done.returncode, f"pytest ended with {done.returncode}")
        print(f"{verdict:9} {time.monotonic() - started:5.0f} s  {fault.name:28} {fault.wrong}", flush=True)
        said = [line for line in done.stdout.splitlines() if line.startswith("E  ")]
        if noticed and said:
            print(f"{'':19}{said[0][1:].strip()[:150]}")
        elif not noticed:
            tail = (done.stdout + done.stderr)[-SHOWN_OF_A_SURVIVOR:]
            print(textwrap.indent(tail, " " * 19))
        return noticed
