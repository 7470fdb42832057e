"""The process that makes the films of dream visions: `python -m initiatives render`. It needs the extra `render`.

A film is made in a thread of this process, so that whatever ends the process ends the render. Its claim is renewed
while it goes on; once nobody renews it, the next process starts it again, once.
"""

import asyncio
import contextlib
import hashlib
import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
from pydantic import ValidationError
from uuid_utils.compat import uuid7

from dorpsplein.errors import Rejected, Transient
from dorpsplein.service import Runtime
from initiatives import rendering
from initiatives.commands import filming, media
from initiatives.commands.filming import Job
from initiatives.domain.dreams.film import Shot, scene_of
from initiatives.domain.dreams.versions import Film, not_agreed
from initiatives.domain.media import Found, Kind
from initiatives.media.store import Store, store_of
from initiatives.rendering.storyboard import Codec
from initiatives.settings import InitiativesSettings
from initiatives.storage.films import ids_of

LOOK_EVERY_S = 1.0
KEPT_UNUSED = timedelta(days=1)
"""How long a file stays in the store of which a process did not live to say that it is there."""
CODECS: tuple[Codec, ...] = ("h264", "av1")
QUARTERS = (25, 50, 75)
BROKEN = "media-broken"

log = logging.getLogger(__name__)


class Stopped(Exception):
    """The render is not to go on: the process ends, or its claim is lost."""


async def make_films(runtime: Runtime, stop: asyncio.Event) -> None:
    """Make films until `stop` is set; while nothing waits it looks once a second. What is begun then is put back."""
    worker = uuid7()
    while not stop.is_set():
        try:
            if await make_next(runtime, worker, stop):
                continue
        except (Transient, asyncpg.PostgresError) as fault:
            log.warning("films wait for a moment: %s", fault)
        await _either(stop, LOOK_EVERY_S)


async def make_next(runtime: Runtime, worker: UUID, stop: asyncio.Event) -> bool:
    """Make the film that waits longest; False when none waits. Raises Transient."""
    settings = runtime.settings
    assert isinstance(settings, InitiativesSettings)
    async with runtime.database.transaction() as tx:
        job = await filming.claim(tx, worker, lease_s=settings.render_lease_s, now=runtime.outbox.clock())
    if job is None:
        return False
    await Filming(runtime, settings, store_of(settings), stop, job).make()
    return True


@dataclass
class Progress:
    """How far a render is, told by its thread; `ending` tells the thread to stop."""

    fraction: float = 0.0
    told: int = 0
    ending: bool = False

    def of(self, share: float, before: float) -> Callable[[float], None]:
        """What the renderer calls for a `share` of the work, of which `before` was done already."""

        def heard(fraction: float) -> None:
            if self.ending:
                raise Stopped
            self.fraction = before + share * fraction

        return heard


@dataclass
class Filming:
    """The making of one film. `lost` are shots whose media could not be had, each with why."""

    runtime: Runtime
    settings: InitiativesSettings
    store: Store
    stop: asyncio.Event
    job: Job
    lost: dict[str, str] = field(default_factory=dict)

    async def make(self) -> None:
        """Make the film of a claim and bring it, or say why there is none. Raises Transient; then it is tried again."""
        folder = self._folder()
        try:
            await self._bring(await self._rendered(folder))
        except Stopped:
            async with self.runtime.database.transaction() as tx:
                await filming.put_back(tx, self.job.claim, now=self._now())
        except Rejected as refusal:
            await self._fail(refusal.code, refusal.facts.get("scene"))
        except ValidationError:
            await self._fail("storyboard-not-valid")
        except (Transient, asyncpg.PostgresError):
            raise
        except Exception:  # noqa: BLE001 - logged, and told as a fact
            await self._fail("render-broke")
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _fail(self, reason: str, shot_id: str | None = None) -> None:
        """Give the film up; where nothing says in which shot it went wrong, the log does."""
        log.warning("no film of version %s: %s", self.job.claim, reason, exc_info=shot_id is None)
        scene_id = scene_of(shot_id) if shot_id else None
        async with self.runtime.database.transaction() as tx:
            await filming.fail(tx, self.job.claim, reason, scene_id=scene_id, now=self._now())

    def _folder(self) -> Path:
        """An empty folder for this attempt; what an attempt before it left is taken away."""
        home = self.settings.data_dir / "renders"
        home.mkdir(parents=True, exist_ok=True)
        for left in home.glob(f"{self.job.version.render_id}-*"):
            shutil.rmtree(left, ignore_errors=True)
        folder = home / f"{self.job.version.render_id}-{self.job.version.attempts}"
        folder.mkdir()
        return folder

    async def _rendered(self, folder: Path) -> dict[Codec, rendering.Rendered]:
        """Render while the claim is renewed. Raises Stopped when it is lost or the process ends."""
        progress = Progress(ending=self.stop.is_set())
        work = asyncio.create_task(self._render(folder, progress))
        pause = min(LOOK_EVERY_S, self.settings.render_lease_s / 4)
        try:
            while not (await asyncio.wait({work}, timeout=pause))[0]:
                progress.ending |= self.stop.is_set() or not await self._renew(progress)
        finally:
            progress.ending = True
            await asyncio.wait({work})
        return work.result()

    async def _render(self, folder: Path, progress: Progress) -> dict[Codec, rendering.Rendered]:
        board = await self._storyboard(folder)
        return {
            codec: await asyncio.to_thread(
                rendering.render,
                board,
                folder,
                folder / f"{codec}.mp4",
                codec=codec,
                progress=progress.of(1 / len(CODECS), place / len(CODECS)),
            )
            for place, codec in enumerate(CODECS)
        }

    async def _renew(self, progress: Progress) -> bool:
        percent, lease_s = int(progress.fraction * 100), self.settings.render_lease_s
        due = [quarter for quarter in QUARTERS if progress.told < quarter <= percent]
        async with self.runtime.database.transaction() as tx:
            if not due:
                return await filming.renew(tx, self.job.claim, percent, lease_s=lease_s)
            progress.told = due[-1]
            return await filming.progress(tx, self.job.claim, due[-1], lease_s=lease_s, now=self._now())

    async def _storyboard(self, folder: Path) -> rendering.Storyboard:
        """The storyboard, with the media of its shots in the folder; what cannot be had leaves its shot dark."""
        self.lost = {}
        scenes = [await self._scene(shot, folder) for shot in self.job.shots]
        return rendering.Storyboard(
            title=self.job.version.title,
            municipality=self.settings.municipality or None,
            dreamVersion=self.job.version.number,
            theme=self.settings.film_theme,
            size=self.settings.film_size,
            fps=self.settings.film_fps,
            scenes=tuple(scenes),
        )

    async def _scene(self, shot: Shot, folder: Path) -> rendering.Scene:
        try:
            shown = await self._fetched(shot.media, folder)
            voice = await self._fetched(shot.voice, folder)
        except Rejected as refusal:
            self.lost[shot.id] = refusal.code
            return rendering.Scene(id=shot.id, kind="dark", heading=shot.heading)
        return rendering.Scene(
            id=shot.id,
            kind=shot.kind,
            heading=shot.heading,
            text=shot.text or None,
            captions=_captions(shot),
            media=shown,
            voice=voice,
            by=tuple(dict.fromkeys(self.job.names[person] for person in shot.by if person in self.job.names)),
        )

    async def _fetched(self, contribution_id: UUID | None, folder: Path) -> str | None:
        """The name of a file in the folder with the media of a contribution. Raises NotFound, Refused, Transient."""
        if contribution_id is None:
            return None
        media_id = self.job.media.get(contribution_id, contribution_id)
        await media.fetch_to(self.runtime.database, self.store, media_id, folder / str(media_id))
        return str(media_id)

    async def _bring(self, films: dict[Codec, rendering.Rendered]) -> None:
        """Keep the files and tell that the film is there."""
        first = films["h264"]
        ids = ids_of(self.job.version.render_id)
        for codec, made in films.items():
            await self._keep(ids[codec], made.film, Kind.VIDEO, "video/mp4", made.seconds)
        for language, path in first.captions.items():
            await self._keep(ids[language], path, Kind.CAPTIONS, "text/vtt")
        await self._keep(ids["poster"], first.poster, Kind.IMAGE, "image/jpeg")
        for one in first.dark_scenes:
            log.warning("a shot of %s is dark, because %s", self.job.claim, one.reason)
        dark = {scene_of(one.scene_id): BROKEN for one in first.dark_scenes}
        dark |= {scene_of(shot_id): code for shot_id, code in self.lost.items()}
        film = Film(first.seconds, first.digest, not_agreed(self.job.version) | dark)
        async with self.runtime.database.transaction() as tx:
            await filming.finish(tx, self.job.claim, film, ids, now=self._now())

    async def _keep(
        self, media_id: UUID, path: Path, kind: Kind, content_type: str, seconds: float | None = None
    ) -> None:
        digest = await asyncio.to_thread(lambda: hashlib.sha256(path.read_bytes()).digest())
        size = None if kind is Kind.CAPTIONS else self.settings.film_size
        found = Found(
            kind,
            content_type,
            path.stat().st_size,
            digest,
            size.width if size else None,
            size.height if size else None,
            seconds,
        )
        now = self._now()
        await media.keep(
            self.runtime.database,
            self.store,
            path,
            found,
            media_id=media_id,
            description=self.job.version.title,
            removed_at=now + KEPT_UNUSED,
            now=now,
        )

    def _now(self) -> datetime:
        return self.runtime.outbox.clock()


def _captions(shot: Shot) -> rendering.Captions:
    """Where nobody wrote English, the renderer says the Dutch words and marks them as that."""
    pieces = tuple(rendering.Said(language=language, text=words) for language, words in shot.english)
    return rendering.Captions(en=pieces or None)


async def _either(stop: asyncio.Event, seconds: float) -> None:
    """Wait for so long, or less where the process is to end."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
