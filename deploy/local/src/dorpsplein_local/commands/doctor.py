"""`doctor`: what would keep the square from opening, each in one sentence with what to do."""

import shutil
import socket
from pathlib import Path

import typer
from rich.console import Console

from dorpsplein_local import jars, sockets, state
from dorpsplein_local.commands.options import Data
from dorpsplein_local.errors import CannotRun
from dorpsplein_local.java import find_java
from dorpsplein_local.postgres import program

LEAST_FREE_BYTES = 1_000_000_000

app = typer.Typer()


@app.command()
def doctor(data: Data) -> None:
    """Look for what is wrong; exit code 1 when something is."""
    console = Console()
    wrong = False
    for check in (_java, _kafka, _postgres, lambda: _disk(data), lambda: _earlier_run(data), lambda: _port(data)):
        try:
            console.print(f"[green]✓[/] {check()}", highlight=False, soft_wrap=True)
        except CannotRun as fault:
            wrong = True
            console.print(f"[red]✗[/] {fault}", highlight=False, soft_wrap=True)
    raise typer.Exit(int(wrong))


def _java() -> str:
    java = find_java()
    return f"Java {java.version} is there."


def _kafka() -> str:
    missing = jars.missing_jars()
    if not missing:
        return "Kafka's jars are there."
    if not jars.mirror_answers():
        raise CannotRun(
            f"{len(missing)} of Kafka's jars are missing and {jars.mirror()} cannot be reached; "
            "connect to the network, or name a mirror in DORPSPLEIN_MAVEN_MIRROR."
        )
    return f"{len(missing)} of Kafka's jars will be fetched from {jars.mirror()} by `up`."


def _postgres() -> str:
    return f"PostgreSQL is there ({'with' if Path(program('postgres')).exists() else 'without'} its server)."


def _disk(data: Path) -> str:
    existing = next(folder for folder in (data, *data.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    if free < LEAST_FREE_BYTES:
        raise CannotRun(f"The disk of {data} has {free // 10**6} MB left; free {LEAST_FREE_BYTES // 10**6} MB.")
    return f"The disk of {data} has {free / 10**9:.0f} GB left."


def _earlier_run(data: Path) -> str:
    run = state.load(data)
    if run is None:
        return f"Nothing runs on {data}."
    if not run.supervisor.is_there():
        raise CannotRun(f"A run on {data} was killed and left its record; the next `up` clears it, and so does `down`.")
    return f"It runs on {data}: {run.gateway}."


def _port(data: Path) -> str:
    run = state.load(data)
    if run is not None and run.supervisor.is_there():
        return f"The gateway has its port: {run.gateway}."
    with socket.socket() as probe:
        if probe.connect_ex((sockets.HOST, sockets.PREFERRED_PORT)) == 0:
            raise CannotRun(
                f"Port {sockets.PREFERRED_PORT} is taken by another program; stop that one, "
                "or let `up` choose another by itself or by --port."
            )
    return f"Port {sockets.PREFERRED_PORT} is free."
