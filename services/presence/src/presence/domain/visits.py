"""Visits of the inspiration council: a frontrunner invites, members come and see, promise, and report back."""

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from dorpsplein.contracts.presence.visits import (
    FrontrunnerVisited,
    VisitAccepted,
    VisitCancelled,
    VisitDeclined,
    VisitInvited,
    VisitReported,
    VisitState,
)
from dorpsplein.errors import Forbidden, Refused, Stale
from presence.domain.frontrunners import Frontrunner, refuse_no_frontrunner
from presence.domain.members import Member, serving
from presence.domain.moves import led_to
from presence.domain.windows import refuse_senseless

VisitFact = VisitInvited | VisitAccepted | VisitDeclined | VisitCancelled | FrontrunnerVisited | VisitReported


class Status(StrEnum):
    """Where a visit is in its life."""

    INVITED = "invited"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    VISITED = "visited"
    REPORTED = "reported"


class Side(StrEnum):
    """Who speaks: somebody who carries the initiative, or the council."""

    INITIATOR = "initiator"
    COUNCIL = "council"


class DeclineReason(StrEnum):
    """Why the council does not come; its own words say more."""

    NO_TIME = "no-time"
    VISITED_BEFORE = "visited-before"
    NOT_FOR_THE_COUNCIL = "not-for-the-council"
    OTHER = "other"


class CancelReason(StrEnum):
    """Why a visit does not take place. No code says anything about one person's health."""

    ANOTHER_TIME = "another-time"
    PLACE_NOT_AVAILABLE = "place-not-available"
    NO_LONGER_NEEDED = "no-longer-needed"
    OTHER = "other"


MOVES: Mapping[str, tuple[frozenset[Status], Status]] = {
    "accept": (frozenset({Status.INVITED, Status.ACCEPTED}), Status.ACCEPTED),
    "decline": (frozenset({Status.INVITED}), Status.DECLINED),
    "cancel": (frozenset({Status.INVITED, Status.ACCEPTED}), Status.CANCELLED),
    "visit": (frozenset({Status.ACCEPTED}), Status.VISITED),
    "report": (frozenset({Status.VISITED}), Status.REPORTED),
}
"""What may be done, from which statuses, and where it leads. Accepting again changes when, where and who comes."""
WAS_THERE = frozenset({Status.VISITED, Status.REPORTED})


@dataclass(frozen=True, slots=True)
class Plan:
    """When, where and who of the council comes; without a place where it was asked to come."""

    starts_at: datetime
    ends_at: datetime
    place_id: UUID | None
    member_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit; `member_ids` are those who come, and once it took place those who were there.

    `invitation` is None once who wrote it took it back; `reason` says why it was declined or cancelled.
    """

    id: UUID
    initiative_id: UUID
    invited_by: UUID
    invitation: str | None
    place_id: UUID | None = None
    status: Status = Status.INVITED
    member_ids: tuple[UUID, ...] = ()
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    reason: DeclineReason | CancelReason | None = None
    cancelled_by: Side | None = None
    answer: str | None = None
    report: str | None = None
    version: int = 1

    @property
    def state(self) -> VisitState:
        """Its public view."""
        return VisitState(
            visit_id=self.id,
            initiative_id=self.initiative_id,
            status=self.status,
            member_ids=list(self.member_ids),
            place_id=self.place_id,
            starts_at=self.starts_at and self.starts_at.astimezone(UTC),
            ends_at=self.ends_at and self.ends_at.astimezone(UTC),
            invitation=self.invitation or "",
            answer=self.answer,
            report=self.report,
        )

    @property
    def is_erased(self) -> bool:
        """Tell whether nothing of it is public any more: taken back before anybody accepted it."""
        return self.status is Status.CANCELLED and self.starts_at is None


def invite(visit: Visit, frontrunner: Frontrunner | None) -> VisitInvited:
    """Invite the council. Raises Forbidden("not-an-initiator"), and Refused for an initiative that does not go on."""
    refuse_no_frontrunner(frontrunner, visit.initiative_id, visit.invited_by)
    return VisitInvited(visit_id=visit.id, initiative_id=visit.initiative_id, invited_by=visit.invited_by)


def accept(visit: Visit, by: Member | None, plan: Plan, council: Set[UUID], now: datetime) -> VisitAccepted:
    """Come, or come at another time, in another place or with others; `council` are the members who serve.

    Raises Forbidden("not-a-member"), Refused("illegal-visit-accept"), ("member-not-serving") with their ids, and for
    another window that makes no sense. That nobody is elsewhere then is for the database to say.
    """
    serving(by, now)
    _moved(visit.status, "accept")
    if (plan.starts_at, plan.ends_at) != (visit.starts_at, visit.ends_at):
        refuse_senseless(plan.starts_at, plan.ends_at, now)
    _refuse_strangers(plan.member_ids, council)
    return VisitAccepted(
        visit_id=visit.id,
        initiative_id=visit.initiative_id,
        member_ids=list(plan.member_ids),
        place_id=plan.place_id or visit.place_id,
        starts_at=plan.starts_at.astimezone(UTC),
        ends_at=plan.ends_at.astimezone(UTC),
    )


def decline(visit: Visit, by: Member | None, reason: DeclineReason, now: datetime) -> VisitDeclined:
    """Say that the council does not come. Raises Forbidden("not-a-member"), Refused("illegal-visit-decline")."""
    serving(by, now)
    _moved(visit.status, "decline")
    return VisitDeclined(visit_id=visit.id, initiative_id=visit.initiative_id, reason=reason)


def side_of(visit: Visit, person: UUID, initiators: Collection[UUID], by: Member | None, now: datetime) -> Side:
    """For whom somebody cancels: who invited or carries the initiative, or a member who comes.

    Raises Forbidden("not-your-visit") for anyone else.
    """
    if person == visit.invited_by or person in initiators:
        return Side.INITIATOR
    if by is not None and by.serves(now) and by.id in visit.member_ids:
        return Side.COUNCIL
    raise Forbidden("not-your-visit", "Only who invited, the initiators and the members who come may cancel a visit.")


def cancel(visit: Visit, side: Side, reason: CancelReason) -> VisitCancelled:
    """It does not take place. An initiator takes the words of the invitation back with it.

    Raises Refused("illegal-visit-cancel").
    """
    _moved(visit.status, "cancel")
    return VisitCancelled(visit_id=visit.id, initiative_id=visit.initiative_id, said_by=side, reason=reason)


def visited(
    visit: Visit, by: Member | None, there: Collection[UUID], council: Set[UUID], now: datetime
) -> FrontrunnerVisited:
    """Say that the council was there, and which members: of those who would come, or of all who serve.

    Raises Forbidden("not-a-member" or "not-your-visit"), Refused("illegal-visit-visit"), ("too-early") before its
    start, or ("member-not-serving") with their ids.
    """
    _one_of_them(visit, by, now)
    _moved(visit.status, "visit")
    if visit.starts_at is None or now < visit.starts_at:
        raise Refused("too-early", "Say so from the start of the visit on.", startsAt=visit.starts_at)
    _refuse_strangers(there, {*council, *visit.member_ids})
    return FrontrunnerVisited(
        visit_id=visit.id, initiative_id=visit.initiative_id, member_ids=list(there), place_id=visit.place_id
    )


def report(visit: Visit, by: Member | None, promises: int, now: datetime) -> VisitReported:
    """Report back. Raises Forbidden("not-a-member" or "not-your-visit"), Refused("illegal-visit-report")."""
    _one_of_them(visit, by, now)
    _moved(visit.status, "report")
    return VisitReported(visit_id=visit.id, initiative_id=visit.initiative_id, promises=promises)


def amend(visit: Visit, by: Member | None, words: str, version: int, now: datetime) -> Visit:
    """Say the report in other words; the same ones again change nothing.

    Raises Forbidden("not-a-member" or "not-your-visit"), Refused("not-reported"), Stale("visit-changed").
    """
    _one_of_them(visit, by, now)
    if visit.status is not Status.REPORTED:
        raise Refused("not-reported", "There is no report of this visit to amend; report first.")
    if version != visit.version:
        raise Stale("visit-changed", "This changed since you read it; read it again.", version=visit.version)
    return visit if words == visit.report else replace(visit, report=words, version=visit.version + 1)


def was_there(visit: Visit, by: Member | None, now: datetime) -> Member:
    """The member who was there. Raises Forbidden("not-a-member" or "not-your-visit"), Refused("not-visited")."""
    member = _one_of_them(visit, by, now)
    if visit.status not in WAS_THERE:
        raise Refused("not-visited", f"This needs a visit that took place; it is {visit.status}.")
    return member


def evolve(visit: Visit, event: VisitFact, words: str | None = None) -> Visit:
    """The visit after an event; `words` are the answer or the report that go with it and stand in no fact."""
    match event:
        case VisitInvited():
            return visit
        case VisitAccepted():
            after = replace(
                visit,
                status=_moved(visit.status, "accept"),
                member_ids=tuple(event.member_ids),
                place_id=event.place_id,
                starts_at=event.starts_at,
                ends_at=event.ends_at,
            )
        case VisitDeclined():
            reason = DeclineReason(event.reason)
            after = replace(visit, status=_moved(visit.status, "decline"), reason=reason, answer=words)
        case VisitCancelled():
            after = _cancelled(visit, Side(event.said_by), CancelReason(event.reason))
        case FrontrunnerVisited():
            after = replace(visit, status=_moved(visit.status, "visit"), member_ids=tuple(event.member_ids))
        case VisitReported():
            after = replace(visit, status=_moved(visit.status, "report"), report=words)
    return replace(after, version=visit.version + 1)


def _cancelled(visit: Visit, side: Side, reason: CancelReason) -> Visit:
    words = None if side is Side.INITIATOR else visit.invitation
    status = _moved(visit.status, "cancel")
    return replace(visit, status=status, cancelled_by=side, reason=reason, invitation=words)


def _one_of_them(visit: Visit, by: Member | None, now: datetime) -> Member:
    member = serving(by, now)
    if member.id not in visit.member_ids:
        raise Forbidden("not-your-visit", "Only the members of this visit may do this.")
    return member


def _refuse_strangers(asked: Collection[UUID], council: Set[UUID]) -> None:
    if strangers := [str(one) for one in asked if one not in council]:
        raise Refused("member-not-serving", "Name only members of the council who serve now.", memberIds=strangers)


def _moved(status: Status, verb: str) -> Status:
    return led_to(MOVES, verb, status, "visit")
