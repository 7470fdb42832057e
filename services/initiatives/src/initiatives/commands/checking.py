"""Look inside complete uploads, in whichever worker is free, and remove what is to go from the store."""

import asyncio
import logging
import shutil
import time
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from uuid import UUID

from uuid_utils.compat import uuid7

from dorpsplein.database import Database
from dorpsplein.errors import Transient
from dorpsplein.service import Runtime
from initiatives.domain import media as domain
from initiatives.domain.media import Found, Refusal, Status
from initiatives.media import inspecting
from initiatives.media.inspecting import Limits
from initiatives.media.store import Missing, Store, media_key, object_prefix, part_key, store_of, upload_prefix
from initiatives.settings import InitiativesSettings
from initiatives.storage import media as storage
from initiatives.storage import removals
from initiatives.storage.media import Claimed

CLAIM_LASTS = timedelta(minutes=10)
MOST_ATTEMPTS = 3
"""An upload that ends the process that looks into it is refused after so many."""
POLL_S = 0.5
FOLDER = "dorpsplein-media-"
MOST_REMOVALS = 10
"""In one transaction, which lasts as long as the store takes."""

log = logging.getLogger(__name__)


async def check_next(database: Database, store: Store, limits: Limits, now: datetime) -> bool:
    """Check the upload that waits longest for it; False where none waits.

    One that a process died over is taken up by another when its claim ends. Raises Transient where the database or
    the store is away; what was claimed is given back.
    """
    async with database.transaction() as tx:
        claimed = await storage.claim(tx, now, now + CLAIM_LASTS)
    if claimed is None:
        return False
    try:
        await _check(database, store, limits, claimed, now)
    except Transient:
        async with database.transaction() as tx:
            await storage.release(tx, claimed.media.id)
        raise
    return True


async def sweep(database: Database, store: Store, now: datetime) -> int:
    """Remove from the store what is due to go; returns how many prefixes that were.

    A process that dies on the way leaves it noted, and it is done again. Raises Transient.
    """
    swept = 0
    while True:
        async with database.transaction() as tx:
            prefixes = await removals.due(tx, now, MOST_REMOVALS)
            for prefix in prefixes:
                await store.remove_all(prefix)
            await removals.forget(tx, prefixes)
        if not prefixes:
            return swept
        swept += len(prefixes)


async def check(runtime: Runtime) -> None:
    """Check uploads for ever. Where what it takes is not installed they wait for a process that has it."""
    settings = runtime.settings
    assert isinstance(settings, InitiativesSettings)
    if missing := inspecting.missing():
        log.warning("uploads are not checked by this process: %s is not installed", missing)
        await asyncio.Event().wait()
    await asyncio.to_thread(_forget_old_folders)
    limits = Limits(seconds=settings.media_most_seconds)
    while True:
        if not await check_next(runtime.database, store_of(settings), limits, runtime.outbox.clock()):
            await asyncio.sleep(POLL_S)


def _forget_old_folders() -> None:
    """Remove what processes that were killed while they looked inside left on this machine."""
    old = time.time() - 2 * CLAIM_LASTS.total_seconds()
    for folder in Path(gettempdir()).glob(f"{FOLDER}*"):
        if folder.stat().st_mtime < old:
            shutil.rmtree(folder, ignore_errors=True)


async def keep_clean(runtime: Runtime) -> None:
    """Sweep for ever."""
    settings = runtime.settings
    assert isinstance(settings, InitiativesSettings)
    while True:
        await sweep(runtime.database, store_of(settings), runtime.outbox.clock())
        await asyncio.sleep(POLL_S)


async def _check(database: Database, store: Store, limits: Limits, claimed: Claimed, now: datetime) -> None:
    """Look inside, keep what came of it, and only then say so; until then a sweep would take it away."""
    media_id, object_id = claimed.media.id, uuid7()
    with TemporaryDirectory(prefix=FOLDER) as folder:
        original, cleaned = Path(folder, "original"), Path(folder, "cleaned")
        found = await _inspected(store, limits, claimed, original, cleaned)
        if isinstance(found, Found):
            async with database.transaction() as tx:
                await removals.note(tx, [object_prefix(media_id, object_id)], now + CLAIM_LASTS + CLAIM_LASTS)
            await store.put_file(media_key(media_id, object_id), cleaned)
    if not await _decide(database, media_id, object_id, found, now):
        await store.remove(media_key(media_id, object_id))


async def _inspected(store: Store, limits: Limits, claimed: Claimed, original: Path, cleaned: Path) -> Found | Refusal:
    if claimed.attempts > MOST_ATTEMPTS:
        return Refusal.TOO_HEAVY
    media_id = claimed.media.id
    try:
        await store.fetch([part_key(media_id, part.starts_at, part.attempt_id) for part in claimed.parts], original)
    except Missing:
        log.exception("a part of upload %s is gone", media_id)
        return Refusal.BROKEN
    if original.stat().st_size != claimed.media.length:
        log.error("upload %s is %d bytes in the store, not %d", media_id, original.stat().st_size, claimed.media.length)
        return Refusal.BROKEN
    return await inspecting.inspect(original, cleaned, limits)


async def _decide(database: Database, media_id: UUID, object_id: UUID, found: Found | Refusal, now: datetime) -> bool:
    """Store what was found; False where the upload was taken away or another process was first."""
    async with database.transaction() as tx:
        media = await storage.lock(tx, media_id)
        if media is None or media.status is not Status.CHECKING:
            return False
        after = domain.accept(media, found, object_id) if isinstance(found, Found) else domain.refuse(media, found)
        await storage.decide(tx, after)
        await removals.forget(tx, [object_prefix(media_id, object_id)])
        await removals.note(tx, [upload_prefix(media_id)], now)
    return True
