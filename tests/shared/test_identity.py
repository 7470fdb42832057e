"""Bearer tokens: the attacks that must not work, keys that change, and pseudonyms."""

import base64
import functools
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from uuid import RFC_4122, UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from tests.support import AUDIENCE, ISSUER, KEY, SECRET, person, token, verifier

from dorpsplein import identity
from dorpsplein.errors import Forbidden, Transient, Unauthenticated
from dorpsplein.identity import Role, Verifier, allow, pseudonym, require

RSA = RSAKey.generate_key(2048, auto_kid=True)
JWKS = "http://issuer.test/jwks"


def part(document: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def parts(text: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    head, body, signature = text.split(".")
    head, body = (base64.urlsafe_b64decode(p + "==").decode() for p in (head, body))
    return json.loads(head), json.loads(body), signature


async def refused(text: str, by: Verifier | None = None) -> str:
    with pytest.raises(Unauthenticated) as fault:
        await (by or verifier()).caller(text)
    assert fault.value.code == "token-not-valid"
    return fault.value.detail


async def test_a_good_token_says_who_is_asking() -> None:
    caller = await verifier().caller(token("anna"))
    assert caller.id == person("anna")
    assert caller.roles == {Role.RESIDENT}
    assert caller.client == "tests"


async def test_a_token_without_signature_is_refused() -> None:
    _, claims, _ = parts(token("anna"))
    for algorithm in ("none", "None", "NONE"):
        await refused(f"{part({'alg': algorithm, 'kid': KEY.kid})}.{part(claims)}.")


async def test_a_token_signed_with_the_public_key_as_a_secret_is_refused() -> None:
    """The classic confusion: HS256, with what everyone can read as the key."""
    _, claims, _ = parts(token("anna"))
    keyring = Verifier(ISSUER, JWKS, AUDIENCE, SECRET, _keys=KeySet([RSA]))
    for secret in (
        RSA.as_pem(private=False),
        RSA.as_der(private=False),
        json.dumps(RSA.as_dict(private=False)).encode(),
    ):
        signed = f"{part({'alg': 'HS256', 'kid': RSA.kid})}.{part(claims)}"
        mac = hmac.digest(secret, signed.encode(), hashlib.sha256)
        await refused(f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}", keyring)


async def test_a_token_with_changed_roles_is_refused() -> None:
    head, claims, signature = parts(token("anna"))
    await refused(f"{part(head)}.{part({**claims, 'roles': ['operator']})}.{signature}")


async def test_a_token_for_another_audience_or_for_none_is_refused() -> None:
    await refused(token("anna", aud="another"))
    head, claims, _ = parts(token("anna"))
    del claims["aud"]
    await refused(jwt.encode(head, claims, KEY, algorithms=["ES256"]))
    assert await verifier().caller(token("anna", aud=["another", AUDIENCE]))


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": int(time.time()) - 60},
        {"exp": None},
        {"exp": "tomorrow"},
        {"iss": "http://another.test"},
        {"iss": None},
        {"sub": ""},
        {"sub": None},
        {"sub": 7},
        {"sub": ["anna"]},
        {"nbf": int(time.time()) + 86_400},
    ],
    ids=str,
)
async def test_a_token_with_a_bad_claim_is_refused(claims: dict[str, Any]) -> None:
    await refused(token("anna", **claims))


async def test_a_token_signed_by_a_stranger_is_refused_also_under_a_known_key_id() -> None:
    stranger = ECKey.generate_key("P-256", {"kid": str(KEY.kid)})
    await refused(token("anna", key=stranger))


@given(st.text(max_size=80) | st.from_regex(r"[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,20}"))
async def test_whatever_is_sent_as_a_token_is_refused_or_waits_for_keys(text: str) -> None:
    known = verifier()
    known._asked_at = time.monotonic()
    with pytest.raises(Unauthenticated):
        await known.caller(text)


async def test_a_token_is_verified_once_and_not_after_it_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    known, text = verifier(), token("anna", exp=int(time.time()) + 60)
    await known.caller(text)
    with monkeypatch.context() as without_keys:
        without_keys.setattr(known, "_claims", None)
        assert (await known.caller(text)).id == person("anna")
    now = time.time()
    monkeypatch.setattr("dorpsplein.identity.time.time", lambda: now + 120)
    await refused(text, known)


async def test_roles_come_from_a_plain_claim_or_from_keycloaks_and_unknown_ones_are_passed_by() -> None:
    head, claims, _ = parts(token("otto"))
    del claims["roles"]
    claims["realm_access"] = {"roles": ["operator", "offline_access", 7]}
    caller = await verifier().caller(jwt.encode(head, claims, KEY, algorithms=["ES256"]))
    assert caller.roles == {Role.OPERATOR}
    for odd in ("operator", 7, {"operator": True}, None):
        held: dict[str, Any] = {"roles": odd}
        assert (await verifier().caller(token("anna", **held))).roles == frozenset()


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[httpx.Request], httpx.Response]], None]:
    def answering(answer: Callable[[httpx.Request], httpx.Response]) -> None:
        client = functools.partial(httpx.AsyncClient, transport=httpx.MockTransport(answer))
        monkeypatch.setattr("dorpsplein.identity.httpx.AsyncClient", client)

    return answering


async def test_an_unknown_key_refreshes_the_keys_but_not_at_every_stranger(issuer: Any) -> None:
    published, asked = [RSA.as_dict(private=False)], []

    def answer(_: httpx.Request) -> httpx.Response:
        asked.append(1)
        return httpx.Response(200, json={"keys": published})

    issuer(answer)
    fresh = Verifier(ISSUER, JWKS, AUDIENCE, SECRET)
    await refused(token("anna"), fresh)
    published.append(KEY.as_dict(private=False))
    for _ in range(5):
        await refused(token("anna"), fresh)
    assert len(asked) == 1
    fresh._asked_at -= identity.REFRESH_KEYS_AFTER_S
    assert (await fresh.caller(token("anna"))).id == person("anna")
    assert len(asked) == 2


async def test_keys_of_other_kinds_and_uses_are_passed_by(issuer: Any) -> None:
    odd = [{"kty": "OKP", "crv": "X999", "kid": "a"}, {**RSA.as_dict(private=False), "use": "enc"}]
    issuer(lambda _: httpx.Response(200, json={"keys": [*odd, KEY.as_dict(private=False)]}))
    assert (await Verifier(ISSUER, JWKS, AUDIENCE, SECRET).caller(token("anna"))).id == person("anna")


@pytest.mark.parametrize("answer", [httpx.Response(500), httpx.Response(200, text="no"), httpx.Response(200, json=[1])])
async def test_while_the_issuer_is_away_the_answer_is_to_come_back_later(issuer: Any, answer: httpx.Response) -> None:
    issuer(lambda _: answer)
    with pytest.raises(Transient):
        await Verifier(ISSUER, JWKS, AUDIENCE, SECRET).caller(token("anna"))


@given(issuer=st.text(), subject=st.text())
def test_a_pseudonym_is_a_valid_uuid_of_version_8_and_always_the_same(issuer: str, subject: str) -> None:
    made = pseudonym("secret", issuer, subject)
    assert (made.version, made.variant) == (8, RFC_4122)
    assert made == pseudonym("secret", issuer, subject)
    assert made != pseudonym("another secret", issuer, subject)


def test_a_pseudonym_is_what_it_was_in_the_first_release() -> None:
    """Written down, as every stored id depends on it."""
    assert pseudonym("s", "i", "anna") == UUID("5b5430a9-587e-86d8-b2ad-3c0003eea6b1")


@given(st.sets(st.sampled_from(list(Role))), st.sets(st.sampled_from(list(Role))))
def test_one_allowed_role_is_enough_and_none_is_not(allowed: set[Role], held: set[Role]) -> None:
    caller = identity.Caller(UUID(int=8), frozenset(held), "")
    if allowed & held:
        require(allow(*allowed), caller)
    else:
        with pytest.raises(Forbidden):
            require(allow(*allowed), caller)
