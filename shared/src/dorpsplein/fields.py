"""Types for what people send: every one says no to what could not be stored or shown as it is."""

import unicodedata
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    StringConstraints,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

BIGINT = 2**63 - 1


class Body(BaseModel):
    """A request body: unknown fields are refused; keys are camelCase."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, validate_by_alias=True, validate_by_name=False
    )


class View(BaseModel):
    """What an answer shows; keys are camelCase."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )


def _no_controls(text: str) -> str:
    return _refuse(text, allowed="")


def _no_controls_but_newlines(text: str) -> str:
    return _refuse(text, allowed="\n\t")


def _refuse(text: str, allowed: str) -> str:
    for place, character in enumerate(text):
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in allowed:
            raise PydanticCustomError(
                "control_character",
                "must not contain the control character U+{code} (at {place})",
                {"code": f"{ord(character):04X}", "place": place},
            )
    return text


Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_no_controls)
]
"""One line of text of at most 200 characters."""
Prose = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000),
    AfterValidator(_no_controls_but_newlines),
]
"""Running text of at most 20,000 characters; new lines and tabs are welcome."""
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
"""A code such as a theme: small letters, digits and single hyphens."""
Cents = Annotated[StrictInt, Field(gt=0, le=BIGINT)]
"""An amount of money in cents, more than nothing."""
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


def _only_text(value: object) -> object:
    if not isinstance(value, str | datetime):
        raise PydanticCustomError("moment_type", "must be a text such as 2026-05-01T09:00:00Z")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_only_text)]
"""A moment with its offset from UTC, as text: a number is no moment here."""

Day = Annotated[date, BeforeValidator(_only_text)]
"""A day, as text such as 2026-05-01: a number is no day here."""


class Point(Body, strict=True):
    """A point on the map in WGS 84."""

    latitude: Latitude
    longitude: Longitude


def point_of(near: str) -> Point:
    """The point of a `near` that was let in. Raises ValueError for any other text."""
    latitude, longitude = near.split(",")
    return Point(latitude=float(latitude), longitude=float(longitude))


def _is_a_point(near: str) -> str:
    try:
        point_of(near)
    except ValueError as fault:
        raise PydanticCustomError("near", "must be a latitude and a longitude such as 52.37,4.9") from fault
    return near


Near = Annotated[str, StringConstraints(max_length=60), AfterValidator(_is_a_point)]
"""A point in a query, as `latitude,longitude`; `point_of` reads it."""


def apart(values: object) -> object:
    """The values of a list in a query, apart where commas stand between them; a validator, before any other."""
    return [part for text in values for part in str(text).split(",")] if isinstance(values, list) else values


Ids = Annotated[list[UUID], BeforeValidator(apart), Field(min_length=1, max_length=100)]
"""Ids in a query, at most 100, with commas between them; declare it as `Annotated[Ids, Query()]`."""
