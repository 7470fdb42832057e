"""Files of the run: locks that a crash releases, secrets that only their owner reads, whole writes."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold an exclusive lock on a file; the system releases it however the holder ends.

    Raises BlockingIOError when somebody else holds it and `wait` is false.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def write_private(path: Path, text: str) -> None:
    """Replace a file whole, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.touch(0o600)
    part.write_text(text)
    part.replace(path)


def kept_secret(path: Path) -> str:
    """Return the random secret kept in a file, making it the first time."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32))
    return path.read_text()
