"""What answers about media look like. Tests hold the answers to it."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from dorpsplein.fields import View
from initiatives.domain.media import WHY, Kind, Refusal, Status
from initiatives.domain.media import Media as Stored
from initiatives.media.links import Links


class MediaRefusal(View):
    """Why an upload was refused after a look inside."""

    code: Refusal
    detail: str


class Media(View):
    """An image, a sound or a film. `content` is where it can be read until `contentExpiresAt`, when it is ready."""

    id: UUID
    status: Status
    kind: Kind | None
    content_type: str | None
    bytes: int | None
    width: int | None = Field(description="In pixels.")
    height: int | None = Field(description="In pixels.")
    seconds: float | None
    description: str = Field(description="What is to be seen or heard, by who uploaded it: the text alternative.")
    refusal: MediaRefusal | None
    content: str | None = Field(description="A path below the address of this API, `/v1` included.")
    content_expires_at: datetime | None


class MediaList(View):
    """Media by id; those that are not there, or not for everyone to see, are left out."""

    items: list[Media]


def view_of(media: Stored, links: Links, now: datetime) -> Media:
    """Media as they are shown, with a fresh link where there is something to read."""
    found, is_ready = media.found, media.status is Status.READY
    return Media(
        id=media.id,
        status=media.status,
        kind=found.kind if found else None,
        content_type=found.content_type if found else None,
        bytes=found.size if found else None,
        width=found.width if found else None,
        height=found.height if found else None,
        seconds=found.seconds if found else None,
        description=media.description,
        refusal=MediaRefusal(code=media.refusal, detail=WHY[media.refusal]) if media.refusal else None,
        content=links.link_of(media.id, now) if is_ready else None,
        content_expires_at=links.expires_at(now) if is_ready else None,
    )
