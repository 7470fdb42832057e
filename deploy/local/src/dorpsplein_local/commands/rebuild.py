"""`rebuild`: make a service's projection anew from the event log, while the service goes on."""

import os
import subprocess
import sys
import time
from importlib import import_module
from typing import Annotated

import typer
from rich.console import Console

from dorpsplein.consumer import Projection
from dorpsplein_local.client import running
from dorpsplein_local.commands.options import Data
from dorpsplein_local.errors import CannotRun
from dorpsplein_local.state import State

app = typer.Typer()


@app.command()
def rebuild(
    data: Data,
    service: Annotated[str, typer.Argument(help="Such as funding.", show_default=False)],
    projection: Annotated[str | None, typer.Argument(help="Only this one; else all that keep tables.")] = None,
) -> None:
    """Rebuild projections of a service from the log, and swap each in when it has caught up."""
    state = running(data)
    if service not in state.databases:
        raise CannotRun(f"No service is called {service!r} here; there are {', '.join(state.databases)}.")
    console = Console(stderr=True)
    for name in _chosen(service, projection):
        began = time.monotonic()
        with console.status(f"Rebuilding {service}.{name} from the log …"):
            last = _run(state, service, name)
        console.print(f"[green]✓[/] [dim]{time.monotonic() - began:6.1f} s[/]  {last}", highlight=False)


def _chosen(service: str, projection: str | None) -> list[str]:
    """The projections to rebuild. Raises CannotRun for one that there is not, or that keeps no tables."""
    kept: dict[str, Projection] = import_module(f"{service}.app").SERVICE.projections
    names = [name for name, one in kept.items() if one.apply is not None and one.tables]
    if projection is None:
        return names
    if projection not in names:
        raise CannotRun(f"{service} keeps no projection {projection!r}; it keeps {', '.join(names) or 'none'}.")
    return [projection]


def _run(state: State, service: str, projection: str) -> str:
    """Run the service's own command with the run's settings; returns its last words. Raises CannotRun."""
    told = {
        "DORPSPLEIN_ENVIRONMENT": "local",
        "DORPSPLEIN_DATABASE_URL": state.databases[service]["application"],
        "DORPSPLEIN_MIGRATION_URL": state.databases[service]["migration"],
        "DORPSPLEIN_KAFKA_BOOTSTRAP_SERVERS": state.kafka,
        "DORPSPLEIN_PUBLIC_URL": state.gateway,
    }
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", service, "rebuild", projection],
        env={**os.environ, **told},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    words = [line for line in done.stderr.splitlines() if line.strip()] or ["(silence)"]
    if done.returncode:
        raise CannotRun(f"{service}.{projection} was not rebuilt and stays as it was: {words[-1]}")
    return words[-1].partition(": ")[2] or words[-1]
