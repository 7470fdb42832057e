"""Media: how an upload arrives, is checked and becomes something to see or hear, and why it may be refused.

Nothing here is told to other services: media stay in this one, behind links that last for minutes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from dorpsplein.errors import Conflict, Gone, Invalid, NotFound, Refused, TooLarge

MOST_PARTS = 2_000
"""Of one upload; who sends it in smaller pieces is at it to wear something out."""


class Status(StrEnum):
    """Where media are in their life."""

    UPLOADING = "uploading"
    CHECKING = "checking"
    READY = "ready"
    REFUSED = "refused"


class Kind(StrEnum):
    """What it is to people."""

    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    CAPTIONS = "captions"


class Refusal(StrEnum):
    """Why an upload was refused after a look inside."""

    NOT_TAKEN = "type-not-taken"
    BROKEN = "broken"
    TOO_MANY_PIXELS = "too-many-pixels"
    TOO_LONG = "too-long"
    MOVING_IMAGE = "moving-image"
    CODING_NOT_TAKEN = "coding-not-taken"
    TOO_HEAVY = "too-heavy"


WHY: Mapping[Refusal, str] = {
    Refusal.NOT_TAKEN: "What is in it is no image, sound or film that is taken: JPEG, PNG, WebP, GIF, MP4, MOV, WebM, "
    "M4A, MP3, Ogg or WAV. Its name does not count.",
    Refusal.BROKEN: "It cannot be read to its end: it is damaged or cut off.",
    Refusal.TOO_MANY_PIXELS: "The image is larger than is taken, or says so.",
    Refusal.TOO_LONG: "It lasts longer than is taken.",
    Refusal.MOVING_IMAGE: "It is an image that moves. Send it as a film.",
    Refusal.CODING_NOT_TAKEN: "Its sound or picture is coded in a way that not every browser plays.",
    Refusal.TOO_HEAVY: "Looking inside took more time or memory than an upload may ask for.",
}
"""What a refusal says to who uploaded it."""

MOVES: Mapping[str, tuple[frozenset[Status], Status]] = {
    "complete": (frozenset({Status.UPLOADING}), Status.CHECKING),
    "accept": (frozenset({Status.CHECKING}), Status.READY),
    "refuse": (frozenset({Status.CHECKING}), Status.REFUSED),
}
"""Every move there is: from which statuses, to which."""


@dataclass(frozen=True, slots=True)
class Found:
    """What media turned out to be. `digest` is the SHA-256 of the `size` bytes that are kept."""

    kind: Kind
    content_type: str
    size: int
    digest: bytes
    width: int | None = None
    height: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Media:
    """Media as they stand. `received` of `length` bytes of an upload are stored; `owner_id` None: made here."""

    id: UUID
    owner_id: UUID | None
    status: Status
    length: int
    description: str
    created_at: datetime
    received: int = 0
    parts: int = 0
    expires_at: datetime | None = None
    found: Found | None = None
    refusal: Refusal | None = None
    object_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Begin:
    """An upload that somebody announces; `length` in bytes."""

    media_id: UUID
    person: UUID
    length: int
    description: str


def begin(command: Begin, *, most: int, now: datetime, expires_at: datetime) -> Media:
    """An upload of which nothing has come yet. Raises TooLarge("upload-too-large"), Invalid("upload-empty")."""
    if command.length < 1:
        raise Invalid("upload-empty", "An upload has at least one byte.")
    if command.length > most:
        raise TooLarge("upload-too-large", f"An upload has at most {most} bytes.", most_bytes=most)
    return Media(
        id=command.media_id,
        owner_id=command.person,
        status=Status.UPLOADING,
        length=command.length,
        description=command.description,
        created_at=now,
        expires_at=expires_at,
    )


def refuse_others(media: Media | None, person: UUID, media_id: UUID) -> Media:
    """The media, when they are this person's own; else NotFound, so that nobody learns what others have."""
    if media is None or media.owner_id != person:
        raise NotFound("media-unknown", f"There is no media {media_id} of yours.")
    return media


def refuse_expired(media: Media, now: datetime) -> None:
    """Raises Gone("upload-expired") when it was not complete in time."""
    if media.status is Status.UPLOADING and media.expires_at and media.expires_at <= now:
        raise Gone("upload-expired", "This upload was not complete in time. Begin it again.")


def refuse_unfitting(media: Media, offset: int, size: int, now: datetime) -> None:
    """Raises what says no to `size` more bytes at `offset`.

    Gone("upload-expired"), Conflict("offset-mismatch") unless it goes on where it is, TooLarge("more-than-announced").
    """
    refuse_expired(media, now)
    if offset != media.received:
        raise Conflict("offset-mismatch", f"Of this upload {media.received} bytes are here.", offset=media.received)
    if size > media.length - media.received:
        raise TooLarge("more-than-announced", f"{media.length} bytes were announced.", length=media.length)


def arrive(media: Media, offset: int, sizes: tuple[int, ...], now: datetime) -> Media:
    """The upload with these parts; with its last byte it waits for its check.

    Raises what `refuse_unfitting` does, and TooLarge("too-many-parts").
    """
    refuse_unfitting(media, offset, sum(sizes), now)
    if media.parts + len(sizes) > MOST_PARTS:
        raise TooLarge("too-many-parts", f"Send larger pieces: an upload has at most {MOST_PARTS} parts.")
    after = replace(media, received=offset + sum(sizes), parts=media.parts + len(sizes))
    return after if after.received < after.length else replace(after, status=_moved(media, "complete"))


def accept(media: Media, found: Found, object_id: UUID) -> Media:
    """They are what they should be and can be used."""
    return replace(media, status=_moved(media, "accept"), found=found, object_id=object_id)


def refuse(media: Media, refusal: Refusal) -> Media:
    """They are not taken; why is kept until the upload would have expired."""
    return replace(media, status=_moved(media, "refuse"), refusal=refusal)


def refuse_unready(media: Media) -> None:
    """Raises Refused("media-not-ready") for what cannot be used (yet)."""
    if media.status is not Status.READY:
        raise Refused("media-not-ready", f"These media are {media.status}, not ready.")


def _moved(media: Media, verb: str) -> Status:
    sources, target = MOVES[verb]
    if media.status not in sources:
        raise Refused("illegal-media-move", f"These media are {media.status}.")
    return target
