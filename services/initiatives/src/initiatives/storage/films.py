"""The files of films: media that nobody owns, seen by anyone while their version is published."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid5

from dorpsplein.database import Transaction
from dorpsplein.settings import NAMESPACE
from initiatives.domain.dreams.versions import Version
from initiatives.media.store import media_prefix
from initiatives.storage import dream_versions as versions
from initiatives.storage import media, removals

NAMES = ("h264", "av1", "nl", "en", "poster")
"""What a film consists of: itself twice, captions in Dutch and English, and a picture to put before it."""
DISCARD = """
    with unused as (delete from media_uses where media_id = any($1::uuid[]))
    delete from media where id = any($1::uuid[]) and owner_id is null
"""


def ids_of(render_id: UUID) -> Mapping[str, UUID]:
    """The media of a render by what they are: always the same, so that one that starts again leaves nothing behind."""
    return {name: uuid5(NAMESPACE, f"film/{render_id}/{name}") for name in NAMES}


async def show(tx: Transaction, version: Version) -> None:
    """Let anyone see the film of a version."""
    for media_id in ids_of(version.render_id).values():
        await media.use(tx, media_id, "film", version.render_id)


async def discard(tx: Transaction, dream_id: UUID, numbers: Sequence[int], *, now: datetime) -> None:
    """Take the films of these versions away for good, where there are any."""
    stored = await versions.files(tx, dream_id, numbers)
    await forget(tx, [media_id for files in stored for media_id in files.values()], now=now)


async def forget(tx: Transaction, media_ids: Iterable[UUID], *, now: datetime) -> None:
    """Take media that were made here away, whatever they stand in; their bytes follow by themselves."""
    ids = list(media_ids)
    if ids:
        await tx.execute(DISCARD, ids)
        await removals.note(tx, [media_prefix(media_id) for media_id in ids], now)
