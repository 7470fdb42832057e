"""Working forms: the catalogue of ways to work together in a session."""

from typing import Annotated
from uuid import UUID

from dorpsplein.envelope import Event, Key, NotPersonal, Published


class WorkingFormAdded(Event, type="nl.participatie.working-forms.working-form-added.v1", topic="presence.form"):
    """There is a new way to work together in a session."""

    form_id: Annotated[UUID, Key, NotPersonal]
    code: Annotated[str, NotPersonal]


class WorkingFormChanged(Event, type="nl.participatie.working-forms.working-form-changed.v1", topic="presence.form"):
    """A working form was described otherwise; the words stand in the state topic."""

    form_id: Annotated[UUID, Key, NotPersonal]
    code: Annotated[str, NotPersonal]
    changed: Annotated[list[str], NotPersonal]


class WorkingFormRetired(Event, type="nl.participatie.working-forms.working-form-retired.v1", topic="presence.form"):
    """No new session takes this form; those that have it keep it."""

    form_id: Annotated[UUID, Key, NotPersonal]
    code: Annotated[str, NotPersonal]


class WorkingFormState(Event, type="nl.participatie.working-forms.working-form-state.v1", topic="presence.form.state"):
    """The latest public view of a working form: what for, for how many people, how long (minutes), with what."""

    form_id: Annotated[UUID, Key, NotPersonal]
    code: Annotated[str, NotPersonal]
    name: Annotated[str, Published]
    name_en: Annotated[str | None, Published] = None
    what_for: Annotated[str, Published]
    minutes: Annotated[int, NotPersonal]
    least_people: Annotated[int, NotPersonal]
    most_people: Annotated[int, NotPersonal]
    materials: Annotated[list[str], Published]
    retired: Annotated[bool, NotPersonal] = False


EVENTS = (
    WorkingFormAdded,
    WorkingFormChanged,
    WorkingFormRetired,
    WorkingFormState,
)
