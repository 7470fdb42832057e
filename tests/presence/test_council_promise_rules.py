"""The rules of promises of the council, and of who is worth a visit: given, when, then; no server."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from tests.presence.refusals import refused

from dorpsplein.errors import Forbidden
from presence.domain import promises
from presence.domain.frontrunners import Candidate, Happened, Reason, worth_a_visit
from presence.domain.members import Kind, Member
from presence.domain.members import Status as MemberStatus
from presence.domain.promises import MOVES, LetGoReason, Promise, PromiseFact, Status

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
DUE_AT = datetime(2026, 5, 31, 22, 0, tzinfo=UTC)
"""The end of 31 May in the Netherlands, where it is summer."""
MAKER = Member(uuid4(), uuid4(), Kind.INSPIRATOR, (), uuid4(), NOON - DAY, NOON + 90 * DAY, MemberStatus.SERVING)
CORE = replace(MAKER, id=uuid4(), person_id=uuid4(), kind=Kind.CORE)
OTHER = replace(MAKER, id=uuid4(), person_id=uuid4())
OPEN = Promise(uuid4(), uuid4(), uuid4(), MAKER.id, "Een bankje.", date(2026, 5, 31), DUE_AT)


def test_a_promise_is_due_when_its_day_is_over_here_in_summer_and_in_winter() -> None:
    assert promises.due(date(2026, 5, 31), NOON) == DUE_AT
    assert promises.due(date(2026, 12, 31), NOON) == datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
    assert promises.due(date(2026, 5, 1), NOON) == datetime(2026, 5, 1, 22, 0, tzinfo=UTC)
    with refused("due-in-the-past"):
        promises.due(date(2026, 4, 30), NOON)
    with refused("due-in-the-past"):
        promises.due(date(2026, 5, 1), datetime(2026, 5, 1, 22, 0, tzinfo=UTC))
    with refused("due-too-far"):
        promises.due(date.max, NOON)


def test_a_visit_has_no_more_promises_than_anybody_can_keep() -> None:
    assert promises.make(OPEN, 49).due_at == DUE_AT
    with refused("too-many-promises"):
        promises.make(OPEN, 50)


DECIDE: dict[str, Callable[[Promise], PromiseFact | None]] = {
    "come due": lambda promise: promises.come_due(promise, DUE_AT),
    "keep": lambda promise: promises.keep(promise, MAKER, MAKER, NOON),
    "let go": lambda promise: promises.let_go(promise, MAKER, MAKER, LetGoReason.NOT_POSSIBLE, NOON),
}


@pytest.mark.parametrize("verb", MOVES)
@pytest.mark.parametrize("status", Status)
def test_the_table_of_moves_is_what_may_be_done(verb: str, status: Status) -> None:
    promise, (allowed, leads_to) = replace(OPEN, status=status), MOVES[verb]
    if status in allowed:
        event = DECIDE[verb](promise)
        assert event is not None
        after = promises.evolve(promise, event, "words")
        assert (after.status, after.version) == (leads_to, 2)
        assert "words" not in event.model_dump_json()
    elif verb == "come due":
        assert DECIDE[verb](promise) is None
    else:
        with refused(f"illegal-promise-{verb.replace(' ', '-')}"):
            DECIDE[verb](promise)


def test_a_promise_is_recalled_once_a_week_before_and_rings_at_its_moment() -> None:
    tick = timedelta(microseconds=1)
    assert promises.remind(OPEN, DUE_AT - 7 * DAY - tick) is None
    told = promises.remind(OPEN, DUE_AT - 7 * DAY)
    assert told is not None
    after = promises.evolve(OPEN, told)
    assert (after.reminded, after.status, after.version) == (True, "open", 2)
    assert promises.remind(after, DUE_AT - DAY) is None
    assert promises.remind(OPEN, DUE_AT) is None
    assert promises.come_due(after, DUE_AT - tick) is None
    assert promises.come_due(after, DUE_AT) is not None


def test_who_made_a_promise_answers_for_it_and_the_core_group_once_they_have_left() -> None:
    left = replace(MAKER, status=MemberStatus.ENDED)
    returned = replace(OTHER, person_id=MAKER.person_id)
    for by, maker in ((MAKER, MAKER), (CORE, left), (CORE, replace(MAKER, term_until=NOON)), (returned, left)):
        assert promises.keep(OPEN, by, maker, NOON).promise_id == OPEN.id
    for by, maker in ((CORE, MAKER), (OTHER, MAKER), (OTHER, left)):
        with refused("not-your-promise", Forbidden):
            promises.keep(OPEN, by, maker, NOON)
        with refused("not-your-promise", Forbidden):
            promises.let_go(OPEN, by, maker, LetGoReason.NOT_POSSIBLE, NOON)
    for nobody in (None, left):
        with refused("not-a-member", Forbidden):
            promises.keep(OPEN, nobody, MAKER, NOON)


def test_what_came_of_a_promise_or_why_not_stands_in_its_public_state() -> None:
    kept = promises.evolve(OPEN, promises.keep(OPEN, MAKER, MAKER, NOON), "Het staat er.")
    assert (kept.state.outcome, kept.state.why) == ("Het staat er.", None)
    let_go = promises.evolve(
        OPEN, promises.let_go(OPEN, MAKER, MAKER, LetGoReason.NOT_POSSIBLE, NOON), "De grond is niet van ons."
    )
    assert (let_go.state.outcome, let_go.state.why) == (None, "De grond is niet van ons.")


def happened(*days_ago: float) -> tuple[Happened, ...]:
    return tuple(Happened(reason, NOON - ago * DAY, 1) for reason, ago in zip(Reason, days_ago, strict=False))


def candidate(number: int, *days_ago: float) -> Candidate:
    return Candidate(UUID(int=number), f"initiative {number}", "under-way", happened(*days_ago))


def test_most_reasons_come_first_then_the_newest_and_the_order_of_asking_changes_nothing() -> None:
    candidates = [candidate(1, 30), candidate(2, 60, 80), candidate(3, 2), candidate(4, 50, 70), candidate(5, 30)]
    for seed in range(10):
        random.Random(seed).shuffle(candidates)
        assert [one.initiative_id.int for one in worth_a_visit(candidates, NOON)] == [4, 2, 3, 1, 5]


def test_what_happened_ninety_days_ago_is_no_reason_any_more() -> None:
    [suggestion] = worth_a_visit([candidate(1, 90, 89.9, 100, 1), candidate(2, 90)], NOON)
    assert [reason.latest for reason in suggestion.reasons] == [NOON - DAY, NOON - 89.9 * DAY]


@pytest.mark.parametrize("status", ["withdrawn", "expired", "halted", None])
def test_what_does_not_go_on_is_not_suggested(status: str | None) -> None:
    assert worth_a_visit([replace(candidate(1, 1), status=status)], NOON) == []


def test_where_the_council_comes_or_has_just_been_it_is_not_sent_again() -> None:
    for left_out in (
        replace(candidate(1, 1), visit_is_open=True),
        replace(candidate(1, 1), last_visit=NOON - 179.9 * DAY),
        replace(candidate(1, 1), title=None),
    ):
        assert worth_a_visit([left_out], NOON) == []
    assert len(worth_a_visit([replace(candidate(1, 1), last_visit=NOON - 180 * DAY)], NOON)) == 1
