"""Promises that members of the council made on visits: they ring when they are due."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime

from dorpsplein.envelope import Event, Key, NotPersonal, Published


class CouncilPromiseMade(
    Event, type="nl.participatie.council-promises.council-promise-made.v1", topic="presence.promise"
):
    """A member promised something on a visit, by `due_at`."""

    promise_id: Annotated[UUID, Key, NotPersonal]
    visit_id: Annotated[UUID, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    member_id: Annotated[UUID, NotPersonal]
    due_at: Annotated[AwareDatetime, NotPersonal]


class CouncilPromiseReminded(
    Event, type="nl.participatie.council-promises.council-promise-reminded.v1", topic="presence.promise"
):
    """It is nearly due."""

    promise_id: Annotated[UUID, Key, NotPersonal]
    visit_id: Annotated[UUID, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    member_id: Annotated[UUID, NotPersonal]
    due_at: Annotated[AwareDatetime, NotPersonal]


class CouncilPromiseDue(
    Event, type="nl.participatie.council-promises.council-promise-due.v1", topic="presence.promise"
):
    """Its moment came, and it is neither kept nor let go: it rings."""

    promise_id: Annotated[UUID, Key, NotPersonal]
    visit_id: Annotated[UUID, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    member_id: Annotated[UUID, NotPersonal]


class CouncilPromiseKept(
    Event, type="nl.participatie.council-promises.council-promise-kept.v1", topic="presence.promise"
):
    """It was kept."""

    promise_id: Annotated[UUID, Key, NotPersonal]
    visit_id: Annotated[UUID, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    member_id: Annotated[UUID, NotPersonal]


class CouncilPromiseLetGo(
    Event, type="nl.participatie.council-promises.council-promise-let-go.v1", topic="presence.promise"
):
    """It will not be kept, and the member says why in the state topic; `reason` is a code."""

    promise_id: Annotated[UUID, Key, NotPersonal]
    visit_id: Annotated[UUID, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    member_id: Annotated[UUID, NotPersonal]
    reason: Annotated[str, NotPersonal]


class CouncilPromiseState(
    Event, type="nl.participatie.council-promises.council-promise-state.v1", topic="presence.promise.state"
):
    """The latest public view of a promise; `outcome` says what came of it, `why` why it was let go."""

    promise_id: Annotated[UUID, Key, NotPersonal]
    visit_id: Annotated[UUID, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    member_id: Annotated[UUID, NotPersonal]
    status: Annotated[str, NotPersonal]
    due_at: Annotated[AwareDatetime, NotPersonal]
    text: Annotated[str, Published]
    why: Annotated[str | None, Published] = None
    outcome: Annotated[str | None, Published] = None


EVENTS = (
    CouncilPromiseMade,
    CouncilPromiseReminded,
    CouncilPromiseDue,
    CouncilPromiseKept,
    CouncilPromiseLetGo,
    CouncilPromiseState,
)
