"""Frontrunners: who is worth a visit of the council, by what happened there lately and not by anybody's taste."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from dorpsplein.errors import Forbidden, Refused

LATELY = timedelta(days=90)
"""How long something that happened is a reason to come and see."""
LEFT_IN_PEACE = timedelta(days=180)
"""How long after a visit the council goes to others first."""
GOES_ON_NO_MORE = frozenset({"withdrawn", "expired", "halted"})
"""The statuses of an initiative that the council does not visit."""


class Reason(StrEnum):
    """What happened that makes an initiative worth a visit."""

    THRESHOLD_REACHED = "threshold-reached"
    DREAM_PUBLISHED = "dream-published"
    STARTED = "started"
    MILESTONE_REACHED = "milestone-reached"
    CELEBRATED = "celebrated"
    MEANS_FOUND = "means-found"
    SESSION_HARVESTED = "session-harvested"


@dataclass(frozen=True, slots=True)
class Frontrunner:
    """An initiative as far as visits go; `status` is None where its state is not known or was erased."""

    initiative_id: UUID
    initiators: tuple[UUID, ...]
    status: str | None


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened at an initiative: the last time, and how often in all."""

    reason: Reason
    latest: datetime
    times: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known of an initiative where something happened; `last_visit` is when the council was there last."""

    initiative_id: UUID
    title: str | None
    status: str | None
    happened: tuple[Happened, ...]
    last_visit: datetime | None = None
    visit_is_open: bool = False


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An initiative that is worth a visit, and why: its reasons, the newest first."""

    initiative_id: UUID
    title: str
    status: str
    reasons: tuple[Happened, ...]


def refuse_no_frontrunner(frontrunner: Frontrunner | None, initiative_id: UUID, person: UUID) -> None:
    """Refuse who cannot invite the council.

    Raises Refused("initiative-unknown"), Forbidden("not-an-initiator"), Refused("initiative-over") with what it is.
    """
    if frontrunner is None:
        raise Refused("initiative-unknown", f"Initiative {initiative_id} is not known here (yet).")
    if person not in frontrunner.initiators:
        raise Forbidden("not-an-initiator", "Only who carries this initiative invites the council to it.")
    if frontrunner.status is None or frontrunner.status in GOES_ON_NO_MORE:
        raise Refused("initiative-over", f"This initiative does not go on; it is {frontrunner.status or 'erased'}.")


def worth_a_visit(candidates: Iterable[Candidate], now: datetime) -> Sequence[Suggestion]:
    """Who to visit, in the same order for the same facts: most reasons of LATELY first, then what is newest.

    Left out is what does not go on, what has a visit coming, and where the council was in LEFT_IN_PEACE.
    """
    suggestions = [
        Suggestion(one.initiative_id, one.title, one.status, reasons)
        for one in candidates
        if one.title is not None
        and one.status is not None
        and one.status not in GOES_ON_NO_MORE
        and not one.visit_is_open
        and (one.last_visit is None or one.last_visit <= now - LEFT_IN_PEACE)
        and (reasons := _lately(one.happened, now))
    ]
    return sorted(
        suggestions,
        key=lambda one: (-len(one.reasons), -one.reasons[0].latest.timestamp(), one.initiative_id),
    )


def _lately(happened: Iterable[Happened], now: datetime) -> tuple[Happened, ...]:
    lately = [one for one in happened if one.latest > now - LATELY]
    return tuple(sorted(lately, key=lambda one: (-one.latest.timestamp(), one.reason)))
