"""What people send: what cannot be stored or shown is refused with its place."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from dorpsplein.fields import BIGINT, Body, Cents, Code, Latitude, Line, Longitude, Moment, Prose

LINE, PROSE, CODE, CENTS = TypeAdapter(Line), TypeAdapter(Prose), TypeAdapter(Code), TypeAdapter(Cents)


@given(st.text(min_size=1, max_size=200))
def test_a_line_is_stored_as_it_is_shown_or_refused(text: str) -> None:
    try:
        line = LINE.validate_python(text)
    except ValidationError:
        assert any(unicodedata.category(c) in {"Cc", "Cs"} for c in text) or not text.strip()
    else:
        assert not any(unicodedata.category(c) in {"Cc", "Cs"} for c in line)
        assert text.strip().startswith(line[0])
        assert not text.replace(line, "", 1).strip()


@pytest.mark.parametrize("text", ["a\0b", "a\x1b[31m", "a\x7f", "a\x85b", "a\ud800", "a\nb", "", "   ", "a" * 201])
def test_a_line_has_no_control_characters(text: str) -> None:
    with pytest.raises(ValidationError):
        LINE.validate_python(text)


def test_the_fault_names_the_character_and_its_place() -> None:
    with pytest.raises(ValidationError, match=r"U\+0000 \(at 2\)"):
        PROSE.validate_python("ab\0c")


def test_prose_may_have_lines_and_tabs() -> None:
    assert PROSE.validate_python("  one\n\ttwo\r\nthree ".replace("\r", "")) == "one\n\ttwo\nthree"
    for text in ("a\0b", "a" * 20_001, "\n"):
        with pytest.raises(ValidationError):
            PROSE.validate_python(text)


@pytest.mark.parametrize("value", [0, -1, BIGINT + 1, 10**40, 1.5, 1.0, "1", True, None, float("nan")])
def test_an_amount_is_a_whole_number_of_cents_that_fits(value: Any) -> None:
    with pytest.raises(ValidationError):
        CENTS.validate_python(value)


def test_the_smallest_and_the_largest_amount_are_fine() -> None:
    assert [CENTS.validate_python(value) for value in (1, BIGINT)] == [1, BIGINT]


@pytest.mark.parametrize("code", ["", "Groen", "a b", "a--b", "-a", "a-", "a\n", "é", "a" * 61])
def test_a_code_is_plain(code: str) -> None:
    with pytest.raises(ValidationError):
        CODE.validate_python(code)


@pytest.mark.parametrize("kind", [Latitude, Longitude])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), 180.1, -180.1, "north"])
def test_a_place_is_on_earth(kind: Any, value: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(value)


def test_a_moment_has_an_offset() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Moment).validate_python("2026-01-01T12:00:00")


def test_a_body_refuses_unknown_fields_and_python_names() -> None:
    class Proposal(Body):
        means_needed: Cents

    assert Proposal.model_validate({"meansNeeded": 1}).means_needed == 1
    for body in ({"meansNeeded": 1, "more": 2}, {"means_needed": 1}):
        with pytest.raises(ValidationError):
            Proposal.model_validate(body)
