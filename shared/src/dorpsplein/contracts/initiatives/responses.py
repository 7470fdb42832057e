"""What the municipality says to an initiative: what it can help with, what it cannot and why, and what it promises.

A fact beside the life of an initiative, never a gate in it.
"""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime

from dorpsplein.envelope import Event, Key, NotPersonal, Pseudonym, Published


class MunicipalResponseGiven(
    Event, type="nl.participatie.municipal-responses.municipal-response-given.v1", topic="initiatives.response"
):
    """The municipality answered: with how many things it can help and cannot, and how many promises it made."""

    response_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    responder_id: Annotated[UUID, Pseudonym]
    can_help: Annotated[int, NotPersonal]
    cannot: Annotated[int, NotPersonal]
    promises: Annotated[int, NotPersonal]


class MunicipalResponseAmended(
    Event, type="nl.participatie.municipal-responses.municipal-response-amended.v1", topic="initiatives.response"
):
    """The answer was changed; the versions before stay readable. `promises` is how many were added by that."""

    response_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    responder_id: Annotated[UUID, Pseudonym]
    can_help: Annotated[int, NotPersonal]
    cannot: Annotated[int, NotPersonal]
    promises: Annotated[int, NotPersonal]


class MunicipalResponseState(
    Event, type="nl.participatie.municipal-responses.municipal-response-state.v1", topic="initiatives.response.state"
):
    """The latest words of an answer; `cannot` has the reason why of each thing."""

    response_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    responder_id: Annotated[UUID, Pseudonym]
    can_help: Annotated[list[str], Published]
    cannot: Annotated[dict[str, str], Published]


class PromiseMade(Event, type="nl.participatie.promises.promise-made.v1", topic="initiatives.promise"):
    """The municipality promised something by a moment."""

    promise_id: Annotated[UUID, Key, NotPersonal]
    response_id: Annotated[UUID, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    due_at: Annotated[AwareDatetime, NotPersonal]


class PromiseReminded(Event, type="nl.participatie.promises.promise-reminded.v1", topic="initiatives.promise"):
    """A promise is due in a few days."""

    promise_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    due_at: Annotated[AwareDatetime, NotPersonal]


class PromiseDue(Event, type="nl.participatie.promises.promise-due.v1", topic="initiatives.promise"):
    """The moment of a promise is there and it was not kept yet."""

    promise_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]


class PromiseKept(Event, type="nl.participatie.promises.promise-kept.v1", topic="initiatives.promise"):
    """A promise was kept. `said_by` is `initiator`, or `municipality`: then initiators may contest it for some days."""

    promise_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    said_by: Annotated[str, NotPersonal]


class PromiseContested(Event, type="nl.participatie.promises.promise-contested.v1", topic="initiatives.promise"):
    """An initiator says that it was not kept: it is open again."""

    promise_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]


class PromiseReleased(Event, type="nl.participatie.promises.promise-released.v1", topic="initiatives.promise"):
    """It will not be kept: `no-longer-needed` say the initiators, or `not-possible` says the municipality, and why."""

    promise_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    reason: Annotated[str, NotPersonal]


class PromiseState(Event, type="nl.participatie.promises.promise-state.v1", topic="initiatives.promise.state"):
    """The latest public view of a promise; `why` it is contested or released."""

    promise_id: Annotated[UUID, Key, NotPersonal]
    response_id: Annotated[UUID, NotPersonal]
    initiative_id: Annotated[UUID, NotPersonal]
    status: Annotated[str, NotPersonal]
    due_at: Annotated[AwareDatetime, NotPersonal]
    text: Annotated[str, Published]
    why: Annotated[str | None, Published] = None


EVENTS = (
    MunicipalResponseGiven,
    MunicipalResponseAmended,
    MunicipalResponseState,
    PromiseMade,
    PromiseReminded,
    PromiseDue,
    PromiseKept,
    PromiseContested,
    PromiseReleased,
    PromiseState,
)
