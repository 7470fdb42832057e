"""The rules of visits of the council: given, when, then; no server."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from tests.presence.refusals import refused

from dorpsplein.errors import Forbidden, Stale
from presence.domain import visits
from presence.domain.frontrunners import Frontrunner
from presence.domain.members import Kind, Member
from presence.domain.members import Status as MemberStatus
from presence.domain.visits import MOVES, CancelReason, DeclineReason, Plan, Side, Status, Visit, VisitFact

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
INA, IVO, KEES, LENA, ANNA, POND, PLACE = (uuid4() for _ in range(7))
CORE = Member(uuid4(), KEES, Kind.CORE, (), uuid4(), NOON - 24 * HOUR, NOON + 900 * HOUR, MemberStatus.SERVING)
GUEST = replace(CORE, id=uuid4(), person_id=LENA, kind=Kind.INSPIRATOR)
COUNCIL = {CORE.id, GUEST.id}
FRONTRUNNER = Frontrunner(POND, (INA, IVO), "under-way")
ASKED = Visit(uuid4(), POND, INA, "Kom kijken!")
PLAN = Plan(NOON + HOUR, NOON + 3 * HOUR, PLACE, (CORE.id,))


ACCEPTED = visits.evolve(ASKED, visits.accept(ASKED, CORE, PLAN, COUNCIL, NOON))
SEEN = visits.evolve(ACCEPTED, visits.visited(ACCEPTED, CORE, [CORE.id, GUEST.id], COUNCIL, NOON + HOUR))
TOLD = visits.evolve(SEEN, visits.report(SEEN, CORE, 2, NOON + 2 * HOUR), "Wat een vijver.")
COURSES = {
    Status.INVITED: replace(ASKED, member_ids=(CORE.id,)),
    Status.ACCEPTED: ACCEPTED,
    Status.DECLINED: replace(ASKED, status=Status.DECLINED, member_ids=(CORE.id,)),
    Status.CANCELLED: replace(ACCEPTED, status=Status.CANCELLED),
    Status.VISITED: SEEN,
    Status.REPORTED: TOLD,
}
DECIDE: dict[str, Callable[[Visit, Member | None], VisitFact]] = {
    "accept": lambda visit, by: visits.accept(visit, by, PLAN, COUNCIL, NOON),
    "decline": lambda visit, by: visits.decline(visit, by, DeclineReason.NO_TIME, NOON),
    "cancel": lambda visit, by: visits.cancel(visit, Side.COUNCIL, CancelReason.OTHER),
    "visit": lambda visit, by: visits.visited(visit, by, [CORE.id], COUNCIL, NOON + HOUR),
    "report": lambda visit, by: visits.report(visit, by, 0, NOON),
}


@pytest.mark.parametrize("verb", MOVES)
@pytest.mark.parametrize("status", Status)
def test_the_table_of_moves_is_what_may_be_done(verb: str, status: Status) -> None:
    visit, (allowed, leads_to) = COURSES[status], MOVES[verb]
    assert visit.status is status
    if status in allowed:
        after = visits.evolve(visit, DECIDE[verb](visit, CORE))
        assert (after.status, after.version) == (leads_to, visit.version + 1)
    else:
        with refused(f"illegal-visit-{verb}"):
            DECIDE[verb](visit, CORE)


@pytest.mark.parametrize("verb", [verb for verb in MOVES if verb != "cancel"])
@pytest.mark.parametrize(
    "nobody", [None, replace(CORE, status=MemberStatus.ENDED), replace(CORE, term_until=NOON - HOUR)]
)
def test_who_is_no_member_now_acts_on_no_visit(verb: str, nobody: Member | None) -> None:
    for visit in COURSES.values():
        with refused("not-a-member", Forbidden):
            DECIDE[verb](visit, nobody)


def test_only_who_carries_an_initiative_that_goes_on_invites() -> None:
    for status in ("proposed", "under-way", "celebrated", "paused"):
        assert visits.invite(ASKED, replace(FRONTRUNNER, status=status)).invited_by == INA
    for over in ("withdrawn", "expired", "halted", None):
        with refused("initiative-over"):
            visits.invite(ASKED, replace(FRONTRUNNER, status=over))
    with refused("not-an-initiator", Forbidden):
        visits.invite(replace(ASKED, invited_by=ANNA), FRONTRUNNER)
    with refused("initiative-unknown"):
        visits.invite(ASKED, None)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"ends_at": PLAN.starts_at}, "ends-before-start"),
        ({"starts_at": NOON - HOUR}, "starts-in-the-past"),
        ({"starts_at": NOON + 9_000 * HOUR, "ends_at": NOON + 9_001 * HOUR}, "too-far-ahead"),
        ({"ends_at": PLAN.starts_at + 25 * HOUR}, "too-long"),
        ({"member_ids": (CORE.id, uuid4())}, "member-not-serving"),
    ],
)
def test_a_visit_at_an_impossible_time_or_by_others_than_members_is_refused(change: dict[str, Any], code: str) -> None:
    with refused(code):
        visits.accept(ASKED, CORE, replace(PLAN, **change), COUNCIL, NOON)


def test_who_comes_may_change_also_when_the_visit_is_going_on() -> None:
    others = replace(PLAN, member_ids=(GUEST.id,), place_id=None)
    after = visits.evolve(ACCEPTED, visits.accept(ACCEPTED, GUEST, others, COUNCIL, NOON + 2 * HOUR))
    assert (after.member_ids, after.starts_at, after.version) == ((GUEST.id,), PLAN.starts_at, 3)
    assert after.place_id == PLACE
    with refused("starts-in-the-past"):
        visits.accept(ACCEPTED, GUEST, replace(others, ends_at=NOON + 4 * HOUR), COUNCIL, NOON + 2 * HOUR)


def test_the_words_stand_in_the_public_state_and_never_in_a_fact() -> None:
    told = visits.decline(ASKED, CORE, DeclineReason.NO_TIME, NOON)
    after = visits.evolve(ASKED, told, "In juni pas weer.")
    assert (after.state.answer, after.state.invitation) == ("In juni pas weer.", "Kom kijken!")
    assert TOLD.state.report == "Wat een vijver."
    facts = [told, *(DECIDE[verb](COURSES[min(MOVES[verb][0])], CORE) for verb in MOVES)]
    assert not any(words in fact.model_dump_json() for fact in facts for words in ("juni", "vijver", "kijken"))


def test_an_initiator_or_a_member_who_comes_cancels_and_nobody_else() -> None:
    carriers = (IVO,)
    assert visits.side_of(ACCEPTED, INA, carriers, None, NOON) is Side.INITIATOR
    assert visits.side_of(ACCEPTED, IVO, carriers, CORE, NOON) is Side.INITIATOR
    assert visits.side_of(ACCEPTED, KEES, carriers, CORE, NOON) is Side.COUNCIL
    for person, member in ((ANNA, None), (LENA, GUEST), (KEES, replace(CORE, status=MemberStatus.ENDED))):
        with refused("not-your-visit", Forbidden):
            visits.side_of(ACCEPTED, person, carriers, member, NOON)


def test_an_initiator_takes_the_invitation_back_with_its_words_and_all_of_it_goes_before_it_was_accepted() -> None:
    gone = visits.evolve(ASKED, visits.cancel(ASKED, Side.INITIATOR, CancelReason.OTHER))
    assert (gone.invitation, gone.is_erased) == (None, True)
    late = visits.evolve(ACCEPTED, visits.cancel(ACCEPTED, Side.INITIATOR, CancelReason.OTHER))
    assert (late.invitation, late.state.invitation, late.is_erased) == (None, "", False)
    council = visits.evolve(ACCEPTED, visits.cancel(ACCEPTED, Side.COUNCIL, CancelReason.OTHER))
    assert (council.invitation, council.cancelled_by, council.is_erased) == ("Kom kijken!", "council", False)


def test_the_council_was_there_from_the_start_on_and_with_whom_it_really_was() -> None:
    with refused("too-early"):
        visits.visited(ACCEPTED, CORE, [CORE.id], COUNCIL, NOON + HOUR - timedelta(microseconds=1))
    with refused("not-your-visit", Forbidden):
        visits.visited(ACCEPTED, GUEST, [GUEST.id], COUNCIL, NOON + HOUR)
    with refused("member-not-serving"):
        visits.visited(ACCEPTED, CORE, [CORE.id, uuid4()], COUNCIL, NOON + HOUR)
    assert SEEN.member_ids == (CORE.id, GUEST.id)
    left_since = visits.visited(
        replace(ACCEPTED, member_ids=(CORE.id, GUEST.id)), CORE, [GUEST.id], {CORE.id}, NOON + HOUR
    )
    assert left_since.member_ids == [GUEST.id]


def test_a_report_is_amended_by_who_was_there_and_only_once_it_is_there() -> None:
    after = visits.amend(TOLD, GUEST, "Wat een mooie vijver.", TOLD.version, NOON)
    assert (after.report, after.version) == ("Wat een mooie vijver.", TOLD.version + 1)
    assert visits.amend(TOLD, GUEST, "Wat een vijver.", TOLD.version, NOON) is TOLD
    with refused("not-reported"):
        visits.amend(SEEN, CORE, "Wat een vijver.", SEEN.version, NOON)
    with refused("visit-changed", Stale):
        visits.amend(after, CORE, "Wat een vijver.", TOLD.version, NOON)
    with refused("not-your-visit", Forbidden):
        visits.amend(replace(TOLD, member_ids=(CORE.id,)), GUEST, "Een vijver.", TOLD.version, NOON)


def test_only_who_was_there_promises_something() -> None:
    assert visits.was_there(SEEN, GUEST, NOON) is GUEST
    assert visits.was_there(TOLD, CORE, NOON) is CORE
    with refused("not-visited"):
        visits.was_there(ACCEPTED, CORE, NOON)
    with refused("not-your-visit", Forbidden):
        visits.was_there(replace(SEEN, member_ids=(CORE.id,)), GUEST, NOON)
    with refused("not-a-member", Forbidden):
        visits.was_there(SEEN, None, NOON)
