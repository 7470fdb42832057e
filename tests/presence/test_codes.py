"""Codes that hang at a place or lie on a table at a session: signed, for one thing, and for a while."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey

from dorpsplein.errors import Refused
from presence.domain.codes import ALGORITHM, For, key_of, refuse_other, sign

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
TOMORROW = NOON + timedelta(days=1)
KEY = key_of("a secret of this deployment alone")
PLACE = uuid4()
CODE = sign(KEY, For.PLACE, PLACE, TOMORROW)


def said(code: str, what: For = For.PLACE, ref: object = PLACE, now: datetime = NOON) -> str:
    with pytest.raises(Refused) as no:
        refuse_other(KEY, code, what, ref, now)  # type: ignore[arg-type]
    return no.value.code


def test_the_code_of_a_place_shows_that_one_was_there_until_it_is_too_old() -> None:
    refuse_other(KEY, CODE, For.PLACE, PLACE, NOON)
    refuse_other(KEY, CODE, For.PLACE, PLACE, TOMORROW - timedelta(seconds=1))
    assert said(CODE, now=TOMORROW) == "code-expired"


def test_the_code_of_another_place_or_of_a_session_counts_for_nothing_here() -> None:
    assert said(CODE, ref=uuid4()) == "code-elsewhere"
    assert said(CODE, For.SESSION) == "code-elsewhere"


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "a code",
        CODE[:-2],
        "x" * 100_000,
        sign(key_of("the secret of another deployment"), For.PLACE, PLACE, TOMORROW),
        sign(OctKey.import_key("a secret of this deployment alone"), For.PLACE, PLACE, TOMORROW),
        jwt.encode({"alg": "HS512"}, {"for": "place", "ref": str(PLACE), "exp": 2**40}, KEY, algorithms=["HS512"]),
        jwt.encode({"alg": ALGORITHM}, {"ref": str(PLACE), "exp": 2**40}, KEY),
        jwt.encode({"alg": ALGORITHM}, {"for": "place", "ref": str(PLACE), "exp": "soon"}, KEY),
        "eyJhbGciOiJub25lIn0." + CODE.split(".")[1] + ".",
    ],
)
def test_what_we_did_not_sign_is_forged(forged: str) -> None:
    assert said(forged) == "code-forged"


@given(st.text())
def test_whatever_is_scanned_is_answered(scanned: str) -> None:
    assert said(scanned) == "code-forged"


def test_one_changed_letter_makes_it_forged() -> None:
    head, body, signature = CODE.split(".")
    for place in range(len(body)):
        other = "A" if body[place] != "A" else "B"
        assert said(".".join((head, body[:place] + other + body[place + 1 :], signature))) == "code-forged"
