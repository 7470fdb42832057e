"""`down`: stop the run on a data folder and leave no process."""

import os
import signal
import time

import typer

from dorpsplein_local import state as states
from dorpsplein_local.commands.options import Data

PATIENCE_S = 90.0

app = typer.Typer()


@app.command()
def down(data: Data) -> None:
    """Stop everything that runs on the data folder; the data stays."""
    state = states.load(data)
    if state is None or not state.supervisor.is_there():
        left = states.end_leftovers(data)
        print(f"Ended what was left of a killed run: {', '.join(left)}." if left else f"Nothing runs on {data}.")
        return
    os.kill(state.supervisor.pid, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE_S
    while state.supervisor.is_there() and time.monotonic() < deadline:
        time.sleep(0.05)
    if state.supervisor.is_there():
        os.kill(state.supervisor.pid, signal.SIGKILL)
        states.end_leftovers(data)
    print("Everything has stopped.")
