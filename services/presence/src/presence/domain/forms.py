"""Working forms: a catalogue of ways to work together in a session, which arrangers extend.

in use → retired. A form says what it is for, how long it takes, for how many people it is and with what; no session is
held to any of that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from uuid import UUID

from dorpsplein.contracts.presence.forms import (
    WorkingFormAdded,
    WorkingFormChanged,
    WorkingFormRetired,
    WorkingFormState,
)
from dorpsplein.errors import Refused, Stale

FormFact = WorkingFormAdded | WorkingFormChanged | WorkingFormRetired


class FormStatus(StrEnum):
    """Where a working form is in its life."""

    IN_USE = "in-use"
    RETIRED = "retired"


MOVES: Mapping[str, tuple[frozenset[FormStatus], FormStatus]] = {
    "change": (frozenset({FormStatus.IN_USE}), FormStatus.IN_USE),
    "retire": (frozenset({FormStatus.IN_USE}), FormStatus.RETIRED),
}
"""What may be done, from which statuses, and where it leads."""


@dataclass(frozen=True, slots=True)
class Description:
    """What people read of a working form; `minutes` is how long it takes as a rule."""

    name: str
    what_for: str
    minutes: int
    least_people: int
    most_people: int
    name_en: str | None = None
    materials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """A working form. `announced`: others were told of it; those that came with the service are not at first."""

    id: UUID
    code: str
    description: Description
    status: FormStatus = FormStatus.IN_USE
    announced: bool = True
    version: int = 1


def add(form: Form) -> WorkingFormAdded:
    """Add a form to the catalogue. Raises Refused("more-least-than-most")."""
    _refuse_upside_down(form.description)
    return WorkingFormAdded(form_id=form.id, code=form.code)


def change(form: Form, description: Description, version: int) -> tuple[Form, FormFact | None]:
    """Describe a form otherwise; nothing happens where nothing differs.

    Raises Stale("working-form-changed") when `version` is not the newest, Refused("working-form-retired") and
    Refused("more-least-than-most").
    """
    if version != form.version:
        raise Stale(
            "working-form-changed",
            "The working form has changed since you read it; read it again and repeat what you changed.",
            version=form.version,
        )
    status = _moved(form, "change")
    _refuse_upside_down(description)
    changed = [
        field.name
        for field in fields(Description)
        if getattr(description, field.name) != getattr(form.description, field.name)
    ]
    if not changed:
        return form, None
    after = replace(form, status=status, description=description, version=form.version + 1)
    return after, WorkingFormChanged(form_id=form.id, code=form.code, changed=changed)


def retire(form: Form) -> tuple[Form, FormFact | None]:
    """No new session takes it; those that have it keep it. Raises Refused("working-form-retired")."""
    after = replace(form, status=_moved(form, "retire"), version=form.version + 1)
    return after, WorkingFormRetired(form_id=form.id, code=form.code)


def refuse_unusable(code: str, status: FormStatus | None) -> None:
    """Refuse a form that no new session can take; None: there is none of this code.

    Raises Refused("working-form-unknown" or "working-form-retired").
    """
    if status is None:
        raise Refused("working-form-unknown", f"There is no working form {code}; choose one from GET /working-forms.")
    if status is FormStatus.RETIRED:
        raise Refused("working-form-retired", f"The working form {code} is retired; choose another one.")


def state_of(form: Form) -> WorkingFormState:
    """Its public view."""
    described = form.description
    return WorkingFormState(
        form_id=form.id,
        code=form.code,
        name=described.name,
        name_en=described.name_en,
        what_for=described.what_for,
        minutes=described.minutes,
        least_people=described.least_people,
        most_people=described.most_people,
        materials=list(described.materials),
        retired=form.status is FormStatus.RETIRED,
    )


def _moved(form: Form, verb: str) -> FormStatus:
    allowed, after = MOVES[verb]
    if form.status not in allowed:
        raise Refused("working-form-retired", f"The working form {form.code} is retired; nothing about it changes.")
    return after


def _refuse_upside_down(description: Description) -> None:
    if description.least_people > description.most_people:
        raise Refused("more-least-than-most", "leastPeople may not be more than mostPeople.")
