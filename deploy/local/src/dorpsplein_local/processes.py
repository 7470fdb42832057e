"""Parts of the run: what each process is started with, when it is ready, and how it stops."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psutil  # type: ignore[import-untyped]

from dorpsplein_local import launch
from dorpsplein_local.errors import CannotRun

STOP_WITHIN = 30.0


def nothing() -> None:
    """Do nothing: the default of what follows a stop."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One process of the run.

    `is_ready` gets the process id and answers whether it serves; it may block for a second at most.
    `after_stop` is called once the process has ended by `stop_signal`.
    """

    name: str
    command: tuple[str, ...]
    is_ready: Callable[[int], bool]
    address: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    descriptors: tuple[int, ...] = ()
    account: str = ""
    ready_within: float = 60.0
    stop_signal: int = signal.SIGTERM
    death_signal: int = signal.SIGKILL
    after_stop: Callable[[], None] = nothing

    def arguments(self) -> tuple[str, ...]:
        """Return the command line that ties the process's life to ours."""
        tie = (str(int(self.death_signal)), str(os.getpid()), self.account)
        return (sys.executable, "-I", "-S", launch.__file__, *tie, *self.command)

    def options(self, log: IO[bytes]) -> dict[str, Any]:
        """Return what subprocess and asyncio both need to start it: own session, output to `log`."""
        return {
            "env": {**os.environ, **self.environment},
            "stdin": subprocess.DEVNULL,
            "stdout": log,
            "stderr": subprocess.STDOUT,
            "pass_fds": self.descriptors,
            "start_new_session": True,
        }


def free_port() -> int:
    """Return a port on 127.0.0.1 that was free a moment ago and that no outgoing connection will take.

    Ports the system lends to outgoing connections are avoided: while a broker restarts, a client that
    knocks on such a port can be connected to itself and so keep the broker out.
    """
    for _ in range(200):
        port = random.randint(15_000, _first_lent_port() - 1)  # noqa: S311 - no secret
        with socket.socket() as candidate, contextlib.suppress(OSError):
            candidate.bind(("127.0.0.1", port))
            return port
    raise CannotRun("No free port was found on 127.0.0.1; close some programs and try again.")


def _first_lent_port() -> int:
    try:
        return max(16_000, int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0]))
    except OSError:
        return 32_768


def listens(pid: int, port: int) -> bool:
    """Tell whether process `pid` itself, and nobody else, listens on `port`."""
    try:
        connections = psutil.Process(pid).net_connections(kind="tcp")
    except psutil.Error:
        return False
    return any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in connections)


def sweep(pid: int) -> None:
    """End whatever is left of the session that `pid` led."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def last_lines(log: Path, count: int = 12) -> str:
    """Return the last lines of a log, or an empty text when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8_192))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-count:])
    except OSError:
        return ""


class Running:
    """A part that runs, for callers without an event loop (the tests). Start it from a lasting thread."""

    def __init__(self, part: Part, log: Path) -> None:
        """Start the part with its output appended to `log`; raise CannotRun when it does not get ready."""
        self.part = part
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            process = subprocess.Popen(self.part.arguments(), **self.part.options(log))  # noqa: S603
        deadline = time.monotonic() + self.part.ready_within
        while not (process.poll() is None and self.part.is_ready(process.pid)):
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                process.wait()
                sweep(process.pid)
                raise CannotRun(f"{self.part.name} did not start; its last words:\n{last_lines(self.log)}")
            time.sleep(0.02)
        return process

    @property
    def pid(self) -> int:
        """Return the process id of the part as it runs now."""
        return self._process.pid

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self._process.kill()
        self._process.wait()
        sweep(self._process.pid)

    def stop(self) -> None:
        """Ask it to stop, wait, and kill it after STOP_WITHIN seconds."""
        self._process.send_signal(self.part.stop_signal)
        try:
            self._process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()
        sweep(self._process.pid)
        self.part.after_stop()

    def start(self) -> None:
        """Start it again, on the same address and data; return when it is ready."""
        self._process = self._start()
