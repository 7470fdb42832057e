"""Codes that hang at a place or lie on a table at a session: whoever shows one has been there.

A code is a JSON Web Token (RFC 7519), signed with HMAC-SHA-256 under a key of this deployment. It names what it is
for and until when it counts, and nobody.
"""

import hashlib
import hmac
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from dorpsplein.errors import Refused

ALGORITHM = "HS256"
LONGEST = 1_000
"""A longer text is no code."""


class For(StrEnum):
    """What a code is for."""

    PLACE = "place"
    SESSION = "session"


def key_of(secret: str) -> OctKey:
    """The key codes are signed with, apart from all else the deployment's secret is used for."""
    return OctKey.import_key(hmac.digest(secret.encode(), b"presence codes", hashlib.sha256))


def sign(key: OctKey, what: For, ref: UUID, until: datetime) -> str:
    """The code of a place or a session, which counts until a moment."""
    return jwt.encode({"alg": ALGORITHM}, {"for": what, "ref": str(ref), "exp": int(until.timestamp())}, key)


def refuse_other(key: OctKey, code: str, what: For, ref: UUID, now: datetime) -> None:
    """Refuse a code that is not the one of this place or session.

    Raises Refused("code-forged") for what we did not sign, ("code-elsewhere") for that of another place or session,
    or ("code-expired").
    """
    try:
        if len(code) > LONGEST:
            raise ValueError("too long")
        claims = jwt.decode(code, key, algorithms=[ALGORITHM]).claims
        about, until = (claims["for"], claims["ref"]), int(claims["exp"])
    except (JoseError, ValueError, KeyError, TypeError) as fault:
        raise Refused("code-forged", "This is no code of ours; scan the one that hangs here.") from fault
    if about != (what, str(ref)):
        raise Refused("code-elsewhere", f"This is the code of another {claims['for']}; scan the one that hangs here.")
    if now.timestamp() >= until:
        raise Refused("code-expired", "This code is too old; scan the one that hangs here now.")
