"""What people see of a run while it starts and lives: each step with its time, and what goes wrong."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Teller:
    """Tells one run on one console; a step under way is shown where there is a terminal."""

    def __init__(self, console: Console) -> None:
        """Tell on this console."""
        self.console = console
        self._under_way: list[str] = []
        self._spinner = console.status("Starting …")

    def say(self, text: str) -> None:
        """Say a sentence."""
        self.console.print(text, highlight=False, markup=False)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Show a step while it is under way, and its time when it is done; a step that fails leaves no line."""
        began = time.monotonic()
        self._under_way.append(what)
        self._show()
        try:
            yield
            seconds = f"{time.monotonic() - began:6.1f} s"
            self.console.print(f"[green]✓[/] [dim]{seconds}[/]  {what}", highlight=False)
        finally:
            self._under_way.remove(what)
            self._show()

    def _show(self) -> None:
        if not self.console.is_terminal:
            return
        if self._under_way:
            self._spinner.update(" · ".join(self._under_way))
            self._spinner.start()
        else:
            self._spinner.stop()
