"""`events tail`: what happens, as it happens."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from typing import Annotated, Any

import typer
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.markup import escape
from rich.text import Text

from dorpsplein.envelope import EVENTS, Event, Recorded, recorded, topics
from dorpsplein.errors import Poison
from dorpsplein_local.client import running
from dorpsplein_local.commands.options import Data
from dorpsplein_local.errors import CannotRun
from dorpsplein_local.event_log import arriving, open_log, public_topics, so_far

COLOURS = {"initiatives": "green", "funding": "yellow", "presence": "cyan", "notifications": "magenta"}

app = typer.Typer(no_args_is_help=True)


@app.callback()
def events() -> None:
    """The public event log."""


@app.command()
def tail(
    data: Data,
    as_json: Annotated[bool, typer.Option("--json", help="One structured CloudEvents document a line.")] = False,
    from_start: Annotated[bool, typer.Option("--from-start", help="Show what has happened so far first.")] = False,
    kinds: Annotated[list[str] | None, typer.Option("--type", help="Only this type; may be repeated.")] = None,
) -> None:
    """Show public events in the order of their arrival, until Ctrl-C."""
    wanted = _wanted(kinds or [])
    bootstrap = running(data).kafka
    try:
        asyncio.run(_tail(bootstrap, wanted, as_json=as_json, from_start=from_start))
    except KeyboardInterrupt:
        raise typer.Exit from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit from None
    except KafkaError as fault:
        raise CannotRun(f"Kafka on {bootstrap} does not answer: {fault}; see `./dorpsplein status`.") from fault


def _wanted(kinds: list[str]) -> frozenset[type[Event]]:
    """The events that go by these names (`SupportGiven`) or types; all for none. Raises CannotRun."""
    known = {event.__name__: event for event in EVENTS.values()} | EVENTS
    for kind in kinds:
        if kind not in known:
            names = ", ".join(sorted(event.__name__ for event in EVENTS.values()))
            raise CannotRun(f"There is no event {kind!r}; there are {names}.")
    return frozenset(known[kind] for kind in kinds or known)


async def _tail(bootstrap: str, wanted: frozenset[type[Event]], *, as_json: bool, from_start: bool) -> None:
    out, complaints = Console(), Console(stderr=True)
    names = public_topics() if len(wanted) == len(EVENTS) else topics(list(wanted))
    async with open_log(bootstrap, names) as reader:
        if not from_start:
            complaints.print("[dim]Waiting for what happens …[/]")
        async for record in _records(reader, from_start):
            try:
                event = recorded(record.headers, record.value)
            except Poison as fault:
                place = f"{record.topic}:{record.partition}:{record.offset}"
                complaints.print(f"[red]{place} cannot be read:[/] {escape(str(fault))}", highlight=False)
                continue
            if event is None or type(event.event) not in wanted:
                continue
            if as_json:
                print(json.dumps(event.structured(), ensure_ascii=False), flush=True)
            else:
                out.print(line_of(event), soft_wrap=True)


async def _records(reader: AIOKafkaConsumer, from_start: bool) -> AsyncIterator[ConsumerRecord]:
    if from_start:
        async for record in so_far(reader):
            yield record
    async for record in arriving(reader):
        yield record


def line_of(event: Recorded[Event]) -> Text:
    """One line about an event: when, what, of which thing, and what it says."""
    topic = event.event.topic
    line = Text(f"{event.time.astimezone():%H:%M:%S.%f}"[:-3], style="dim")
    line.append(f"  {type(event.event).__name__:<20}", style=f"bold {COLOURS.get(topic.split('.')[0], '')}")
    line.append(f" {event.subject} #{event.sequence} ", style="dim")
    if event.erased:
        return line.append(" erased", style="red")
    for name, value in event.event.model_dump(mode="json").items():
        if value is not None and str(value) != event.subject:
            line.append(f" {name}=", style="dim").append(_short(value))
    return line


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"
