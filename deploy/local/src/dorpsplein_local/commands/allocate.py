"""`allocate`: run a matching rule on an election file, without servers."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dorpsplein.errors import Refused
from dorpsplein_local import election_file
from dorpsplein_local.allocation_tables import show, show_difference
from dorpsplein_local.allocations import Outcome, difference, document, knobs_of, snapshot_of
from dorpsplein_local.errors import CannotRun
from funding.domain import draws, rules

app = typer.Typer()


@app.command()
def allocate(
    file: Annotated[Path, typer.Argument(help="An election in the Pabulib format (.pb).", show_default=False)],
    rule: Annotated[str, typer.Option(help=f"One of {', '.join(rules.RULES)}.", show_default=False)],
    knob: Annotated[list[str] | None, typer.Option(help="A knob of the rule, such as completion=add1.")] = None,
    seed: Annotated[str | None, typer.Option(help="The seed of a public draw, for ties; it sets ties=draw.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
    compare: Annotated[bool, typer.Option(help="Set the winners the file publishes beside ours.")] = False,
) -> None:
    """Say what a rule gives to each project of an election, and why; nothing is stored."""
    election = election_file.read(file, "nothing is counted")
    try:
        chosen = rules.from_knobs(rule, knobs_of(rule, knob or [], election, drawn=seed is not None))
        snapshot = snapshot_of(election, chosen)
        draw = None if seed is None else draws.drawn(seed, [candidate.id for candidate in snapshot.candidates])
        outcome = Outcome(election, snapshot, chosen, rules.allocate(chosen, snapshot, draw))
    except Refused as refusal:
        raise CannotRun(refusal.detail) from refusal
    compared = difference(outcome) if compare else None
    if as_json:
        print(json.dumps({**document(outcome), **(compared or {})}, ensure_ascii=False, indent=1))
        return
    console = Console()
    show(outcome, console)
    if compared is not None:
        show_difference(outcome, compared, console)
