"""Notices: what one person is to be told, and nobody else."""

from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

from dorpsplein.contracts.presence.notices import NoticeGiven
from dorpsplein.settings import NAMESPACE


class What(StrEnum):
    """What somebody is told."""

    SEAT_TAKEN = "seat-taken"
    SEAT_WAITING = "seat-waiting"
    SEAT_MOVED_UP = "seat-moved-up"
    SEAT_REMINDER = "seat-reminder"
    SEAT_LOST = "seat-lost"
    SESSION_MOVED = "session-moved"
    SESSION_CANCELLED = "session-cancelled"
    SESSION_THANKED = "session-thanked"
    REQUEST_PICKED_UP = "request-picked-up"
    REQUEST_EXPIRED = "request-expired"
    COUNCIL_INVITED = "council-invited"
    VISIT_INVITED = "visit-invited"
    VISIT_ACCEPTED = "visit-accepted"
    VISIT_DECLINED = "visit-declined"
    VISIT_CANCELLED = "visit-cancelled"
    VISIT_REPORTED = "visit-reported"
    PROMISE_NEARLY_DUE = "promise-nearly-due"
    PROMISE_DUE = "promise-due"
    PROMISE_KEPT = "promise-kept"
    PROMISE_LET_GO = "promise-let-go"
    LONE_VISIT_OVERDUE = "lone-visit-overdue"
    LONE_VISIT_ENDED = "lone-visit-ended"


def notice(what: What, person: UUID, once: str, **about: Any) -> NoticeGiven:
    """Tell a person something. `once` names the occasion: the same thing on the same occasion is the same notice.

    `about` are the ids and the moment that the notice names.
    """
    notice_id = uuid5(NAMESPACE, f"notice/{what}/{person}/{once}")
    return NoticeGiven(notice_id=notice_id, person_id=person, what=what, **about)
