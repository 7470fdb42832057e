"""`up`: everything runs, until it is told to stop."""

import asyncio
import errno
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from dorpsplein_local import state as states
from dorpsplein_local.commands.options import Data
from dorpsplein_local.errors import CannotRun
from dorpsplein_local.files import locked
from dorpsplein_local.issuer import IN_THE_TABLE, PEOPLE, Issuer
from dorpsplein_local.run import Run, Wish
from dorpsplein_local.state import State
from dorpsplein_local.telling import Teller

LEAST_FREE_BYTES = 500_000_000

app = typer.Typer()


@app.command()
def up(
    data: Data,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The gateway's; 8080 if free.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Erase the data first.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Return when ready and leave it running.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Start the whole square and keep it running until Ctrl-C or `down`."""
    console = Console(stderr=as_json)
    if detach:
        state = _detached(data, port, fresh, console)
        if as_json:
            _present(state, Issuer(data / "issuer", "local"), console, as_json)
        return
    with _own(data):
        for name in states.end_leftovers(data):
            console.print(f"An earlier run was killed and had left {name}; it is ended.", highlight=False)
        if fresh:
            _erase(data)
        _check_disk(data)
        run = Run(Wish(data, port), Teller(console))
        asyncio.run(_live(run, lambda state: _present(state, run.issuer, console, as_json)))
    console.print("Everything has stopped.")


@contextmanager
def _own(data: Path) -> Iterator[None]:
    """Be the only run on this data folder, or say which one is."""
    try:
        with locked(data / "lock", wait=False):
            yield
    except BlockingIOError as taken:
        state = states.load(data)
        where = state.gateway if state else "it is just starting or stopping"
        raise CannotRun(f"It already runs on {data}: {where}; stop it with `./dorpsplein down`.") from taken
    except OSError as fault:
        if fault.errno == errno.ENOSPC:
            raise CannotRun(f"The disk of {data} is full; free some space and start again.") from fault
        if fault.filename is None:
            raise
        raise CannotRun(f"{fault.filename} cannot be used ({fault.strerror}); choose another --data.") from fault


def _erase(data: Path) -> None:
    for entry in data.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != "lock":
            entry.unlink()


def _check_disk(data: Path) -> None:
    if shutil.disk_usage(data).free < LEAST_FREE_BYTES:
        raise CannotRun(
            f"The disk of {data} is full; free {LEAST_FREE_BYTES // 10**6} MB or choose another with --data."
        )


async def _live(run: Run, ready: Any) -> None:
    """Let the run live until a signal ends this task."""
    task = asyncio.current_task()
    assert task is not None
    for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(kind, task.cancel)
    with suppress(asyncio.CancelledError):
        await run.live(ready)


def _detached(data: Path, port: int | None, fresh: bool, console: Console) -> State:
    """Start `up` in a session of its own, show what it says, and return its state when it is ready."""
    log = data / "up.log"
    data.mkdir(parents=True, exist_ok=True)
    chosen = [*(["--port", str(port)] if port else []), *(["--fresh"] if fresh else [])]
    command = [sys.executable, "-m", "dorpsplein_local", "up", "--data", str(data), *chosen]
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    with log.open() as said:
        while True:
            ended = process.poll()
            state = states.load(data)
            console.print(said.read(), highlight=False, markup=False, soft_wrap=True, end="")
            if ended is not None:
                raise typer.Exit(ended or 1)
            if state and state.supervisor.pid == process.pid and state.ready_seconds is not None:
                return state
            time.sleep(0.05)


def _present(state: State, issuer: Issuer, console: Console, as_json: bool) -> None:
    """Show where everything is and who to log in as; as one JSON document when asked."""
    if as_json:
        print(json.dumps(_document(state, issuer)), flush=True)
        return
    places = Table("what", "where", title=f"The square is open ({state.ready_seconds:.1f} s)", title_justify="left")
    places.add_row("the front page", state.gateway)
    for name in state.apis:
        places.add_row(name, f"{state.gateway}/api/{name}/v1")
    places.add_row("Kafka", state.kafka)
    places.add_row("PostgreSQL", state.postgres or "elsewhere")
    people = Table("who", "role", "token", title="People to log in as", title_justify="left")
    for subject in IN_THE_TABLE:
        people.add_row(PEOPLE[subject].name, PEOPLE[subject].role, f"./dorpsplein token --as {subject}")
    console.print(places, people, "`./dorpsplein down` stops everything, and so does Ctrl-C here.")


def _document(state: State, issuer: Issuer) -> dict[str, Any]:
    """Return what scripts need to know of a run."""
    return {
        "gateway": state.gateway,
        "services": {
            name: {"api": api, "metrics": state.metrics[name], "pids": [state.parts[name].process.pid]}
            for name, api in state.apis.items()
        },
        "kafka": state.kafka,
        "postgres": state.postgres,
        "people": [
            {"name": person.name, "role": person.role, "token": issuer.token(person)}
            for person in (PEOPLE[subject] for subject in IN_THE_TABLE)
        ],
        "ready_seconds": state.ready_seconds,
    }
