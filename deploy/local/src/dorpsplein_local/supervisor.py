"""Keeps parts alive: started in order, watched, started again when they die, and all stopped at the end."""

import asyncio
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from dorpsplein_local.errors import CannotRun, spoken
from dorpsplein_local.processes import STOP_WITHIN, Part, last_lines, sweep

MOST_DEATHS = 5
WITHIN_S = 60.0
LOOK_EVERY_S = 0.03


@dataclass
class Life:
    """A part with the process it is now, since when, and when it died lately."""

    part: Part
    process: asyncio.subprocess.Process
    since: float
    ready: bool = False
    deaths: list[float] = field(default_factory=list)


class Supervisor:
    """Runs parts in layers, for the length of an `async with`.

    On the way out, for whatever reason, the layers are stopped in reverse order and nothing is left running. A
    part that dies after it was ready is started again at once; at its fifth death within a minute the block is
    cancelled and CannotRun comes out of it, alone.
    """

    def __init__(self, logs: Path, tell: Callable[[str], None], changed: Callable[[], None]) -> None:
        """Keep each part's output in `logs`; `tell` people what matters; call `changed` when a process changes."""
        self.lives: dict[str, Life] = {}
        self._logs, self._tell, self._changed = logs, tell, changed
        self._layers: list[list[Life]] = []
        self._group = asyncio.TaskGroup()
        self._watchers: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._logs.mkdir(parents=True, exist_ok=True)
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        for watcher in self._watchers:
            watcher.cancel()
        for layer in reversed(self._layers):
            await asyncio.gather(*(self._stop(life) for life in layer))
        try:
            await self._group.__aexit__(kind, fault, trace)
        except BaseExceptionGroup as group:
            raise spoken(group) from None

    async def start(self, *parts: Part) -> None:
        """Start parts together, as one layer; return when all are ready. Raises CannotRun when one is not."""
        layer: list[Life] = []
        self._layers.append(layer)
        for part in parts:
            life = Life(part, await self._spawn(part), time.time())
            layer.append(life)
            self.lives[part.name] = life
        self._changed()
        await asyncio.gather(*(self._until_ready(life) for life in layer))
        self._watchers += [self._group.create_task(self._watch(life)) for life in layer]

    async def run(self, part: Part) -> None:
        """Run a part to its end. Raises CannotRun with its last words unless it ends well."""
        process = await self._spawn(part)
        try:
            code = await asyncio.wait_for(process.wait(), part.ready_within)
        except TimeoutError as late:
            raise CannotRun(f"{part.name} did not end within {part.ready_within:.0f} seconds.") from late
        finally:
            sweep(process.pid)
        if code:
            raise CannotRun(f"{part.name} {_end(code)}; its last words:\n{self._last_words(part)}")

    async def _spawn(self, part: Part) -> asyncio.subprocess.Process:
        with self._log(part).open("ab") as log:
            return await asyncio.create_subprocess_exec(*part.arguments(), **part.options(log))

    def _log(self, part: Part) -> Path:
        return self._logs / f"{part.name}.log"

    def _last_words(self, part: Part) -> str:
        lines = last_lines(self._log(part)).splitlines()
        return "\n".join(f"  {part.name} | {line}" for line in lines) or f"  {part.name} | (silence)"

    async def _until_ready(self, life: Life) -> None:
        part, process = life.part, life.process
        deadline = time.monotonic() + part.ready_within
        while not await asyncio.to_thread(part.is_ready, process.pid):
            if process.returncode is not None:
                words = self._last_words(part)
                raise CannotRun(f"{part.name} {_end(process.returncode)} before it was ready; its last words:\n{words}")
            if time.monotonic() > deadline:
                words = self._last_words(part)
                raise CannotRun(f"{part.name} was not ready in {part.ready_within:.0f} s; its last words:\n{words}")
            await asyncio.sleep(LOOK_EVERY_S)
        life.ready = True
        self._changed()

    async def _watch(self, life: Life) -> None:
        """Start the part again whenever it dies, after a pause that doubles with every recent death."""
        while True:
            code = await life.process.wait()
            sweep(life.process.pid)
            now = time.monotonic()
            life.deaths = [*(death for death in life.deaths if death > now - WITHIN_S), now]
            if len(life.deaths) >= MOST_DEATHS:
                words = self._last_words(life.part)
                raise CannotRun(f"{life.part.name} died {MOST_DEATHS} times within a minute; its last words:\n{words}")
            self._tell(f"{life.part.name} {_end(code)}; it is started again.")
            await asyncio.sleep(0.25 * (2 ** (len(life.deaths) - 1) - 1))
            life.process, life.since, life.ready = await self._spawn(life.part), time.time(), False
            self._changed()
            await self._until_ready_again(life)

    async def _until_ready_again(self, life: Life) -> None:
        """Wait for a part that was started again; one that cannot get ready is killed, which is a death."""
        try:
            await self._until_ready(life)
        except CannotRun:
            if life.process.returncode is None:
                life.process.kill()

    async def _stop(self, life: Life) -> None:
        process, part = life.process, life.part
        if process.returncode is None:
            process.send_signal(part.stop_signal)
            try:
                await asyncio.wait_for(process.wait(), STOP_WITHIN)
            except TimeoutError:
                self._tell(f"{part.name} did not stop within {STOP_WITHIN:.0f} s and was killed.")
                process.kill()
                await process.wait()
        sweep(process.pid)
        await asyncio.to_thread(part.after_stop)


def _end(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
