"""Links to media that last for minutes: an HMAC over what is linked and until when."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

from dorpsplein.errors import Forbidden, Gone
from dorpsplein.settings import Settings

LASTS_S = 600
ROUNDED_TO_S = 60
"""So that who asks again within a minute gets the same link, which a browser then has already."""


@dataclass(frozen=True)
class Links:
    """Makes and checks links under one key."""

    key: bytes

    def link_of(self, media_id: UUID, now: datetime) -> str:
        """The path, `/v1` included, at which these media can be read for ten minutes, give or take a minute."""
        expires = int(self.expires_at(now).timestamp())
        return f"/v1/media/{media_id}/content?expires={expires}&signature={self._signature(media_id, expires)}"

    def expires_at(self, now: datetime) -> datetime:
        """When a link that is made now expires."""
        whole = (int(now.timestamp()) + LASTS_S) // ROUNDED_TO_S + 1
        return datetime.fromtimestamp(whole * ROUNDED_TO_S, UTC)

    def check(self, media_id: UUID, expires: int, signature: str, now: datetime) -> None:
        """Raises Forbidden("link-not-valid") for a link that was not made here, Gone("link-expired") for an old one."""
        if not hmac.compare_digest(self._signature(media_id, expires).encode(), signature.encode()):
            raise Forbidden("link-not-valid", "This link was not given out here.")
        if now >= datetime.fromtimestamp(expires, UTC):
            raise Gone("link-expired", "This link is old. Ask for the media again to get a new one.")

    def _signature(self, media_id: UUID, expires: int) -> str:
        return hmac.digest(self.key, f"{media_id}\n{expires}".encode(), hashlib.sha256).hex()


def links_of(settings: Settings) -> Links:
    """The links of this deployment; every process of it knows the same ones."""
    return _links(settings.pseudonym_secret.get_secret_value())


@lru_cache(maxsize=8)
def _links(secret: str) -> Links:
    return Links(hmac.digest(secret.encode(), b"links to media", hashlib.sha256))
