"""`test`: every test, with nothing else to install or start."""

import os
import sys
from pathlib import Path

import typer
from rich.console import Console

from dorpsplein_local.errors import CannotRun
from dorpsplein_local.jars import fetch_jars
from dorpsplein_local.java import find_java
from dorpsplein_local.telling import Teller

REPOSITORY = Path(__file__).resolve().parents[5]

app = typer.Typer()


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def test(context: typer.Context) -> None:
    """Run the tests; what follows is passed to pytest."""
    if not (REPOSITORY / "tests").is_dir():
        raise CannotRun("The tests are not installed; run this from a checkout of the repository.")
    with Teller(Console(stderr=True)).step("Java and Kafka's jars"):
        find_java()
        fetch_jars()
    os.chdir(REPOSITORY)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *context.args])  # noqa: S606
