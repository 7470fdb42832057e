"""Take uploads in, in as many pieces and after as many cuts as it takes.

Bytes go to the store first and are counted after, under a lock on the upload. So what is counted is there; two
requests at once never mix, because the second to be counted finds that the upload went on without it; and nothing is
locked while somebody's slow connection sends. What was stored and never counted goes when the upload would expire.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from dorpsplein.database import Database, Transaction
from dorpsplein.errors import Refused, Rejected
from dorpsplein.timers import set_timers
from initiatives.domain import media as domain
from initiatives.domain.media import Begin, Media
from initiatives.media.store import Store, part_key, upload_prefix
from initiatives.storage import media as storage
from initiatives.storage import removals

PART_BYTES = 8 * 2**20
"""How much of an upload is in memory, and what a cut costs at most."""
LASTS = timedelta(hours=24)
LOOKED_AT_AGAIN = timedelta(hours=1)
UPLOAD_EXPIRES = "upload-expires"

Algorithm = Literal["sha1", "sha256"]


class WrongChecksum(Rejected):
    """What came is not what was sent; nothing of it is kept."""

    status = 460


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the bytes of one request must come to."""

    algorithm: Algorithm
    digest: bytes


@dataclass(frozen=True, slots=True)
class Append:
    """Bytes to go on with. `announced` is how many; with a checksum all of them are kept or none."""

    media_id: UUID
    person: UUID
    offset: int
    announced: int
    attempt_id: UUID
    now: datetime
    checksum: Checksum | None = None


async def begin(tx: Transaction, command: Begin, *, most: int, most_a_day: int, now: datetime) -> Media:
    """Begin an upload; it must be complete within 24 hours.

    Raises what the domain refuses, and Refused("upload-quota-reached") where it is too much for one day (in UTC).
    """
    media = domain.begin(command, most=most, now=now, expires_at=now + LASTS)
    if not await storage.announce(tx, command.person, command.length, most=most_a_day, now=now):
        raise Refused(
            "upload-quota-reached",
            f"A person uploads at most {most_a_day} bytes a day. Tomorrow there is room again.",
            most_bytes_a_day=most_a_day,
        )
    await storage.insert(tx, media)
    await set_timers(tx, UPLOAD_EXPIRES, {media.id: now + LASTS})
    return media


async def progress(database: Database, media_id: UUID, person: UUID, now: datetime) -> Media:
    """How far one's own upload is. Raises NotFound("media-unknown"), Gone("upload-expired")."""
    async with database.connection() as connection:
        known, _ = (await storage.read(connection, [media_id])).get(media_id, (None, False))
    media = domain.refuse_others(known, person, media_id)
    domain.refuse_expired(media, now)
    return media


async def append(database: Database, store: Store, command: Append, chunks: AsyncIterator[bytes]) -> Media:
    """Store what comes, a part at a time, each counted as soon as it is stored; returns how far the upload is.

    What came before `chunks` ended too early is kept, except with a checksum. Raises what the domain refuses, before
    anything is read where that can be known, and WrongChecksum("checksum-mismatch").
    """
    media = await progress(database, command.media_id, command.person, command.now)
    domain.refuse_unfitting(media, command.offset, command.announced, command.now)
    digest = hashlib.new(command.checksum.algorithm, usedforsecurity=False) if command.checksum else None
    starts_at, waiting = command.offset, list[int]()
    try:
        async for part in _parts(chunks):
            if digest is not None:
                digest.update(part)
            await store.put(part_key(media.id, starts_at, command.attempt_id), part)
            starts_at += len(part)
            waiting.append(len(part))
            if digest is None:
                media = await _count(database, command, starts_at, waiting)
                waiting.clear()
        if digest is not None and command.checksum is not None:
            if digest.digest() != command.checksum.digest:
                raise WrongChecksum("checksum-mismatch", "Something was lost on the way. Send this piece again.")
            media = await _count(database, command, starts_at, waiting)
    except Rejected:
        await _drop(store, command, starts_at, waiting)
        raise
    return media


async def expire(tx: Transaction, ids: Sequence[UUID], now: datetime) -> None:
    """Forget uploads that were never complete or refused, and whatever was stored of any of these and not counted.

    Those that are complete and still wait for their check, as nobody is there to make it, are looked at again later.
    """
    waiting = await storage.expire(tx, ids)
    await set_timers(tx, UPLOAD_EXPIRES, dict.fromkeys(waiting, now + LOOKED_AT_AGAIN))
    await removals.note(tx, [upload_prefix(media_id) for media_id in ids if media_id not in waiting], now)
    await storage.forget_days(tx, now)


async def _count(database: Database, command: Append, ends_at: int, sizes: Sequence[int]) -> Media:
    """Count stored parts that end at `ends_at`; they are all of these sizes, one after the other."""
    offset = ends_at - sum(sizes)
    async with database.transaction() as tx:
        media = domain.refuse_others(await storage.lock(tx, command.media_id), command.person, command.media_id)
        if not sizes:
            return media
        media = domain.arrive(media, offset, tuple(sizes), command.now)
        starts = [offset + sum(sizes[:n]) for n in range(len(sizes))]
        await storage.keep_parts(tx, media, starts, sizes, command.attempt_id)
    return media


async def _drop(store: Store, command: Append, ends_at: int, sizes: Sequence[int]) -> None:
    """Remove parts that were stored and will not be counted."""
    for size in reversed(sizes):
        ends_at -= size
        await store.remove(part_key(command.media_id, ends_at, command.attempt_id))


async def _parts(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in pieces of PART_BYTES, the last one smaller."""
    held = bytearray()
    async for chunk in chunks:
        held += chunk
        while len(held) >= PART_BYTES:
            yield bytes(held[:PART_BYTES])
            del held[:PART_BYTES]
    if held:
        yield bytes(held)
