"""What the tests of services share: an identity provider of their own, and a running service to talk to."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from httpx import ASGITransport, AsyncClient
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from dorpsplein.identity import Role, Verifier, pseudonym
from dorpsplein.migrating import migrate, migrations_of
from dorpsplein.service import Runtime, Service
from dorpsplein_local.databases import DatabaseUrls

ISSUER = "http://issuer.test"
AUDIENCE = "dorpsplein"
SECRET = "the secret of the tests"
KEY = ECKey.generate_key("P-256", auto_kid=True)

ROLES = {
    "anna": Role.RESIDENT,
    "bram": Role.ARRANGER,
    "chris": Role.COFINANCIER,
    "dora": Role.ALDERMAN,
    "erik": Role.COUNCIL_CORE,
    "otto": Role.OPERATOR,
    "petra": Role.PANEL,
    "saar": Role.SERVICE,
    "theo": Role.TREASURER,
}
"""The people of the local run; anyone else is a resident."""


def token(subject: str, *roles: Role, key: ECKey = KEY, **claims: Any) -> str:
    """A token of a person, with their own role unless others are given; `claims` replace the usual ones."""
    held = roles or (ROLES.get(subject, Role.RESIDENT),)
    usual = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": subject,
        "azp": "tests",
        "exp": int(time.time()) + 3600,
        "roles": [role.value for role in held],
    }
    return jwt.encode({"alg": "ES256", "kid": key.kid}, {**usual, **claims}, key, algorithms=["ES256"])


def login(subject: str, *roles: Role) -> dict[str, str]:
    """The header that says who is asking."""
    return {"Authorization": f"Bearer {token(subject, *roles)}"}


def person(subject: str) -> UUID:
    """The pseudonym every service computes for a person."""
    return pseudonym(SECRET, ISSUER, subject)


def verifier() -> Verifier:
    """A verifier that knows the tests' key and asks nobody."""
    return Verifier(ISSUER, "http://issuer.test/jwks", AUDIENCE, SECRET, _keys=KeySet([KEY]))


@dataclass(frozen=True)
class Running:
    """A service at work: its runtime, and a client whose base is its `/v1`."""

    runtime: Runtime
    client: AsyncClient


@asynccontextmanager
async def running(
    service: Service,
    urls: DatabaseUrls,
    *,
    kafka: str = "",
    topic_prefix: str = "",
    settings: Mapping[str, Any] | None = None,
) -> AsyncIterator[Running]:
    """Run a service on a migrated database: HTTP alone, or with relay and consumers where `kafka` is given."""
    await migrate(urls.migration, migrations_of(service.package))
    chosen = service.settings(
        **{
            "environment": "local",
            "role": "all" if kafka else "api",
            "database_url": urls.application,
            "migration_url": urls.migration,
            "kafka_bootstrap_servers": kafka or "localhost:1",
            "topic_prefix": topic_prefix,
            "topic_partitions": 2,
            "issuer": ISSUER,
            "pseudonym_secret": SECRET,
            **(settings or {}),
        }
    )
    runtime = Runtime(service, chosen)
    runtime.verifier = verifier()
    transport = ASGITransport(app=runtime.app())
    async with runtime, AsyncClient(transport=transport, base_url="http://service.test/v1") as client:
        yield Running(runtime, client)
