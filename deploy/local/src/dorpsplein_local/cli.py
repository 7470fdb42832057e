"""The one command: `./dorpsplein`. It knows what commands there are; each is imported when it is asked for."""

import sys
from importlib import import_module
from importlib.util import find_spec

import typer
from rich.console import Console
from rich.markup import escape

from dorpsplein_local.errors import CannotRun

COMMANDS = {
    "up": "up",
    "down": "down",
    "status": "status",
    "doctor": "doctor",
    "token": "token",
    "clock": "clock",
    "events": "events",
    "import": "importing",
    "allocate": "allocate",
    "dream": "dream",
    "rebuild": "rebuild",
    "dead-letters": "dead_letters",
    "bench": "bench",
    "test": "test",
    "verify": "verify",
    "version": "version",
}


def build(asked: str) -> typer.Typer:
    """Return the command line with the command that is asked for, or with all there are when it is none of them."""
    app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
    app.callback()(_dorpsplein)
    for name in [asked] if asked in COMMANDS else COMMANDS:
        module = f"dorpsplein_local.commands.{COMMANDS[name]}"
        if find_spec(module):
            _add(app, name, import_module(module).app)
    return app


def _add(app: typer.Typer, name: str, part: typer.Typer) -> None:
    """Add a module's only command under `name`, or its several commands below `name`."""
    if len(part.registered_commands) == 1 and part.registered_callback is None:
        command = part.registered_commands[0]
        command.name = name
        app.registered_commands.append(command)
    else:
        app.add_typer(part, name=name)


def _dorpsplein() -> None:
    """The municipality without a town hall, on this machine."""


def main() -> None:
    """Run the command; what cannot be done is said in one sentence, with exit code 1."""
    try:
        build(sys.argv[1] if len(sys.argv) > 1 else "")(prog_name="./dorpsplein")
    except CannotRun as fault:
        Console(stderr=True).print(f"[red]✗[/] {escape(str(fault))}", highlight=False, soft_wrap=True)
        sys.exit(1)
