"""What is known about a run: a file in its data folder, readable by its owner only."""

import json
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import platformdirs
import psutil  # type: ignore[import-untyped]

from dorpsplein_local.files import write_private


def default_data() -> Path:
    """Return the data folder that is used when none is named: DORPSPLEIN_DATA, else the user's data folder."""
    chosen = os.environ.get("DORPSPLEIN_DATA")
    return Path(chosen) if chosen else platformdirs.user_data_path("dorpsplein")


@dataclass(frozen=True)
class Alive:
    """A process, recognised by its start time too, as the system gives numbers out again."""

    pid: int
    began: float

    @classmethod
    def of(cls, pid: int) -> "Alive":
        """Return process `pid` as it is now; one that is gone began never."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.Error:
            return cls(pid, 0.0)

    def is_there(self) -> bool:
        """Tell whether this very process still runs."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.began) < 1
            return bool(same and process.status() != psutil.STATUS_ZOMBIE)
        except psutil.Error:
            return False


@dataclass(frozen=True)
class PartState:
    """One process of the run as it is now; `since` is in seconds since 1970."""

    process: Alive
    address: str
    since: float
    state: str


@dataclass
class State:
    """A run: its addresses, its processes and how to enter its databases."""

    supervisor: Alive
    gateway: str
    kafka: str = ""
    postgres: str = ""
    apis: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, str] = field(default_factory=dict)
    databases: dict[str, dict[str, str]] = field(default_factory=dict)
    parts: dict[str, PartState] = field(default_factory=dict)
    began: float = field(default_factory=time.time)
    ready_seconds: float | None = None

    def save(self, data: Path) -> None:
        """Write the state into the data folder."""
        write_private(_file(data), json.dumps(asdict(self), indent=1))


def _file(data: Path) -> Path:
    return data / "run.json"


def load(data: Path) -> State | None:
    """Return the run recorded in a data folder, which may be over; None when there is no readable record."""
    try:
        raw = json.loads(_file(data).read_text())
        raw["supervisor"] = Alive(**raw["supervisor"])
        raw["parts"] = {
            name: PartState(**{**part, "process": Alive(**part["process"])}) for name, part in raw["parts"].items()
        }
        return State(**raw)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def forget(data: Path) -> None:
    """Remove the record: the run is over."""
    _file(data).unlink(missing_ok=True)


def end_leftovers(data: Path, patience_s: float = 15.0) -> list[str]:
    """End what a run that was itself killed has left, and return the names of those parts.

    The parts end by themselves when their supervisor is gone; they get `patience_s` to do so.
    """
    state = load(data)
    if state is None:
        return []
    left = {name: part.process for name, part in state.parts.items() if part.process.is_there()}
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline and any(process.is_there() for process in left.values()):
        time.sleep(0.1)
    for process in left.values():
        if process.is_there():
            psutil.Process(process.pid).kill()
    forget(data)
    return list(left)
