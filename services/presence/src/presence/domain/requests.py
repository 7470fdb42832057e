"""Requests: a resident asks for a session, others ask along, and an arranger picks it up.

open → picked-up or expired; and who asked takes their words back whenever they like.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from dorpsplein.contracts.presence.requests import (
    SessionRequested,
    SessionRequestExpired,
    SessionRequestPickedUp,
    SessionRequestState,
    SessionRequestWithdrawn,
)
from dorpsplein.errors import Forbidden, Refused
from presence.domain.counts import shown
from presence.domain.moves import led_to
from presence.domain.surroundings import Surroundings, about_what_is_there

MOST_OPEN = 10
"""How many open requests one person has at most."""
DECIMALS = 3
"""A thousandth of a degree is about a hundred metres: near enough for who comes, too coarse for whose door it is."""

RequestFact = SessionRequestPickedUp | SessionRequestWithdrawn | SessionRequestExpired


class RequestStatus(StrEnum):
    """Where a request is in its life."""

    OPEN = "open"
    PICKED_UP = "picked-up"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


MOVES: Mapping[str, tuple[frozenset[RequestStatus], RequestStatus]] = {
    "pick up": (frozenset({RequestStatus.OPEN}), RequestStatus.PICKED_UP),
    "expire": (frozenset({RequestStatus.OPEN}), RequestStatus.EXPIRED),
    "withdraw": (
        frozenset({RequestStatus.OPEN, RequestStatus.PICKED_UP, RequestStatus.EXPIRED}),
        RequestStatus.WITHDRAWN,
    ),
}
"""What may be done, from which statuses, and where it leads."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A resident asks for a session around a question; `point` is (latitude, longitude)."""

    id: UUID
    asked_by: UUID
    question: str
    theme: str
    neighbourhood: str | None = None
    point: tuple[float, float] | None = None
    initiative_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it stands; once it is withdrawn its words and its point are gone."""

    id: UUID
    asked_by: UUID
    question: str | None
    theme: str
    asked_at: datetime
    expires_at: datetime
    neighbourhood: str | None = None
    point: tuple[float, float] | None = None
    initiative_id: UUID | None = None
    status: RequestStatus = RequestStatus.OPEN
    session_id: UUID | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class Answering:
    """A session that may answer a request: who hosts it, and whether it is `over` or will not be."""

    id: UUID
    host_id: UUID
    starts_at: datetime
    over: bool


def ask(
    command: Ask, around: Surroundings, *, already_open: int, days: int, now: datetime
) -> tuple[Request, SessionRequested]:
    """Ask for a session; it stands open for as many days as the knob says now, whatever it says later.

    Raises Refused("too-many-requests"), and for an unknown or withdrawn initiative.
    """
    if already_open >= MOST_OPEN:
        raise Refused("too-many-requests", f"You have {MOST_OPEN} open requests; withdraw one to ask another.")
    about_what_is_there(around, initiative_id=command.initiative_id)
    request = Request(
        id=command.id,
        asked_by=command.asked_by,
        question=command.question,
        theme=command.theme,
        asked_at=now,
        expires_at=now + timedelta(days=days),
        neighbourhood=command.neighbourhood,
        point=command.point and (round(command.point[0], DECIMALS), round(command.point[1], DECIMALS)),
        initiative_id=command.initiative_id,
    )
    return request, SessionRequested(
        request_id=request.id,
        asked_by=request.asked_by,
        theme=request.theme,
        neighbourhood=request.neighbourhood,
        initiative_id=request.initiative_id,
    )


def refuse_joining(asked_by: UUID, status: RequestStatus, person: UUID) -> None:
    """Raises Refused("request-not-open") or ("you-asked-it") where a person cannot ask along."""
    if status is not RequestStatus.OPEN:
        raise Refused("request-not-open", f"This request is {status}; only an open one can be joined.")
    if asked_by == person:
        raise Refused("you-asked-it", "This is your own request; you need not join it.")


def pick_up(request: Request, session: Answering | None, session_id: UUID, person: UUID) -> SessionRequestPickedUp:
    """Answer a request with a session that is announced already.

    Raises Refused("illegal-request-pick-up", "session-unknown" or "session-over"), Forbidden("not-your-session").
    """
    _moved(request.status, "pick up")
    if session is None:
        raise Refused("session-unknown", f"There is no session {session_id}; announce it before you pick this up.")
    if session.host_id != person:
        raise Forbidden("not-your-session", "Only the host of a session may answer a request with it.")
    if session.over:
        raise Refused("session-over", "This session is over or cancelled; announce another one.")
    return SessionRequestPickedUp(
        request_id=request.id, session_id=session.id, picked_up_by=person, initiative_id=request.initiative_id
    )


def withdraw(request: Request, person: UUID) -> SessionRequestWithdrawn:
    """Ask no longer, and take the words back. Raises Forbidden("not-your-request"), Refused."""
    if request.asked_by != person:
        raise Forbidden("not-your-request", "Only who asked may withdraw this request.")
    _moved(request.status, "withdraw")
    return SessionRequestWithdrawn(request_id=request.id, initiative_id=request.initiative_id)


def expire(request: Request, now: datetime) -> SessionRequestExpired | None:
    """Nobody picked it up in time; nothing where it is not open or its time is not over."""
    if request.status is not RequestStatus.OPEN or now < request.expires_at:
        return None
    return SessionRequestExpired(request_id=request.id, initiative_id=request.initiative_id)


def evolve(request: Request, event: RequestFact) -> Request:
    """The request after an event."""
    version = request.version + 1
    match event:
        case SessionRequestPickedUp():
            status = _moved(request.status, "pick up")
            return replace(request, status=status, session_id=event.session_id, version=version)
        case SessionRequestExpired():
            return replace(request, status=_moved(request.status, "expire"), version=version)
        case SessionRequestWithdrawn():
            status = _moved(request.status, "withdraw")
            return replace(request, status=status, question=None, point=None, version=version)


def state_of(request: Request, joined: int) -> SessionRequestState:
    """Its public view, with how many ask along at this moment; of a withdrawn one, what erases that."""
    return SessionRequestState(
        request_id=request.id,
        question=request.question or "",
        theme=request.theme,
        status=request.status,
        neighbourhood=request.neighbourhood,
        initiative_id=request.initiative_id,
        session_id=request.session_id,
        joined=shown(joined),
    )


def _moved(status: RequestStatus, verb: str) -> RequestStatus:
    return led_to(MOVES, verb, status, "request")
