"""Use media in something, make them here, take them away."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

from uuid_utils.compat import uuid7

from dorpsplein.database import Database, Transaction
from dorpsplein.errors import NotFound, Refused, Transient
from initiatives.domain import media as domain
from initiatives.domain.media import Found, Media, Status
from initiatives.media.store import Missing, Store, media_key, media_prefix, object_prefix, upload_prefix
from initiatives.storage import media as storage
from initiatives.storage import removals
from initiatives.storage.media import is_public

__all__ = ["fetch_to", "is_public", "keep", "ready", "remove", "unuse", "use"]


async def ready(tx: Transaction, media_id: UUID, owner: UUID) -> Media:
    """Media of this person that can be used; nobody removes them until the transaction ends.

    Raises NotFound("media-unknown"), also for media of others, and Refused("media-not-ready").
    """
    media = domain.refuse_others(await storage.lock_for_use(tx, media_id), owner, media_id)
    domain.refuse_unready(media)
    return media


async def use(tx: Transaction, media_id: UUID, kind: str, used_by: UUID) -> None:
    """Say that media stand in something public; from now on anyone may see them, as long as nothing of it is hidden.

    `kind` is contribution, scene, film, story …, the word that moderation hides it by. Ask for `ready` before, in the
    same transaction. Doing it again changes nothing.
    """
    await storage.use(tx, media_id, kind, used_by)


async def unuse(tx: Transaction, media_id: UUID, kind: str, used_by: UUID) -> None:
    """Say that media do not stand in something any more, for instance because consent was withdrawn."""
    await storage.unuse(tx, media_id, kind, used_by)


async def remove(tx: Transaction, media_id: UUID, person: UUID, now: datetime) -> None:
    """Take one's own media away for good, at whatever point of their life; their bytes go too.

    Raises NotFound("media-unknown") and, for what stands in something, Refused("media-in-use").
    """
    domain.refuse_others(await storage.lock(tx, media_id), person, media_id)
    if uses := await storage.uses(tx, media_id):
        raise Refused("media-in-use", f"These media stand in {uses} thing(s). Take them out there first.", uses=uses)
    await storage.delete(tx, media_id)
    await removals.note(tx, [upload_prefix(media_id), media_prefix(media_id)], now)


async def keep(
    database: Database,
    store: Store,
    path: Path,
    found: Found,
    *,
    media_id: UUID,
    description: str,
    removed_at: datetime,
    now: datetime,
) -> None:
    """Keep a file that was made here, such as the film of a dream vision, as media that nobody owns.

    Anyone may see it as soon as it is `use`d. A process that dies on the way leaves an object behind until
    `removed_at`, then it is swept away. Doing it again changes nothing.
    """
    object_id = uuid7()
    attempt = [object_prefix(media_id, object_id)]
    async with database.transaction() as tx:
        if await storage.lock(tx, media_id) is not None:
            return
        await removals.note(tx, attempt, removed_at)
        if await removals.take(tx, media_prefix(media_id)):
            # Such media were taken away before and are made again: what was there goes before, not after.
            await store.remove_all(media_prefix(media_id))
    await store.put_file(media_key(media_id, object_id), path)
    made = Media(media_id, None, Status.READY, 0, description, now, found=found, object_id=object_id)
    async with database.transaction() as tx:
        if await storage.insert(tx, made):
            await removals.forget(tx, attempt)


async def fetch_to(database: Database, store: Store, media_id: UUID, path: Path) -> Media:
    """Write media that are ready into a file. Raises NotFound("media-unknown"), Refused("media-not-ready")."""
    async with database.connection() as connection:
        known = (await storage.read(connection, [media_id])).get(media_id)
    if known is None:
        raise NotFound("media-unknown", f"There is no media {media_id}.")
    media, _ = known
    domain.refuse_unready(media)
    assert media.object_id is not None
    try:
        await store.fetch([media_key(media.id, media.object_id)], path)
    except Missing as fault:
        raise Transient(f"the bytes of media {media_id} are not there") from fault
    return media
