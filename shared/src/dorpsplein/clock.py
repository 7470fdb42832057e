"""A clock that can be put ahead, for the local environment: what takes days there can be seen in a minute.

A small file says how far it is ahead: an ISO 8601 duration (`P3DT12H`) or whole seconds. Every process that is told
of the file follows it, so that all services move together. Only what a service itself does moves: tokens expire, calls
to others are signed and records on Kafka are stamped in real time.
"""

import logging
import os
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from dorpsplein.outbox import system_clock

MOST_AHEAD = timedelta(days=3653)
DURATION = TypeAdapter(timedelta)

log = logging.getLogger(__name__)


def ahead(file: Path) -> timedelta:
    """How far a file says that the clock is ahead; nothing without a file.

    Raises ValueError where it says anything but a duration from nothing to MOST_AHEAD.
    """
    try:
        text = file.read_text().strip()
    except FileNotFoundError:
        return timedelta(0)
    try:
        seconds = re.fullmatch(r"\d{1,12}", text)
        duration = timedelta(seconds=int(text)) if seconds else DURATION.validate_python(text)
    except (ValidationError, OverflowError) as fault:
        raise ValueError(
            f"{file} says {text[:40]!r}: that is neither seconds nor a duration such as P3DT12H"
        ) from fault
    if not timedelta(0) <= duration <= MOST_AHEAD:
        raise ValueError(f"{file} says {text[:40]!r}: a clock is from 0 to {MOST_AHEAD.days} days ahead")
    return duration


def written(duration: timedelta) -> str:
    """A duration as `ahead` reads it."""
    text: str = DURATION.dump_python(duration, mode="json")
    return text


@dataclass
class FileClock:
    """The time by a file, which is read again whenever it changes. A file that makes no sense changes nothing."""

    file: Path
    _ahead: timedelta = timedelta(0)
    _seen: tuple[int, ...] = ()

    def __call__(self) -> datetime:
        """The time now, in UTC, so far ahead as the file says."""
        seen = self._stamp()
        if seen != self._seen:
            self._seen = seen
            self._read()
        return system_clock() + self._ahead

    def _stamp(self) -> tuple[int, ...]:
        try:
            now = os.stat(self.file)
        except OSError:
            return ()
        return now.st_ino, now.st_mtime_ns, now.st_size

    def _read(self) -> None:
        try:
            self._ahead = ahead(self.file)
        except (OSError, ValueError) as fault:
            log.error("the clock stays as it is: %s", fault)
        else:
            log.info("the clock is %s ahead", self._ahead)
