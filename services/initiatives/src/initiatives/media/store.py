"""Where the bytes of media are: a folder by default, a bucket of S3 by setting. A key holds ids, never a name."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from obstore.exceptions import BaseError
from obstore.store import ObjectStore, from_url

from dorpsplein.errors import Transient
from initiatives.settings import InitiativesSettings

PIECE_BYTES = 1_000_000


class Missing(Exception):
    """There is no object under this key."""


class Store:
    """The objects of one deployment. Every method raises Transient while the store cannot be reached.

    An object is there as a whole or not at all. On a folder that holds against a kill of the process; against a
    power cut it holds as far as the file system does.
    """

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    async def put(self, key: str, content: bytes) -> None:
        """Store bytes, over what was there."""
        with _reaching(key):
            await self._objects.put_async(key, content)

    async def put_file(self, key: str, path: Path) -> None:
        """Store a file, over what was there; a large one goes in parts and is never whole in memory."""
        with _reaching(key):
            await self._objects.put_async(key, path)

    async def fetch(self, keys: Sequence[str], path: Path) -> None:
        """Write objects into one file, one after the other. Raises Missing."""
        with path.open("wb") as file:
            for key in keys:
                async for piece in self.stream(key):
                    await asyncio.to_thread(file.write, piece)

    async def stream(self, key: str, part: tuple[int, int] | None = None) -> AsyncIterator[bytes]:
        """The bytes of an object, or of its part from one byte up to another, in pieces. Raises Missing."""
        with _reaching(key):
            found = await self._objects.get_async(key, options={"range": part} if part else {})
            async for piece in found.stream(min_chunk_size=PIECE_BYTES):
                yield bytes(piece)

    async def remove_all(self, prefix: str) -> None:
        """Remove all objects under a prefix, which may be none."""
        with _reaching(prefix):
            async for found in self._objects.list(prefix):
                for one in found:
                    await self.remove(one["path"])

    async def remove(self, key: str) -> None:
        """Remove an object, where it is there."""
        with _reaching(key), suppress(FileNotFoundError):
            await self._objects.delete_async(key)


def upload_prefix(media_id: UUID) -> str:
    """Where the parts of an upload are."""
    return f"uploads/{media_id}"


def part_key(media_id: UUID, starts_at: int, attempt_id: UUID) -> str:
    """Where one part of an upload is: two requests at once never write the same object."""
    return f"{upload_prefix(media_id)}/{starts_at}-{attempt_id}"


def media_prefix(media_id: UUID) -> str:
    """Where media are that were checked."""
    return f"media/{media_id}"


def object_prefix(media_id: UUID, object_id: UUID) -> str:
    """Where one attempt to keep media puts them; the one that came through is the media's object."""
    return f"{media_prefix(media_id)}/{object_id}"


def media_key(media_id: UUID, object_id: UUID) -> str:
    """The object of media that were checked."""
    return f"{object_prefix(media_id, object_id)}/bytes"


def store_of(settings: InitiativesSettings) -> Store:
    """The store that the setting `media_url` names; without it the folder `media` in the data folder.

    Raises Transient where the folder cannot be made.
    """
    return _store(settings.media_url or (settings.data_dir.resolve() / "media").as_uri())


@lru_cache(maxsize=8)
def _store(url: str) -> Store:
    with _reaching(url):
        return Store(from_url(url, mkdir=True, automatic_cleanup=True) if url.startswith("file:") else from_url(url))


@contextmanager
def _reaching(key: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as fault:
        raise Missing(key) from fault
    except (BaseError, OSError) as fault:
        raise Transient(f"the store of media cannot be reached: {type(fault).__name__}") from fault
