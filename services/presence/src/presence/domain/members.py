"""Members of the inspiration council: the core group, and the inspirators whom core members ask to join them.

Who is in the core group is decided outside: an operator writes it down. A term ends by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from dorpsplein.contracts.presence.members import (
    CouncilInvitationDeclined,
    CouncilMemberInvited,
    CouncilMemberJoined,
    CouncilMemberLeft,
    CouncilMemberState,
)
from dorpsplein.errors import Forbidden, Refused, Stale
from presence.domain.moves import led_to

LONGEST_TERM = timedelta(days=4 * 366)
"""A municipal council in the Netherlands sits for four years (Grondwet, article 129, paragraph 4)."""
FURTHEST_AHEAD = timedelta(days=366)

MemberFact = CouncilMemberInvited | CouncilMemberJoined | CouncilInvitationDeclined | CouncilMemberLeft


class Kind(StrEnum):
    """Which part of the council somebody is in."""

    CORE = "core"
    INSPIRATOR = "inspirator"


class Status(StrEnum):
    """Where a membership is in its life."""

    INVITED = "invited"
    SERVING = "serving"
    DECLINED = "declined"
    TAKEN_BACK = "taken-back"
    ENDED = "ended"


class LeftHow(StrEnum):
    """How a membership ended."""

    TERM_OVER = "term-over"
    RESIGNED = "resigned"
    ENDED = "ended"


class EndReason(StrEnum):
    """Why others ended a membership. It is public, so no code judges a person or says anything about their health."""

    NO_LONGER_ACTIVE = "no-longer-active"
    MOVED_AWAY = "moved-away"
    OTHER_OFFICE = "other-office"
    COUNCIL_RENEWED = "council-renewed"


MOVES: Mapping[str, tuple[frozenset[Status], Status]] = {
    "accept": (frozenset({Status.INVITED}), Status.SERVING),
    "decline": (frozenset({Status.INVITED}), Status.DECLINED),
    "take back": (frozenset({Status.INVITED}), Status.TAKEN_BACK),
    "resign": (frozenset({Status.SERVING}), Status.ENDED),
    "end": (frozenset({Status.SERVING}), Status.ENDED),
    "end the term": (frozenset({Status.SERVING}), Status.ENDED),
}
"""What may be done, from which statuses, and where it leads. Who never answered is taken back when the term is over."""
NEVER_A_MEMBER = frozenset({Status.DECLINED, Status.TAKEN_BACK})


@dataclass(frozen=True, slots=True)
class Member:
    """A membership; `version` counts what was told of it. `words`: what they say they bring."""

    id: UUID
    person_id: UUID
    kind: Kind
    themes: tuple[str, ...]
    invited_by: UUID
    term_from: datetime
    term_until: datetime
    status: Status = Status.INVITED
    words: str | None = None
    left_how: LeftHow | None = None
    ended_why: EndReason | None = None
    version: int = 1

    @property
    def state(self) -> CouncilMemberState:
        """Its public view."""
        return CouncilMemberState(
            member_id=self.id,
            person_id=self.person_id,
            kind=self.kind,
            status=self.status,
            themes=list(self.themes),
            invited_by=self.invited_by,
            term_from=self.term_from.astimezone(UTC),
            term_until=self.term_until.astimezone(UTC),
            words=self.words,
        )

    def serves(self, now: datetime) -> bool:
        """Tell whether they are a member at this moment, also where the clock has still to end their term."""
        return self.status is Status.SERVING and self.term_from <= now < self.term_until


def serving(member: Member | None, now: datetime) -> Member:
    """The member who acts. Raises Forbidden("not-a-member") for who does not serve now."""
    if member is None or not member.serves(now):
        raise Forbidden("not-a-member", "Only who is a member of the inspiration council now may do this.")
    return member


def invite(member: Member, inviter: Member | None, now: datetime, *, operator: bool) -> CouncilMemberInvited:
    """Ask somebody to join: an operator for the core group, a core member as an inspirator.

    Raises Forbidden("not-an-operator" or "not-in-the-core"), Refused("not-yourself") and for a term that makes no
    sense.
    """
    if member.kind is Kind.CORE and not operator:
        raise Forbidden("not-an-operator", "The core group is elected; an operator writes down who is in it.")
    if member.kind is Kind.INSPIRATOR:
        _in_the_core(inviter, now)
    if member.person_id == member.invited_by:
        raise Refused("not-yourself", "Nobody asks themself to join the council.")
    _refuse_senseless_term(member.term_from, member.term_until, now)
    return CouncilMemberInvited(
        member_id=member.id,
        person_id=member.person_id,
        kind=member.kind,
        invited_by=member.invited_by,
        term_from=member.term_from.astimezone(UTC),
        term_until=member.term_until.astimezone(UTC),
    )


def accept(member: Member, person: UUID, now: datetime) -> CouncilMemberJoined:
    """Say yes. Raises Forbidden("not-your-membership"), Refused("illegal-member-accept" or "term-is-over")."""
    _only_themself(member, person)
    _moved(member.status, "accept")
    if now >= member.term_until:
        raise Refused("term-is-over", "This term is over; ask for a new invitation.", termUntil=member.term_until)
    return CouncilMemberJoined(
        member_id=member.id,
        person_id=member.person_id,
        kind=member.kind,
        term_from=member.term_from.astimezone(UTC),
        term_until=member.term_until.astimezone(UTC),
    )


def decline(member: Member, person: UUID) -> CouncilInvitationDeclined:
    """Say no. Raises Forbidden("not-your-membership"), Refused("illegal-member-decline")."""
    _only_themself(member, person)
    return _unanswered(member, "decline")


def take_back(member: Member, person: UUID) -> CouncilInvitationDeclined:
    """Take an invitation back. Raises Forbidden("not-your-invitation"), Refused("illegal-member-take-back")."""
    if person != member.invited_by:
        raise Forbidden("not-your-invitation", "Only who invited them takes an invitation back.")
    return _unanswered(member, "take back")


def resign(member: Member, person: UUID) -> CouncilMemberLeft:
    """Leave before the term is over. Raises Forbidden("not-your-membership"), Refused("illegal-member-resign")."""
    _only_themself(member, person)
    return _left(member, "resign", LeftHow.RESIGNED)


def end(member: Member, by: Member | None, now: datetime, *, operator: bool) -> CouncilMemberLeft:
    """End a membership: an operator any, a core member an inspirator's.

    Raises Forbidden("not-an-operator" or "not-in-the-core"), Refused("illegal-member-end").
    """
    if not operator:
        if member.kind is Kind.CORE:
            raise Forbidden("not-an-operator", "Only an operator ends a membership of the core group.")
        _in_the_core(by, now)
    return _left(member, "end", LeftHow.ENDED)


def end_term(member: Member, now: datetime) -> CouncilMemberLeft | CouncilInvitationDeclined | None:
    """What the end of the term brings about: they leave, or an unanswered invitation is taken back; else nothing."""
    if now < member.term_until:
        return None
    if member.status is Status.INVITED:
        return _unanswered(member, "take back")
    return _left(member, "end the term", LeftHow.TERM_OVER) if member.status is Status.SERVING else None


def evolve(member: Member, event: MemberFact, ended_why: EndReason | None = None) -> Member:
    """The member after an event; an invitation leaves it as it was made. Who never joined leaves no words behind.

    `ended_why` goes with what others ended, and stands in no fact.
    """
    match event:
        case CouncilMemberInvited():
            return member
        case CouncilMemberJoined():
            after = replace(member, status=_moved(member.status, "accept"))
        case CouncilInvitationDeclined():
            verb = "decline" if event.reason == Status.DECLINED else "take back"
            after = replace(member, status=_moved(member.status, verb), words=None)
        case CouncilMemberLeft():
            how = LeftHow(event.reason)
            after = replace(member, status=_moved(member.status, "end"), left_how=how, ended_why=ended_why)
    return replace(after, version=member.version + 1)


def say(member: Member, words: str | None, person: UUID, version: int) -> Member:
    """Say what they bring, or take those words away, which may always be done.

    Raises Forbidden("not-your-membership"), Stale("member-changed"), Refused("not-in-the-council").
    """
    _only_themself(member, person)
    if version != member.version:
        raise Stale("member-changed", "This changed since you read it; read it again.", version=member.version)
    if words is not None and member.status not in (Status.INVITED, Status.SERVING):
        raise Refused("not-in-the-council", "Who is not in the council says no more what they bring to it.")
    return replace(member, words=words, version=member.version + 1)


def _in_the_core(member: Member | None, now: datetime) -> None:
    if member is None or member.kind is not Kind.CORE or not member.serves(now):
        raise Forbidden("not-in-the-core", "Only who is in the core group now may do this.")


def _only_themself(member: Member, person: UUID) -> None:
    if person != member.person_id:
        raise Forbidden("not-your-membership", "Only this person themself may do this.")


def _refuse_senseless_term(term_from: datetime, term_until: datetime, now: datetime) -> None:
    if term_until <= term_from:
        raise Refused("ends-before-start", "termUntil must be after termFrom.")
    if term_until <= now:
        raise Refused("term-is-over", "termUntil has passed; choose a moment from now on.")
    if term_from > now + FURTHEST_AHEAD:
        raise Refused("too-far-ahead", f"termFrom may be at most {FURTHEST_AHEAD.days} days ahead.")
    if term_until - term_from > LONGEST_TERM:
        raise Refused("too-long", "A term is four years at most.")


def _unanswered(member: Member, verb: str) -> CouncilInvitationDeclined:
    reason = _moved(member.status, verb)
    return CouncilInvitationDeclined(member_id=member.id, person_id=member.person_id, reason=reason)


def _left(member: Member, verb: str, how: LeftHow) -> CouncilMemberLeft:
    _moved(member.status, verb)
    return CouncilMemberLeft(member_id=member.id, person_id=member.person_id, kind=member.kind, reason=how)


def _moved(status: Status, verb: str) -> Status:
    return led_to(MOVES, verb, status, "member")
