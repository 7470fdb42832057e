"""`bench`: measure the square on this machine beside the bare ideal of the same parts."""

import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dorpsplein_local.errors import CannotRun

REPOSITORY = Path(__file__).resolve().parents[5]

app = typer.Typer()


class Name(StrEnum):
    """What can be measured."""

    COMMAND = "command"
    LATENCY = "latency"
    PROJECTION = "projection"
    READ = "read"
    SEARCH = "search"
    IMPORT = "import"
    ALLOCATE = "allocate"
    RENDER = "render"
    HOT_POT = "hot-pot"
    SUPPORT = "support"
    NEARBY = "nearby"


@app.command()
def bench(
    name: Annotated[Name, typer.Argument(help="What to measure.", show_default=False)],
    rounds: Annotated[int, typer.Option(min=1, help="Of ours and the bare loop by turns; medians are shown.")] = 3,
    seconds: Annotated[float, typer.Option(min=0.2, help="How long one timed window is.")] = 1.5,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Measure CPU, throughput and latency on servers of its own, which are gone afterwards."""
    if not (REPOSITORY / "tests" / "bench").is_dir():
        raise CannotRun("The benches are not installed; run this from a checkout of the repository.")
    asked = [name.value, "--rounds", str(rounds), "--seconds", str(seconds), *(["--json"] if as_json else [])]
    done = subprocess.run([sys.executable, "-m", "tests.bench", *asked], cwd=REPOSITORY, check=False)  # noqa: S603
    raise typer.Exit(done.returncode)
