"""`clock`: what time it is on the square, and how to make days pass."""

import re
from datetime import timedelta
from typing import Annotated

import typer

from dorpsplein.clock import MOST_AHEAD, FileClock, written
from dorpsplein_local.client import running
from dorpsplein_local.commands.options import Data
from dorpsplein_local.errors import CannotRun
from dorpsplein_local.files import write_private
from dorpsplein_local.run import clock_ahead, clock_file

UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
PARTS = re.compile("".join(rf"(?:(?P<{name}>\d{{1,9}}){unit})?" for unit, name in UNITS.items()))

app = typer.Typer()


@app.command()
def clock(
    data: Data,
    forward: Annotated[str | None, typer.Option(help="Let so much time pass at once, such as 3d12h.")] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Back to real time.")] = False,
) -> None:
    """Show what time it is on the running square, or move its clock; every service follows within a second."""
    running(data)
    if forward and reset:
        raise CannotRun("Move the clock forward or back to real time, not both.")
    file = clock_file(data)
    before = clock_ahead(data)
    if forward:
        _move(data, before + _duration(forward))
    if reset:
        _move(data, timedelta(0))
        if before:
            print("What happened while the clock was ahead keeps its times: they are still to come.")
    print(f"{FileClock(file)():%Y-%m-%d %H:%M:%S} UTC, {spoken(clock_ahead(data))}")


def _move(data: Data, to: timedelta) -> None:
    if to > MOST_AHEAD:
        raise CannotRun(f"A clock is at most {MOST_AHEAD.days} days ahead; go less far, or --reset it first.")
    write_private(clock_file(data), written(to))


def _duration(text: str) -> timedelta:
    parts = PARTS.fullmatch(text.replace(" ", ""))
    found = {name: int(count) for name, count in parts.groupdict().items() if count} if parts else {}
    if not any(found.values()):
        raise CannotRun(f"{text!r} is no length of time; write it as 3d12h, with the units w, d, h, m and s.")
    try:
        return timedelta(**found)
    except OverflowError:
        return timedelta.max - MOST_AHEAD


def spoken(duration: timedelta) -> str:
    """How far ahead that is, in words: `3 days and 12 hours ahead`, or `real time`."""
    minutes, seconds = divmod(int(duration.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    counts = zip((days, hours, minutes, seconds), ("day", "hour", "minute", "second"), strict=True)
    parts = [f"{count} {name}{'s' * (count != 1)}" for count, name in counts if count]
    return f"{' and '.join(filter(None, [', '.join(parts[:-1]), *parts[-1:]]))} ahead" if parts else "real time"
