"""Sessions: people come together around a question, in a working form."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from dorpsplein.envelope import Event, Key, NotPersonal, Pseudonym, Published


class SessionAnnounced(Event, type="nl.participatie.sessions.session-announced.v1", topic="presence.session"):
    """People will come together around a question, for these initiatives (or none yet).

    `working_form` is the code of one in the catalogue; without a place it is online, without a capacity there is room
    for all. Seats can be taken from `opens_at`.
    """

    session_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID | None, NotPersonal] = None
    working_form: Annotated[str, NotPersonal]
    starts_at: Annotated[AwareDatetime, NotPersonal]
    ends_at: Annotated[AwareDatetime, NotPersonal]
    initiative_ids: Annotated[list[UUID], NotPersonal]
    host_id: Annotated[UUID, Pseudonym]
    themes: Annotated[list[str], NotPersonal] = Field(default_factory=list)
    capacity: Annotated[int | None, NotPersonal] = None
    opens_at: Annotated[AwareDatetime | None, NotPersonal] = None


class SessionOpened(Event, type="nl.participatie.sessions.session-opened.v1", topic="presence.session"):
    """Seats can be taken from now on."""

    session_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID | None, NotPersonal] = None
    initiative_ids: Annotated[list[UUID], NotPersonal] = Field(default_factory=list)


class SessionFilled(Event, type="nl.participatie.sessions.session-filled.v1", topic="presence.session"):
    """Every seat is taken; who comes now is on the waiting list."""

    session_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID | None, NotPersonal] = None
    initiative_ids: Annotated[list[UUID], NotPersonal] = Field(default_factory=list)


class SessionReopened(Event, type="nl.participatie.sessions.session-reopened.v1", topic="presence.session"):
    """There is a free seat again, and nobody on the waiting list."""

    session_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID | None, NotPersonal] = None
    initiative_ids: Annotated[list[UUID], NotPersonal] = Field(default_factory=list)


class WaitingListMoved(Event, type="nl.participatie.sessions.waiting-list-moved.v1", topic="presence.session"):
    """Whoever waited longest has a seat now."""

    session_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID | None, NotPersonal] = None
    initiative_ids: Annotated[list[UUID], NotPersonal] = Field(default_factory=list)


class SessionMoved(Event, type="nl.participatie.sessions.session-moved.v1", topic="presence.session"):
    """It will be at another time, or at another place (`place_id`; None: online)."""

    session_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID | None, NotPersonal] = None
    from_place_id: Annotated[UUID | None, NotPersonal] = None
    starts_at: Annotated[AwareDatetime, NotPersonal]
    ends_at: Annotated[AwareDatetime, NotPersonal]
    initiative_ids: Annotated[list[UUID], NotPersonal] = Field(default_factory=list)


class SessionStarted(Event, type="nl.participatie.sessions.session-started.v1", topic="presence.session"):
    """The people are there."""

    session_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID | None, NotPersonal] = None
    initiative_ids: Annotated[list[UUID], NotPersonal] = Field(default_factory=list)


class SessionHarvested(Event, type="nl.participatie.sessions.session-harvested.v1", topic="presence.session"):
    """The session yielded something. It may come again when more is brought in.

    `lines` is how many there are by now, those that stay without words too; `initiative_ids` is whom it is for by now.
    """

    session_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID | None, NotPersonal] = None
    initiative_ids: Annotated[list[UUID], NotPersonal]
    lines: Annotated[int, NotPersonal]


class SessionThanked(Event, type="nl.participatie.sessions.session-thanked.v1", topic="presence.session"):
    """Its host thanked everyone.

    `attended` is how many were there, None where that is under five.
    """

    session_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID | None, NotPersonal] = None
    attended: Annotated[int | None, NotPersonal] = None
    initiative_ids: Annotated[list[UUID], NotPersonal] = Field(default_factory=list)


class SessionCancelled(Event, type="nl.participatie.sessions.session-cancelled.v1", topic="presence.session"):
    """The session does not take place, or was broken off. `reason` is a code."""

    session_id: Annotated[UUID, Key, NotPersonal]
    place_id: Annotated[UUID | None, NotPersonal] = None
    reason: Annotated[str, NotPersonal]
    initiative_ids: Annotated[list[UUID], NotPersonal] = Field(default_factory=list)


class SessionState(Event, type="nl.participatie.sessions.session-state.v1", topic="presence.session.state"):
    """The latest public view of a session, with what it asks. `lines` is what its harvest holds by now.

    `taken` is how many seats are taken, None as long as that is under five. `thanks` is what its host said at the end.
    """

    session_id: Annotated[UUID, Key, NotPersonal]
    title: Annotated[str | None, Published] = None
    question: Annotated[str, Published]
    working_form: Annotated[str, NotPersonal]
    status: Annotated[str, NotPersonal]
    place_id: Annotated[UUID | None, NotPersonal] = None
    starts_at: Annotated[AwareDatetime, NotPersonal]
    ends_at: Annotated[AwareDatetime, NotPersonal]
    initiative_ids: Annotated[list[UUID], NotPersonal]
    lines: Annotated[int, NotPersonal] = 0
    host_id: Annotated[UUID | None, Pseudonym] = None
    themes: Annotated[list[str], NotPersonal] = Field(default_factory=list)
    capacity: Annotated[int | None, NotPersonal] = None
    opens_at: Annotated[AwareDatetime | None, NotPersonal] = None
    taken: Annotated[int | None, NotPersonal] = None
    thanks: Annotated[str | None, Published] = None


EVENTS = (
    SessionAnnounced,
    SessionOpened,
    SessionFilled,
    SessionReopened,
    WaitingListMoved,
    SessionMoved,
    SessionStarted,
    SessionHarvested,
    SessionThanked,
    SessionCancelled,
    SessionState,
)
