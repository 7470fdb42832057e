"""Lone visits: the rules on their own."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from tests.presence.test_slot_rules import refused

from dorpsplein.errors import Forbidden
from presence.domain import lone_visits
from presence.domain.lone_visits import LoneVisit

BRAM, CARLA, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def out(**other: object) -> LoneVisit:
    usual = {"id": UUID(int=9), "visitor_id": BRAM, "colleague_id": CARLA, "back_by": NOON + HOUR, "note": "Kade 3"}
    return LoneVisit(**{**usual, **other})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("visit", "code"),
    [
        (out(note=None), "where-missing"),
        (out(colleague_id=BRAM), "colleague-is-yourself"),
        (out(back_by=NOON), "back-in-the-past"),
        (out(back_by=NOON + 12 * HOUR + MINUTE), "back-too-late"),
    ],
)
def test_nobody_goes_out_without_saying_where_until_when_and_to_whom(visit: LoneVisit, code: str) -> None:
    with refused(code):
        lone_visits.leave(visit, NOON)


def test_it_rings_the_colleague_at_its_moment_and_again_three_times_each_a_notice_of_its_own() -> None:
    visit, rung = out(), []
    for minute in range(5 * 60):
        visit, notices = lone_visits.ring(visit, NOON + minute * MINUTE)
        rung += [(minute, notice) for notice in notices]
    assert [minute for minute, _ in rung] == [60, 75, 90, 105]
    assert {(notice.person_id, notice.what, notice.lone_visit_id) for _, notice in rung} == {
        (CARLA, "lone-visit-overdue", visit.id)
    }
    assert len({notice.notice_id for _, notice in rung}) == 4
    assert (visit.status, visit.rings_at) == ("overdue", None)


def test_a_notice_tells_nobody_where_somebody_is_alone() -> None:
    _, [notice] = lone_visits.ring(out(place_id=UUID(int=7)), NOON + HOUR)
    assert str(UUID(int=7)) not in notice.model_dump_json()
    assert "Kade" not in notice.model_dump_json()


def test_a_check_in_puts_it_off_and_it_rings_anew() -> None:
    overdue, _ = lone_visits.ring(out(), NOON + HOUR)
    later = lone_visits.check_in(overdue, BRAM, NOON + 3 * HOUR, NOON + 2 * HOUR)
    assert (later.status, later.rings, later.rings_at) == ("out", 0, NOON + 3 * HOUR)
    assert lone_visits.ring(later, NOON + 2.9 * HOUR) == (later, [])
    _, first = lone_visits.ring(out(), NOON + HOUR)
    _, [second] = lone_visits.ring(later, NOON + 3 * HOUR)
    assert second.notice_id != first[0].notice_id
    with refused("back-too-late"):
        lone_visits.check_in(overdue, BRAM, NOON + 15 * HOUR, NOON + 2 * HOUR)


def test_who_was_rung_hears_that_the_visitor_is_back_and_nobody_else() -> None:
    back, notices = lone_visits.come_back(out(), BRAM, NOON)
    assert (back.status, back.ended_at, notices) == ("returned", NOON, [])
    overdue, _ = lone_visits.ring(out(), NOON + HOUR)
    for rung in (overdue, lone_visits.check_in(overdue, BRAM, NOON + 3 * HOUR, NOON + 2 * HOUR)):
        _, [notice] = lone_visits.come_back(rung, BRAM, NOON + 2 * HOUR)
        assert (notice.person_id, notice.what) == (CARLA, "lone-visit-ended")


def test_what_has_ended_rings_no_more_and_only_the_visitor_moves_it() -> None:
    back, _ = lone_visits.come_back(out(), BRAM, NOON)
    assert lone_visits.ring(back, NOON + 99 * HOUR) == (back, [])
    with refused("lone-visit-returned"):
        lone_visits.come_back(back, BRAM, NOON)
    with refused("lone-visit-returned"):
        lone_visits.check_in(back, BRAM, NOON + HOUR, NOON)
    for person in (CARLA, OTHER):
        with refused("not-your-visit", Forbidden):
            lone_visits.come_back(out(), person, NOON)
        with refused("not-your-visit", Forbidden):
            lone_visits.check_in(out(), person, NOON + HOUR, NOON)
