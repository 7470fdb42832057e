"""Making films: a process claims a version, renews its claim while it renders, and brings what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dorpsplein.database import Transaction
from initiatives.commands.dreams import both, keep
from initiatives.commands.renders import put_before_all
from initiatives.domain.dreams import versions as domain
from initiatives.domain.dreams.film import Shot, shots
from initiatives.domain.dreams.versions import Film, Status, Version
from initiatives.storage import dream_versions as storage
from initiatives.storage import dreams, films, people, translations
from initiatives.storage.dream_versions import Claim


@dataclass(frozen=True, slots=True)
class Job:
    """A version to make a film of, with all that its shots need: media by contribution, and names by person."""

    claim: Claim
    version: Version
    shots: list[Shot]
    media: Mapping[UUID, UUID]
    names: Mapping[UUID, str]


async def claim(tx: Transaction, worker: UUID, *, lease_s: float, now: datetime) -> Job | None:
    """The first version that waits for a process, claimed for so many seconds; None where none waits.

    One whose process went away is started once more. Whatever went away twice is given up on the way here.
    """
    while (free := await storage.free(tx)) is not None:
        dream = await dreams.lock(tx, free[0])
        assert dream is not None
        version = domain.version_of(await storage.of_dream(tx, dream.id), free[1])
        started, decided = domain.start(dream, version)
        await keep(tx, dream, decided, now)
        if started.status is Status.FAILED:
            await storage.fail(tx, started, domain.CUT_OFF, None, now=now)
            await films.forget(tx, films.ids_of(version.render_id).values(), now=now)
            continue
        mine = Claim(dream.id, started.number, worker)
        await storage.claim(tx, mine, started, lease_s=lease_s)
        return await _job(tx, mine, started)
    return None


async def renew(tx: Transaction, mine: Claim, percent: int, *, lease_s: float) -> bool:
    """Keep a claim for so many seconds more; False when it is lost."""
    return await storage.renew(tx, mine, percent, lease_s=lease_s)


async def progress(tx: Transaction, mine: Claim, percent: int, *, lease_s: float, now: datetime) -> bool:
    """Tell that a render came to a quarter of the way, and keep its claim; False when that is lost."""
    dream = await dreams.lock(tx, mine.dream_id)
    version = await storage.claimed(tx, mine)
    if dream is None or version is None:
        return False
    await keep(tx, dream, domain.progress(dream, version, percent), now)
    return await storage.renew(tx, mine, percent, lease_s=lease_s)


async def finish(tx: Transaction, mine: Claim, film: Film, files: Mapping[str, UUID], *, now: datetime) -> bool:
    """Bring the film; one that takes the place of what was withdrawn is published at once.

    False when the claim is lost. What was withdrawn in the meantime leaves nothing behind.
    """
    initiative, dream = await both(tx, mine.dream_id)
    version = await storage.claimed(tx, mine)
    if version is None:
        known = domain.version_of(await storage.of_dream(tx, dream.id), mine.number)
        if known.status in (Status.WITHDRAWN, Status.FAILED):
            await films.forget(tx, files.values(), now=now)
        return False
    rendered, decided = domain.finish(dream, version, film)
    dream = await keep(tx, dream, decided, now)
    await storage.finish(tx, rendered, film, files, now=now)
    if dream.succeeding == rendered.number:
        await put_before_all(tx, initiative, dream, rendered.number, person=None, now=now)
    return True


async def fail(tx: Transaction, mine: Claim, reason: str, *, scene_id: UUID | None = None, now: datetime) -> None:
    """Say why no film comes of a claim; nothing happens where it is lost."""
    dream = await dreams.lock(tx, mine.dream_id)
    version = await storage.claimed(tx, mine)
    if dream is None or version is None:
        return
    failed, decided = domain.fail(dream, version, reason, scene_id)
    await keep(tx, dream, decided, now)
    await storage.fail(tx, failed, reason, scene_id, now=now)
    await films.forget(tx, films.ids_of(version.render_id).values(), now=now)


async def put_back(tx: Transaction, mine: Claim, *, now: datetime) -> None:
    """Give a claim back, to be taken up by another as if nothing had been; nothing happens where it is lost."""
    await dreams.lock(tx, mine.dream_id)
    version = await storage.claimed(tx, mine)
    if version is not None:
        await storage.save(tx, [domain.put_back(version)], now=now)


async def _job(tx: Transaction, mine: Claim, version: Version) -> Job:
    told = await dreams.told(tx, [part.contribution_id for part in version.parts])
    english = await translations.words(tx, [part.id for part in version.parts])
    to_show = shots(version.scenes, version.parts, {one: words for one, (words, _) in told.items()}, english)
    named = {person for shot in to_show for person in shot.by}
    return Job(
        mine,
        version,
        to_show,
        {one: media_id for one, (_, media_id) in told.items() if media_id is not None},
        await people.names(tx, sorted(named)),
    )
