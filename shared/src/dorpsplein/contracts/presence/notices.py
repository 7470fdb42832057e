"""Notices: what one person is to be told."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime

from dorpsplein.envelope import Event, Key, NotPersonal, Pseudonym


class NoticeGiven(Event, type="nl.participatie.notices.notice-given.v1", topic="presence.notice"):
    """One person is to be told something that concerns them, as soon as can be.

    `what` is a code, such as `seat-moved-up` or `lone-visit-overdue`; what it is about is named as far as there is
    something. It is kept for a month, and sent to nobody else.
    """

    notice_id: Annotated[UUID, Key, NotPersonal]
    person_id: Annotated[UUID, Pseudonym]
    what: Annotated[str, NotPersonal]
    session_id: Annotated[UUID | None, NotPersonal] = None
    request_id: Annotated[UUID | None, NotPersonal] = None
    visit_id: Annotated[UUID | None, NotPersonal] = None
    promise_id: Annotated[UUID | None, NotPersonal] = None
    lone_visit_id: Annotated[UUID | None, NotPersonal] = None
    member_id: Annotated[UUID | None, NotPersonal] = None
    initiative_id: Annotated[UUID | None, NotPersonal] = None
    place_id: Annotated[UUID | None, NotPersonal] = None
    starts_at: Annotated[AwareDatetime | None, NotPersonal] = None


EVENTS = (NoticeGiven,)
