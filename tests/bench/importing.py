"""`bench import`: a real vote (Amsterdam 309, 14,411 ballots) from its file into every service's projections.

The whole square as `up` starts it; the file goes through the gateway by `import`, which ends when all services
count what the file holds. Once: there is no bare loop to compare with.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.cpu import cpu_seconds
from tests.bench.report import OURS, Report
from tests.bench.square import REPOSITORY, Side
from tests.bench.windows import cpu_each

from dorpsplein_local.processes import free_port
from dorpsplein_local.state import load

VOTE = REPOSITORY.parent / "shared" / "data" / "pabulib" / "Netherlands_Amsterdam_309.pb"
DORPSPLEIN = (sys.executable, "-m", "dorpsplein_local")
NOTE = (
    "Four services, gateway, PostgreSQL and Kafka; a second and each: supports in the file. From the start of "
    "`import` (reading the file) to its end (every projection equal). The importer's own CPU is not counted."
)


async def bench(rounds: int, seconds: float) -> Report:
    """Measure one import into an empty square, however many `rounds` are asked for."""
    if not VOTE.exists():
        raise SystemExit(f"{VOTE} is not there; the import is measured on that vote.")
    report = Report("bench import: Amsterdam 309, end to end", NOTE)
    with tempfile.TemporaryDirectory(prefix="dorpsplein-bench-") as folder, _square(Path(folder)) as side:
        _import(report, side, folder)
    return report


def _import(report: Report, side: Side, folder: str) -> None:
    before, started = side.cpu(), time.perf_counter()
    importing = subprocess.Popen(
        [*DORPSPLEIN, "import", str(VOTE), "--data", folder, "--json"], stdout=subprocess.PIPE, text=True
    )
    assert importing.stdout is not None
    outcome = json.loads(importing.stdout.readline())
    taken, client = time.perf_counter() - started, cpu_seconds(importing.pid)
    count = outcome["supports"]["file"]
    report.add("support", OURS, {**cpu_each(side, before, count), "per_second": count / taken, "seconds": taken})
    report.facts |= {"supports": outcome["supports"], "equal everywhere": outcome["equal"]}
    report.facts["the importer's own CPU µs a support"] = round(client / count * 1e6)
    importing.wait()


@contextmanager
def _square(folder: Path) -> Iterator[Side]:
    """The whole square on a data folder, with every part but the supervisor in its account."""
    folder.chmod(0o755)
    subprocess.run(
        [*DORPSPLEIN, "up", "--data", folder, "--port", str(free_port()), "--detach"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    try:
        state = load(folder)
        assert state is not None
        yield Side({}, {name: part.process.pid for name, part in state.parts.items()})
    finally:
        subprocess.run([*DORPSPLEIN, "down", "--data", folder], check=True, stdout=subprocess.DEVNULL)
