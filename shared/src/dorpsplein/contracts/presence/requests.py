"""Requests: residents ask for a session, and an arranger picks it up."""

from typing import Annotated
from uuid import UUID

from dorpsplein.envelope import Event, Key, NotPersonal, Pseudonym, Published


class SessionRequested(Event, type="nl.participatie.session-requests.session-requested.v1", topic="presence.request"):
    """A resident asks for a session, for an initiative or for none."""

    request_id: Annotated[UUID, Key, NotPersonal]
    asked_by: Annotated[UUID, Pseudonym]
    theme: Annotated[str, NotPersonal]
    neighbourhood: Annotated[str | None, NotPersonal] = None
    initiative_id: Annotated[UUID | None, NotPersonal] = None


class SessionRequestPickedUp(
    Event, type="nl.participatie.session-requests.session-request-picked-up.v1", topic="presence.request"
):
    """An arranger announced the session that was asked for."""

    request_id: Annotated[UUID, Key, NotPersonal]
    session_id: Annotated[UUID, NotPersonal]
    picked_up_by: Annotated[UUID, Pseudonym]
    initiative_id: Annotated[UUID | None, NotPersonal] = None


class SessionRequestWithdrawn(
    Event, type="nl.participatie.session-requests.session-request-withdrawn.v1", topic="presence.request"
):
    """Who asked no longer does."""

    request_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID | None, NotPersonal] = None


class SessionRequestExpired(
    Event, type="nl.participatie.session-requests.session-request-expired.v1", topic="presence.request"
):
    """Nobody picked it up in the time that requests stand open; it can be asked again."""

    request_id: Annotated[UUID, Key, NotPersonal]
    initiative_id: Annotated[UUID | None, NotPersonal] = None


class SessionRequestState(
    Event, type="nl.participatie.session-requests.session-request-state.v1", topic="presence.request.state"
):
    """The latest public view of a request.

    `joined` is how many asked with them when its status last changed, None where that is under five.
    """

    request_id: Annotated[UUID, Key, NotPersonal]
    question: Annotated[str, Published]
    theme: Annotated[str, NotPersonal]
    status: Annotated[str, NotPersonal]
    neighbourhood: Annotated[str | None, NotPersonal] = None
    initiative_id: Annotated[UUID | None, NotPersonal] = None
    session_id: Annotated[UUID | None, NotPersonal] = None
    joined: Annotated[int | None, NotPersonal] = None


EVENTS = (
    SessionRequested,
    SessionRequestPickedUp,
    SessionRequestWithdrawn,
    SessionRequestExpired,
    SessionRequestState,
)
