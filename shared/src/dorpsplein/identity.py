"""Who is asking: OIDC bearer tokens, roles, pseudonyms, and the table of who may do what.

Tokens are verified with fixed algorithms and `iss`, `aud`, `exp`, `sub`; keys come from the issuer's JWKS, cached
and fetched again on an unknown `kid`. A person's id is computed by every service alike, so none stores names.
"""

import asyncio
import hashlib
import hmac
import json
import logging
import time
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from dorpsplein.errors import Forbidden, Transient, Unauthenticated

ALGORITHMS = ["PS256", "RS256", "ES256"]
KEY_TYPES = ("RSA", "EC")
REFRESH_KEYS_AFTER_S = 10.0
ASK_AGAIN_AFTER_S = 1.0
CLOCK_LEEWAY_S = 10
MOST_CACHED_TOKENS = 10_000


class Role(StrEnum):
    """What someone is to the village square; a person may have several."""

    RESIDENT = "resident"
    ARRANGER = "arranger"
    ALDERMAN = "alderman"
    COUNCIL_CORE = "council-core"
    COUNCIL_INSPIRATOR = "council-inspirator"
    COFINANCIER = "co-financier"
    PROMOTER = "promoter"
    PANEL = "community-panel"
    TREASURER = "treasurer"
    OPERATOR = "operator"
    SERVICE = "service"


log = logging.getLogger(__name__)
KNOWN_ROLES = frozenset(role.value for role in Role)


@dataclass(frozen=True, slots=True)
class Caller:
    """Someone who proved who they are: their pseudonym, roles, and the client they came through."""

    id: UUID
    roles: frozenset[Role]
    client: str


def pseudonym(secret: str, issuer: str, subject: str) -> UUID:
    """A person's id: HMAC-SHA-256 of issuer and subject under the deployment's secret, as UUID version 8."""
    digest = hmac.digest(secret.encode(), f"{issuer}\n{subject}".encode(), hashlib.sha256)
    number = int.from_bytes(digest[:16])
    number = number & ~(0xF << 76) | (0x8 << 76)
    number = number & ~(0x3 << 62) | (0x2 << 62)
    return UUID(int=number)


@dataclass
class Verifier:
    """Verifies bearer tokens of one issuer. Keeps what it verified until it expires."""

    issuer: str
    jwks_url: str
    audience: str
    secret: str
    _keys: KeySet | None = None
    _asked_at: float = float("-inf")
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _known: dict[str, tuple[Caller, float]] = field(default_factory=dict)

    async def caller(self, token: str) -> Caller:
        """Who the token speaks for. Raises Unauthenticated, or Transient while the issuer is away."""
        known = self._known.get(token)
        if known is not None and known[1] > time.time():
            return known[0]
        claims = await self._claims(token)
        caller = Caller(
            id=pseudonym(self.secret, self.issuer, claims["sub"]),
            roles=frozenset(Role(role) for role in _roles(claims) if role in KNOWN_ROLES),
            client=str(claims.get("azp") or claims.get("client_id") or ""),
        )
        if len(self._known) >= MOST_CACHED_TOKENS:
            self._known.clear()
        self._known[token] = (caller, float(claims["exp"]))
        return caller

    async def _claims(self, token: str) -> dict[str, Any]:
        registry = jwt.JWTClaimsRegistry(
            leeway=CLOCK_LEEWAY_S,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self.audience},
            exp={"essential": True},
            sub={"essential": True, "allow_blank": False},
        )
        keys = await self._keys_for(token)
        try:
            claims = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
            registry.validate(claims)
        except (JoseError, ValueError, TypeError, KeyError) as fault:
            raise Unauthenticated("token-not-valid", str(fault)) from fault
        if not isinstance(claims["sub"], str):
            raise Unauthenticated("token-not-valid", "sub must be text")
        return claims

    async def _keys_for(self, token: str) -> KeySet:
        """The issuer's keys, asked for again when the token's is not among them, but not at every stranger's."""
        kid = _header(token).get("kid")
        if not self._has(kid):
            async with self._asking:
                pause = REFRESH_KEYS_AFTER_S if self._keys else ASK_AGAIN_AFTER_S
                if not self._has(kid) and time.monotonic() - self._asked_at >= pause:
                    await self._ask_for_keys()
        if self._keys is None:
            raise Transient("the identity provider has not answered yet")
        return self._keys

    def _has(self, kid: Any) -> bool:
        return self._keys is not None and any(key.kid == kid for key in self._keys.keys)

    async def _ask_for_keys(self) -> None:
        self._asked_at = time.monotonic()
        try:
            async with httpx.AsyncClient(timeout=5) as client:
                answer = await client.get(self.jwks_url)
                answer.raise_for_status()
            keys = [key for key in answer.json()["keys"] if key.get("use", "sig") == "sig" and key["kty"] in KEY_TYPES]
            self._keys = KeySet.import_key_set({"keys": keys})
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError, JoseError) as fault:
            log.warning("the identity provider gave no keys: %r", fault)


def _header(token: str) -> dict[str, Any]:
    head = token.split(".", 1)[0]
    try:
        header = json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, RecursionError) as fault:
        raise Unauthenticated("token-not-valid", "this is not a signed token") from fault
    if not isinstance(header, dict):
        raise Unauthenticated("token-not-valid", "this is not a signed token")
    return header


def _roles(claims: Mapping[str, Any]) -> list[str]:
    """Roles as a plain claim, or where Keycloak puts them."""
    realm = claims.get("realm_access")
    roles = claims.get("roles") or (realm.get("roles") if isinstance(realm, dict) else None) or []
    return [role for role in roles if isinstance(role, str)] if isinstance(roles, list) else []


@dataclass(frozen=True, slots=True)
class Permission:
    """Who may do an operation; with `own`, only to what is theirs (which the domain decides)."""

    roles: frozenset[Role]
    own: str | None = None


def allow(*roles: Role, own: str | None = None) -> Permission:
    """A row of a service's permission table."""
    return Permission(frozenset(roles), own)


def require(permission: Permission, caller: Caller) -> None:
    """Raises Forbidden unless one of the caller's roles is allowed."""
    if permission.roles.isdisjoint(caller.roles):
        needed = ", ".join(sorted(permission.roles))
        raise Forbidden("role-not-allowed", f"This needs one of these roles: {needed}.")
