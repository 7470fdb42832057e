"""The catalogue of working forms: the rules on their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from dorpsplein.contracts.presence.forms import WorkingFormAdded, WorkingFormChanged, WorkingFormRetired
from dorpsplein.errors import Refused, Rejected, Stale
from presence.domain import forms
from presence.domain.forms import MOVES, Description, Form, FormStatus

CIRCLE = Description("Vuurkring", "Listen to each other, outside.", 60, 2, 9, "Fire circle", ("wood",))
FORM = Form(UUID(int=1), "fire-circle", CIRCLE)
RETIRED, _ = forms.retire(FORM)


@contextmanager
def refused(code: str, kind: type[Rejected] = Refused) -> Iterator[None]:
    with pytest.raises(kind) as caught:
        yield
    assert caught.value.code == code


def test_a_form_is_added_without_its_words_in_the_fact() -> None:
    assert forms.add(FORM) == WorkingFormAdded(form_id=FORM.id, code="fire-circle")
    assert forms.state_of(FORM).name == "Vuurkring"
    assert not forms.state_of(FORM).retired


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"name": "Kring"}, ["name"]),
        ({"minutes": 90, "materials": ("wood", "tea")}, ["minutes", "materials"]),
        ({"name_en": None}, ["name_en"]),
    ],
)
def test_a_change_names_the_fields_and_not_the_words(change: dict[str, Any], named: list[str]) -> None:
    after, event = forms.change(FORM, replace(CIRCLE, **change), 1)
    assert event == WorkingFormChanged(form_id=FORM.id, code="fire-circle", changed=named)
    assert (after.description, after.version) == (replace(CIRCLE, **change), 2)


def test_saying_the_same_again_is_no_change() -> None:
    assert forms.change(FORM, CIRCLE, 1) == (FORM, None)


def test_a_change_of_what_has_changed_meanwhile_is_stale() -> None:
    for version in (0, 2):
        with refused("working-form-changed", Stale):
            forms.change(FORM, CIRCLE, version)


def test_a_form_for_at_least_more_people_than_at_most_is_refused() -> None:
    upside_down = replace(CIRCLE, least_people=10)
    with refused("more-least-than-most"):
        forms.add(replace(FORM, description=upside_down))
    with refused("more-least-than-most"):
        forms.change(FORM, upside_down, 1)


def test_a_retired_form_is_neither_changed_nor_retired_again() -> None:
    assert forms.retire(FORM)[1] == WorkingFormRetired(form_id=FORM.id, code="fire-circle")
    assert (RETIRED.status, RETIRED.version, forms.state_of(RETIRED).retired) == (FormStatus.RETIRED, 2, True)
    with refused("working-form-retired"):
        forms.change(RETIRED, replace(CIRCLE, minutes=5), 2)
    with refused("working-form-retired"):
        forms.retire(RETIRED)
    assert {status for sources, _ in MOVES.values() for status in sources} == {FormStatus.IN_USE}


def test_a_session_takes_a_form_that_is_there_and_in_use() -> None:
    forms.refuse_unusable("fire-circle", FormStatus.IN_USE)
    with refused("working-form-unknown"):
        forms.refuse_unusable("fire-circle", None)
    with refused("working-form-retired"):
        forms.refuse_unusable("fire-circle", FormStatus.RETIRED)
