"""The rules of membership of the inspiration council: given, when, then; no server."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.presence.refusals import refused

from dorpsplein.contracts.presence.members import (
    CouncilInvitationDeclined,
    CouncilMemberInvited,
    CouncilMemberJoined,
    CouncilMemberLeft,
)
from dorpsplein.errors import Forbidden, Stale
from presence.domain import members
from presence.domain.members import MOVES, EndReason, Kind, LeftHow, Member, MemberFact, Status

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
LENA, KEES, OTTO, ANNA = (uuid4() for _ in range(4))
ASKED = Member(uuid4(), LENA, Kind.INSPIRATOR, ("sport",), KEES, NOON - DAY, NOON + 30 * DAY)
LENA_SERVES = replace(ASKED, status=Status.SERVING)
KEES_SERVES = Member(uuid4(), KEES, Kind.CORE, (), OTTO, NOON - DAY, NOON + 30 * DAY, Status.SERVING)


def test_an_operator_writes_down_the_core_group_and_a_core_member_asks_inspirators() -> None:
    asked = replace(ASKED, kind=Kind.CORE, invited_by=OTTO)
    told = members.invite(asked, None, NOON, operator=True)
    assert (told.kind, told.invited_by, told.person_id) == ("core", OTTO, LENA)
    assert isinstance(members.invite(ASKED, KEES_SERVES, NOON, operator=False), CouncilMemberInvited)
    with refused("not-an-operator", Forbidden):
        members.invite(asked, KEES_SERVES, NOON, operator=False)


@pytest.mark.parametrize(
    "inviter",
    [
        None,
        replace(KEES_SERVES, kind=Kind.INSPIRATOR),
        replace(KEES_SERVES, status=Status.INVITED),
        replace(KEES_SERVES, status=Status.ENDED),
        replace(KEES_SERVES, term_from=NOON + DAY),
        replace(KEES_SERVES, term_until=NOON),
    ],
)
def test_who_is_not_in_the_core_group_now_asks_nobody(inviter: Member | None) -> None:
    with refused("not-in-the-core", Forbidden):
        members.invite(ASKED, inviter, NOON, operator=True)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"term_until": ASKED.term_from}, "ends-before-start"),
        ({"term_from": NOON - 3 * DAY, "term_until": NOON}, "term-is-over"),
        ({"term_from": NOON + 367 * DAY, "term_until": NOON + 400 * DAY}, "too-far-ahead"),
        ({"term_until": ASKED.term_from + 4 * 366 * DAY + timedelta(seconds=1)}, "too-long"),
        ({"person_id": KEES}, "not-yourself"),
    ],
)
def test_an_invitation_that_makes_no_sense_is_refused(change: dict[str, Any], code: str) -> None:
    with refused(code):
        members.invite(replace(ASKED, **change), KEES_SERVES, NOON, operator=False)


DECIDE: dict[str, Callable[[Member], MemberFact | None]] = {
    "accept": lambda member: members.accept(member, LENA, NOON),
    "decline": lambda member: members.decline(member, LENA),
    "take back": lambda member: members.take_back(member, KEES),
    "resign": lambda member: members.resign(member, LENA),
    "end": lambda member: members.end(member, KEES_SERVES, NOON, operator=False),
    "end the term": lambda member: members.end_term(member, member.term_until),
}
COURSES = {
    Status.INVITED: ASKED,
    Status.SERVING: LENA_SERVES,
    Status.DECLINED: replace(ASKED, status=Status.DECLINED),
    Status.TAKEN_BACK: replace(ASKED, status=Status.TAKEN_BACK),
    Status.ENDED: replace(ASKED, status=Status.ENDED, left_how=LeftHow.RESIGNED),
}


@pytest.mark.parametrize("verb", MOVES)
@pytest.mark.parametrize("status", Status)
def test_the_table_of_moves_is_what_may_be_done(verb: str, status: Status) -> None:
    member, (allowed, leads_to) = COURSES[status], MOVES[verb]
    if status in allowed:
        event = DECIDE[verb](member)
        assert event is not None
        after = members.evolve(member, event)
        assert (after.status, after.version) == (leads_to, 2)
    elif verb == "end the term":
        assert isinstance(DECIDE[verb](member), CouncilInvitationDeclined) == (status is Status.INVITED)
    else:
        with refused(f"illegal-member-{verb.replace(' ', '-')}"):
            DECIDE[verb](member)


def test_each_says_yes_or_no_or_goodbye_for_themself_only() -> None:
    for decide in (lambda m, p: members.accept(m, p, NOON), members.decline, members.resign):
        with refused("not-your-membership", Forbidden):
            decide(ASKED, ANNA)
    with refused("not-your-invitation", Forbidden):
        members.take_back(ASKED, LENA)


def test_a_term_that_is_over_is_not_accepted_any_more() -> None:
    assert isinstance(members.accept(ASKED, LENA, ASKED.term_until - DAY), CouncilMemberJoined)
    with refused("term-is-over"):
        members.accept(ASKED, LENA, ASKED.term_until)


def test_the_end_of_a_term_makes_members_leave_and_takes_back_what_was_never_answered() -> None:
    over = ASKED.term_until
    assert members.end_term(LENA_SERVES, over - timedelta(microseconds=1)) is None
    told = members.end_term(LENA_SERVES, over)
    assert isinstance(told, CouncilMemberLeft)
    assert told.reason == "term-over"
    after = members.end_term(ASKED, over)
    assert isinstance(after, CouncilInvitationDeclined)
    assert after.reason == "taken-back"


def test_an_operator_ends_any_membership_and_a_core_member_only_that_of_an_inspirator() -> None:
    for member, by, operator in (
        (LENA_SERVES, KEES_SERVES, False),
        (KEES_SERVES, None, True),
        (LENA_SERVES, None, True),
    ):
        told = members.end(member, by, NOON, operator=operator)
        after = members.evolve(member, told, EndReason.MOVED_AWAY)
        assert (after.status, after.left_how, after.ended_why) == ("ended", "ended", "moved-away")
        assert "moved-away" not in told.model_dump_json()
    with refused("not-an-operator", Forbidden):
        members.end(KEES_SERVES, KEES_SERVES, NOON, operator=False)
    with refused("not-in-the-core", Forbidden):
        members.end(LENA_SERVES, LENA_SERVES, NOON, operator=False)


def test_a_member_says_in_their_own_words_what_they_bring_and_may_always_take_that_away() -> None:
    said = members.say(LENA_SERVES, "Ik bak brood.", LENA, 1)
    assert (said.state.words, said.version) == ("Ik bak brood.", 2)
    with refused("not-your-membership", Forbidden):
        members.say(LENA_SERVES, "Ik bak brood.", KEES, 1)
    with refused("member-changed", Stale):
        members.say(said, "Ik bak taart.", LENA, 1)
    gone = members.evolve(said, members.resign(said, LENA))
    assert gone.words == "Ik bak brood."
    with refused("not-in-the-council"):
        members.say(gone, "Ik bak taart.", LENA, 3)
    assert members.say(gone, None, LENA, 3).state.words is None


def test_who_says_no_leaves_no_words_behind() -> None:
    said = members.say(ASKED, "Ik bak brood.", LENA, 1)
    assert members.evolve(said, members.decline(said, LENA)).words is None
    assert members.evolve(said, members.take_back(said, KEES)).words is None


def test_somebody_serves_from_the_start_of_their_term_until_its_end() -> None:
    start, end = LENA_SERVES.term_from, LENA_SERVES.term_until
    tick = timedelta(microseconds=1)
    assert [LENA_SERVES.serves(at) for at in (start - tick, start, end - tick, end)] == [False, True, True, False]
    assert not ASKED.serves(NOON)
    with refused("not-a-member", Forbidden):
        members.serving(ASKED, NOON)


def test_a_member_is_told_of_by_ids_and_codes_alone() -> None:
    facts = [decide(COURSES[min(MOVES[verb][0])]) for verb, decide in DECIDE.items()]
    assert all(fact is not None and isinstance(UUID(fact.key), UUID) for fact in facts)
    assert "sport" not in str([fact.model_dump_json() for fact in facts if fact])
