"""The development identity provider: its tokens are good, and it stays at home."""

import stat
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from dorpsplein.errors import Unauthenticated
from dorpsplein.identity import Role, Verifier, pseudonym
from dorpsplein_local.errors import CannotRun
from dorpsplein_local.issuer import AUDIENCE, ISSUER, PEOPLE, Issuer, person_called

SECRET = "a secret of the deployment"


@pytest.fixture
def verifier(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Verifier:
    """The services' own verifier, which gets the keys of the issuer in `tmp_path`."""
    keys = Issuer(tmp_path, "local").keys()

    async def get(*_: object) -> SimpleNamespace:
        return SimpleNamespace(raise_for_status=lambda: None, json=lambda: keys)

    monkeypatch.setattr(httpx.AsyncClient, "get", get)
    return Verifier(ISSUER, "http://127.0.0.1/dev-issuer/jwks", AUDIENCE, SECRET)


async def test_a_service_knows_who_a_token_speaks_for(tmp_path: Path, verifier: Verifier) -> None:
    caller = await verifier.caller(Issuer(tmp_path, "local").token(PEOPLE["bram"]))
    assert caller.id == pseudonym(SECRET, ISSUER, "bram")
    assert caller.roles == {Role.ARRANGER}
    assert caller.client == "dorpsplein-local"


async def test_the_token_of_another_issuer_is_refused(tmp_path: Path, verifier: Verifier) -> None:
    other = Issuer(tmp_path / "other", "local")
    with pytest.raises(Unauthenticated):
        await verifier.caller(other.token(PEOPLE["bram"]))


async def test_a_token_is_refused_after_its_time(tmp_path: Path, verifier: Verifier) -> None:
    late = Issuer(tmp_path, "local").token(PEOPLE["anna"], valid_for_s=-60)
    with pytest.raises(Unauthenticated):
        await verifier.caller(late)


def test_the_key_is_kept_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first = Issuer(tmp_path, "local").keys()
    assert Issuer(tmp_path, "local").keys() == first
    assert stat.S_IMODE((tmp_path / "key.json").stat().st_mode) == 0o600
    assert "d" not in first["keys"][0]


@pytest.mark.parametrize("environment", ["production", "", "LOCAL"])
def test_it_refuses_to_start_outside_the_local_run(tmp_path: Path, environment: str) -> None:
    with pytest.raises(CannotRun, match="starts only with DORPSPLEIN_ENVIRONMENT=local"):
        Issuer(tmp_path, environment)
    assert not (tmp_path / "key.json").exists()


def test_people_are_found_by_first_name_and_strangers_are_not() -> None:
    assert person_called("Anna de Vries").subject == "anna"
    with pytest.raises(CannotRun, match="there are anna, bram"):
        person_called("zeno")
