"""`import`: a real participatory budgeting vote comes onto the square; the same again goes on where it was killed."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from dorpsplein_local import election_file
from dorpsplein_local.client import api, running, token_of
from dorpsplein_local.commands.options import Data
from dorpsplein_local.errors import CannotRun
from dorpsplein_local.vote_import import COUNTING, Outcome, carry_out
from dorpsplein_local.vote_plan import plan

PERSON = "saar"
MOST_SHOWN = 20

app = typer.Typer()


@app.command("import")
def import_file(
    data: Data,
    file: Annotated[Path, typer.Argument(help="A vote in the Pabulib format (.pb).", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Import a participatory budgeting vote; exit code 1 unless every service ends up with the file's supports."""
    console = Console(stderr=True)
    wish = plan(election_file.read(file, "nothing is stored"))
    state = running(data)
    try:
        with _progress(console) as progress:
            headers = {"Authorization": f"Bearer {token_of(PERSON, data)}"}
            bases = {service: api(state, service) for service in COUNTING}
            outcome = asyncio.run(carry_out(wish, bases, headers, progress))
    except KeyboardInterrupt:
        raise CannotRun("Stopped half-way; give the same command again to go on.") from None
    if as_json:
        print(json.dumps({"file": file.name, **asdict(outcome)}, ensure_ascii=False))
    _show(outcome, console)
    if not outcome.equal:
        raise CannotRun(_difference(outcome))


@contextmanager
def _progress(console: Console) -> Iterator[Progress]:
    columns = (TextColumn("{task.description:>24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        yield progress


def _show(outcome: Outcome, console: Console) -> None:
    """Print what there is now, service by service, and where it differs from the file."""
    title = f"{len(outcome.items)} initiatives ({outcome.created} new), {outcome.given:,} supports given now"
    table = Table("", "the file", *COUNTING, title=title, title_justify="left")
    table.add_row("supports", *(f"{outcome.supports[where]:,}" for where in ("file", *COUNTING)))
    unequal = [item for item in outcome.items if any(item[service] != item["file"] for service in COUNTING)]
    for item in unequal[:MOST_SHOWN]:
        table.add_row(escape(item["title"][:60]), *(f"{item[where]:,}" for where in ("file", *COUNTING)))
    console.print(table)
    if outcome.withdrawn:
        console.print(f"{outcome.withdrawn} projects were withdrawn in the file and were left out.")
    if outcome.equal:
        console.print(f"[green]✓[/] Equal everywhere, in {outcome.seconds:.1f} seconds.", highlight=False)


def _difference(outcome: Outcome) -> str:
    parts = [
        f"{service} has {outcome.supports[service]:,}"
        for service in COUNTING
        if any(item[service] != item["file"] for item in outcome.items)
    ]
    return (
        f"The supports are not equal: the file has {outcome.supports['file']:,}, {' and '.join(parts)}; "
        "look at `./dorpsplein dead-letters list` and `./dorpsplein status`."
    )
