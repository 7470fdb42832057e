"""The key of the log: made up in the local environment, asked for in production, never shown."""

from base64 import b64encode
from typing import Any

import pytest
from pydantic import ValidationError

from funding.commands.transparency import signer_of
from funding.settings import FundingSettings

SEED = bytes(range(32))
KEY = b64encode(SEED).decode()


def settings(**given: Any) -> FundingSettings:
    return FundingSettings(**{"environment": "local", "pseudonym_secret": "s" * 32, **given})


def missing(**given: Any) -> bool:
    return any("LOG_KEY" in name for name in settings(**given).unsafe())


def test_production_asks_for_a_key_where_the_log_is_written():
    assert missing(environment="production")
    assert missing(environment="production", role="worker")
    assert not missing(environment="production", role="api")
    assert not missing(environment="production", log_key=KEY)
    assert not missing()


def test_the_key_that_is_set_is_the_one_that_signs():
    assert signer_of(settings(log_key=KEY)).seed == SEED
    assert signer_of(settings(environment="production", log_key=KEY)).seed == SEED


def test_a_local_key_follows_from_the_secret_of_the_run_and_is_not_that_secret():
    first, again, other = settings(), settings(), settings(pseudonym_secret="t" * 32)
    assert first.log_seed == again.log_seed != other.log_seed
    assert len(first.log_seed) == 32
    assert first.log_seed != b"s" * 32


def test_each_deployment_signs_under_its_own_name():
    first, other = signer_of(settings()), signer_of(settings(oin="00000001000000000001"))
    assert first.key.origin == "urn:nld:oin:00000001000000000000:systeem:funding"
    assert first.key.id != other.key.id


@pytest.mark.parametrize("rubbish", ["x", "AAAA", KEY + "AAAA", KEY[:-2], " " + KEY])
def test_what_is_no_key_is_refused_at_the_start_without_showing_it(rubbish: str):
    with pytest.raises(ValidationError) as refused:
        settings(log_key=rubbish)
    assert KEY[:8] not in str(refused.value)
