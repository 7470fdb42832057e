"""A development identity provider: it lets anyone be anyone, so it starts in the local run only."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from dorpsplein.identity import Role
from dorpsplein_local.errors import CannotRun
from dorpsplein_local.files import write_private

ISSUER = "http://dorpsplein.localhost/dev-issuer"
"""The name in every token. It is no address, so that a person stays the same when the gateway's port changes."""

AUDIENCE = "dorpsplein"
CLIENT = "dorpsplein-local"
VALID_FOR_S = 12 * 3600


@dataclass(frozen=True)
class Person:
    """Somebody to log in as."""

    subject: str
    name: str
    role: Role


PEOPLE = {
    person.subject: person
    for person in (
        Person("anna", "Anna de Vries", Role.RESIDENT),
        Person("bram", "Bram Jansen", Role.ARRANGER),
        Person("chris", "Chris Bakker", Role.COFINANCIER),
        Person("dora", "Dora Visser", Role.ALDERMAN),
        Person("erik", "Erik Smit", Role.COUNCIL_CORE),
        Person("otto", "Otto Mulder", Role.OPERATOR),
        Person("petra", "Petra Kok", Role.PANEL),
        Person("saar", "Saar", Role.SERVICE),
        Person("theo", "Theo Mol", Role.TREASURER),
    )
}
IN_THE_TABLE = ("anna", "bram", "chris")


class Issuer:
    """Mints tokens with a key that is kept in the data folder, readable by its owner only."""

    def __init__(self, data: Path, environment: str) -> None:
        """Load the key, or make it the first time. Raises CannotRun unless the environment is `local`."""
        if environment != "local":
            raise CannotRun(
                f"The development issuer starts only with DORPSPLEIN_ENVIRONMENT=local, not {environment!r}; "
                "point DORPSPLEIN_ISSUER and DORPSPLEIN_JWKS_URL at a real identity provider."
            )
        path = data / "key.json"
        if not path.exists():
            key = ECKey.generate_key("P-256", auto_kid=True)
            write_private(path, json.dumps(key.as_dict(private=True)))
        self._key = ECKey.import_key(json.loads(path.read_text()))

    def token(self, person: Person, valid_for_s: int = VALID_FOR_S) -> str:
        """Return a bearer token (ES256) that speaks for this person until it expires."""
        now = int(time.time())
        who = {"sub": person.subject, "name": person.name, "roles": [person.role.value]}
        terms = {"iss": ISSUER, "aud": AUDIENCE, "azp": CLIENT, "iat": now, "exp": now + valid_for_s}
        header = {"alg": "ES256", "typ": "JWT", "kid": self._key.kid}
        return jwt.encode(header, {**terms, **who}, self._key, algorithms=["ES256"])

    def keys(self) -> dict[str, Any]:
        """Return the public keys, as the JWKS document."""
        return {"keys": [{**self._key.as_dict(private=False), "use": "sig", "alg": "ES256"}]}

    def discovery(self, base_url: str) -> dict[str, Any]:
        """Return the OpenID Connect discovery document for whoever reaches the issuer at `base_url`."""
        return {
            "issuer": ISSUER,
            "jwks_uri": f"{base_url}/jwks",
            "response_types_supported": ["token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        }


def person_called(name: str) -> Person:
    """Return who goes by this subject or first name. Raises CannotRun with the names there are."""
    person = PEOPLE.get(name.strip().lower().split(" ")[0]) if name.strip() else None
    if person is None:
        raise CannotRun(f"Nobody here is called {name!r}; there are {', '.join(PEOPLE)}.")
    return person
