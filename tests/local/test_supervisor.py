"""Parts are kept alive, and none outlives the run."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dorpsplein_local import supervisor as supervisors
from dorpsplein_local.errors import CannotRun
from dorpsplein_local.processes import Part
from dorpsplein_local.state import Alive
from dorpsplein_local.supervisor import Supervisor


def python(name: str, program: str, **more: object) -> Part:
    return Part(name=name, command=(sys.executable, "-c", program), is_ready=lambda _: True, **more)  # type: ignore[arg-type]


def sleeper(name: str = "sleeper", **more: object) -> Part:
    return python(name, "import time; time.sleep(600)", **more)


def supervisor(folder: Path, told: list[str] | None = None) -> Supervisor:
    return Supervisor(folder, (told if told is not None else []).append, lambda: None)


async def run_for_long(supervisor: Supervisor, *parts: Part) -> None:
    async with supervisor:
        await supervisor.start(*parts)
        await asyncio.sleep(30)


async def until(true: Callable[[], bool], within_s: float = 10) -> None:
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - other processes set no event of ours
            await asyncio.sleep(0.02)


async def test_a_killed_child_is_started_again_and_people_are_told(tmp_path: Path) -> None:
    told: list[str] = []
    async with supervisor(tmp_path, told) as running:
        await running.start(sleeper())
        life = running.lives["sleeper"]
        first = life.process.pid
        os.kill(first, signal.SIGKILL)
        await until(lambda: life.process.pid != first and life.ready)
    assert told == ["sleeper was ended by SIGKILL; it is started again."]


async def test_a_child_that_keeps_dying_stops_everything_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisors, "MOST_DEATHS", 3)
    dying = python("dying", "import time; time.sleep(0.2); print('the saw is blunt'); raise SystemExit(3)")
    running = supervisor(tmp_path)
    with pytest.raises(CannotRun) as caught:
        await run_for_long(running, sleeper("healthy"), dying)
    words = ["dying died 3 times within a minute; its last words:", *["  dying | the saw is blunt"] * 3]
    assert str(caught.value) == "\n".join(words)
    assert not Alive.of(running.lives["healthy"].process.pid).is_there()


async def test_a_child_that_cannot_start_is_explained_and_the_others_are_stopped(tmp_path: Path) -> None:
    broken = Part(name="broken", command=(sys.executable, "-c", "exit('no saw')"), is_ready=lambda _: False)
    running = supervisor(tmp_path)
    with pytest.raises(CannotRun, match=r"broken ended with exit code 1 before it was ready.*\n  broken . no saw"):
        await run_for_long(running, sleeper(), broken)
    assert not Alive.of(running.lives["sleeper"].process.pid).is_there()


async def test_layers_stop_in_reverse_order_and_a_deaf_child_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisors, "STOP_WITHIN", 0.5)
    stopped: list[str] = []
    deaf = python(
        "deaf",
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open('ready', 'w'); time.sleep(600)",
        after_stop=lambda: stopped.append("deaf"),
    )
    monkeypatch.chdir(tmp_path)
    async with supervisor(tmp_path) as running:
        await running.start(sleeper("first", after_stop=lambda: stopped.append("first")))
        await running.start(deaf)
        await until((tmp_path / "ready").exists)
    assert stopped == ["deaf", "first"]
    assert running.lives["deaf"].process.returncode == -signal.SIGKILL


async def test_what_a_child_started_itself_ends_with_it(tmp_path: Path) -> None:
    program = "import subprocess, sys; p = subprocess.Popen(['sleep', '600']); print(p.pid, flush=True); p.wait()"
    async with supervisor(tmp_path) as running:
        await running.start(python("parent", program))
        await until(lambda: (tmp_path / "parent.log").read_text() != "")
        grandchild = Alive.of(int((tmp_path / "parent.log").read_text()))
        assert grandchild.is_there()
    await until(lambda: not grandchild.is_there())


KILLED = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.local.test_supervisor import sleeper, supervisor

async def main():
    async with supervisor(Path({folder!r})) as running:
        await running.start(sleeper("one"), sleeper("two"))
        print(*(life.process.pid for life in running.lives.values()), flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can end children whose parent was killed")
def test_nothing_is_left_when_the_supervisor_itself_is_killed(tmp_path: Path) -> None:
    program = KILLED.format(root=str(Path(__file__).parents[2]), folder=str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        children = [Alive.of(int(pid)) for pid in process.stdout.readline().split()]
        assert len(children) == 2
        assert all(child.is_there() for child in children)
        process.kill()
    deadline = time.monotonic() + 5
    while any(child.is_there() for child in children):
        assert time.monotonic() < deadline, "a child outlived its supervisor"
        time.sleep(0.02)
