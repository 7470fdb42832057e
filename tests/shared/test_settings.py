"""Settings: from the environment, checked, and safe in production."""

import subprocess
import sys
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from tests.shared.rig import REPOSITORY

from dorpsplein.settings import Settings


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DORPSPLEIN_ROLE", "worker")
    monkeypatch.setenv("DORPSPLEIN_DATABASE_URL", "postgresql://someone:hush@db/x")
    monkeypatch.setenv("DORPSPLEIN_SOMETHING_ELSE", "is passed by")
    settings = Settings()
    assert settings.role == "worker"
    assert "hush" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [("ROLE", "king"), ("PORT", "many"), ("DATABASE_POOL", "0"), ("OIN", "123"), ("POLL_INTERVAL_S", "-1")],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"DORPSPLEIN_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


def test_a_source_is_a_urn_under_the_municipalitys_oin() -> None:
    assert Settings().source("funding") == "urn:nld:oin:00000001000000000000:systeem:funding"


def test_production_needs_an_issuer_and_a_long_secret() -> None:
    assert len(Settings().unsafe()) == 3
    safe: dict[str, Any] = {
        "issuer": "https://id.example",
        "jwks_url": "https://id.example/jwks",
        "pseudonym_secret": SecretStr("s" * 32),
    }
    assert Settings(**safe).unsafe() == []
    assert Settings(**{**safe, "pseudonym_secret": SecretStr("short")}).unsafe() == [
        "DORPSPLEIN_PSEUDONYM_SECRET (at least 32 characters)"
    ]
    assert Settings(environment="local").unsafe() == []


def test_an_unsafe_process_does_not_start() -> None:
    """And failpoints are for the local environment only."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.shared.worker", "relay"],
        cwd=REPOSITORY,
        env={"PATH": "/usr/bin:/bin", "DORPSPLEIN_FAILPOINTS": "before_tx=kill"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "DORPSPLEIN_ISSUER" in done.stderr
