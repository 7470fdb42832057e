"""`status`: what runs, where, and since when."""

from datetime import datetime

import typer
from rich.console import Console
from rich.table import Column, Table

from dorpsplein_local import state as states
from dorpsplein_local.commands.options import Data

app = typer.Typer()


@app.command()
def status(data: Data) -> None:
    """Show the parts of the run on the data folder; exit code 1 when nothing runs."""
    state = states.load(data)
    if state is None or not state.supervisor.is_there():
        print(f"Nothing runs on {data}.")
        raise typer.Exit(1)
    columns = ("part", "state", "pid", Column("address", no_wrap=True), "since")
    table = Table(*columns, title=str(data), title_justify="left")
    table.add_row("supervisor", "running", str(state.supervisor.pid), "", _moment(state.began))
    for name, part in state.parts.items():
        shown = part.state if part.process.is_there() else "gone"
        table.add_row(name, shown, str(part.process.pid), part.address, _moment(part.since))
    Console().print(table)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).strftime("%d %b %H:%M:%S")
