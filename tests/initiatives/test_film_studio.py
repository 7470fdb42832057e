"""The process that makes films, as a process of its own: stopped, killed, and started again."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.initiatives.conftest import Initiatives
from tests.initiatives.dreaming import WORKER, Dreaming
from tests.support import SECRET

from dorpsplein.contracts.initiatives.dreams import DreamRendered, DreamRenderProgressed, DreamRenderStarted
from initiatives.commands import filming
from initiatives.domain.dreams.versions import Film
from initiatives.film_studio import make_next
from initiatives.storage.films import ids_of

LEASE_S = 1.0


@asynccontextmanager
async def studio(there: Initiatives, log: Path) -> AsyncIterator[Process]:
    """`python -m initiatives render` on the database of a test; killed at the end, if it still lives."""
    settings = there.runtime.settings
    told = {
        "DORPSPLEIN_ENVIRONMENT": "local",
        "DORPSPLEIN_DATABASE_URL": settings.database_url.get_secret_value(),
        "DORPSPLEIN_DATA_DIR": str(settings.data_dir),
        "DORPSPLEIN_PSEUDONYM_SECRET": SECRET,
        "DORPSPLEIN_METRICS_PORT": "0",
        "DORPSPLEIN_RENDER_LEASE_S": str(LEASE_S),
        "DORPSPLEIN_FILM_SIZE": '{"width": 480, "height": 270}',
    }
    with log.open("ab") as out:
        command = (sys.executable, "-m", "initiatives", "render")
        process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **told}, stdout=out, stderr=out)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def until(it: Dreaming, number: int, is_so: Callable[[dict[str, Any]], bool], log: Path) -> dict[str, Any]:
    """The render of a version once it is so, within a minute."""
    for _ in range(600):
        render = await it.render(number)
        if is_so(render):
            return render
        await asyncio.sleep(0.1)
    raise AssertionError(f"still {render}; the process says:\n{log.read_text()}")


async def test_a_render_that_is_killed_is_started_once_more_and_finishes_once(
    initiatives: Initiatives, tmp_path: Path
) -> None:
    it, log = await Dreaming.begin(initiatives), tmp_path / "studio.log"
    for heading in ("De tuin", "Het feest"):
        await it.filled(await it.scene(heading), f"{heading}: zo ziet het eruit.", by="boris")
    number = await it.ask_render()

    async with studio(initiatives, log) as process:
        await until(it, number, lambda render: render["status"] == "rendering" and render["percent"] > 0, log)
        process.kill()
        await process.wait()
    assert (await it.render(number))["status"] == "rendering"

    async with studio(initiatives, log) as process:
        render = await until(it, number, lambda render: render["status"] != "rendering", log)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0
    assert (render["status"], render["attempts"], render["percent"]) == ("rendered", 2, 100), log.read_text()
    facts = [one.event for one in await initiatives.told() if isinstance(one.event, RENDERS)]
    assert [one.attempt for one in facts if isinstance(one, DreamRenderStarted)] == [1, 2]
    assert Counter(map(type, facts))[DreamRendered] == 1
    quarters = {one.percent for one in facts if isinstance(one, DreamRenderProgressed)}
    assert quarters <= {25, 50, 75}
    assert list((initiatives.runtime.settings.data_dir / "renders").iterdir()) == []
    assert (await it.publish(number)).status_code == 200
    assert (await it.bytes_of(number))[4:8] == b"ftyp"


RENDERS = (DreamRenderStarted, DreamRenderProgressed, DreamRendered)


async def test_a_render_that_is_stopped_in_good_order_is_put_back_and_does_not_count(initiatives: Initiatives) -> None:
    it = await Dreaming.begin(initiatives)
    await it.filled(await it.scene(), "Hier groeien bonen.", by="boris")
    number = await it.ask_render()
    stop = asyncio.Event()
    stop.set()
    assert await make_next(initiatives.runtime, WORKER, stop)
    render = await it.render(number)
    assert (render["status"], render["attempts"], render["failure"]) == ("queued", 0, None)
    await it.make_films()
    assert (await it.render(number))["attempts"] == 1


async def test_the_same_version_gives_the_same_frames_and_a_process_that_lost_it_brings_nothing(
    initiatives: Initiatives,
) -> None:
    it = await Dreaming.begin(initiatives)
    await it.filled(await it.scene(), "Hier groeien bonen.", by="boris")
    number = await it.ask_render()
    database = initiatives.runtime.database
    async with database.transaction() as tx:
        late = await filming.claim(tx, UUID(int=2), lease_s=-1.0, now=initiatives.now)
    assert late is not None
    await it.make_films()
    first = await it.render(number)
    assert (first["status"], first["attempts"]) == ("rendered", 2)
    async with database.transaction() as tx:
        film = Film(1.0, "f" * 64, {})
        files = ids_of(late.version.render_id)
        assert not await filming.finish(tx, late.claim, film, files, now=initiatives.now)
        assert not await filming.renew(tx, late.claim, 50, lease_s=60.0)
        assert not await filming.progress(tx, late.claim, 50, lease_s=60.0, now=initiatives.now)
        await filming.fail(tx, late.claim, "render-broke", now=initiatives.now)
        await filming.put_back(tx, late.claim, now=initiatives.now)
    assert await it.render(number) == first

    await initiatives.rows("update dream_versions set status = 'queued', attempts = 0 returning number")
    await it.make_films()
    again = await it.render(number)
    assert (again["digest"], again["attempts"]) == (first["digest"], 1)


async def test_a_film_that_is_withdrawn_while_it_is_made_leaves_nothing_behind(initiatives: Initiatives) -> None:
    it = await Dreaming.begin(initiatives)
    scene = await it.scene()
    part = await it.filled(scene, "Hier groeien bonen.", by="boris")
    await it.filled(scene, "En prei.", by="carla")
    number = await it.ask_render()
    database = initiatives.runtime.database
    async with database.transaction() as tx:
        job = await filming.claim(tx, WORKER, lease_s=60.0, now=initiatives.now)
    assert job is not None
    await it.say(part, "withdrawal", by="boris")
    async with database.transaction() as tx:
        assert not await filming.renew(tx, job.claim, 50, lease_s=60.0)
    files = ids_of(job.version.render_id)
    for media_id in files.values():
        await initiatives.rows(
            "insert into media (id, status, created_at) values ($1, 'ready', $2) returning id",
            media_id,
            initiatives.now,
        )
    async with database.transaction() as tx:
        assert not await filming.finish(tx, job.claim, Film(1.0, "f" * 64, {}), files, now=initiatives.now)
    assert await initiatives.rows("select id from media") == []
    await it.make_films()
    assert [(await it.render(one))["status"] for one in (number, number + 1)] == ["withdrawn", "rendered"]
