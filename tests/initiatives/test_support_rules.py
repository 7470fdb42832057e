"""The rules of a support, without any server."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from dorpsplein.contracts.initiatives.supports import SupportGiven, SupportMoved, SupportReturned, SupportWithdrawn
from dorpsplein.errors import NotFound, Refused
from initiatives.domain import support as domain
from initiatives.domain.support import ON_SCREEN, By, Change, Support, support_id

SECRET = "a secret of this test"
GARDEN, PARK, ANNA, BRAM = uuid4(), uuid4(), uuid4(), uuid4()
MERGE, BATCH = uuid4(), uuid4()
PAPER = By("paper", batch_id=BATCH)
JUST_AFTER_NOON = datetime(2026, 5, 1, 12, 34, 56, tzinfo=UTC)
NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def nobody_yet(initiative: UUID = GARDEN, who: UUID = ANNA) -> Support:
    return Support(support_id(SECRET, initiative, who), initiative, who)


def given(support: Support | None = None, by: By = ON_SCREEN, *, anonymous: bool = False) -> Support:
    return domain.give(support or nobody_yet(), by, JUST_AFTER_NOON, anonymous=anonymous)[0]


def told(change: Change) -> Any:
    return type(change[1]) if change[1] else None


def test_a_person_has_one_support_of_an_initiative_and_only_the_secret_tells_which() -> None:
    one = support_id(SECRET, GARDEN, ANNA)
    assert one == support_id(SECRET, GARDEN, ANNA)
    others = {support_id(SECRET, GARDEN, BRAM), support_id(SECRET, PARK, ANNA), support_id("other", GARDEN, ANNA)}
    assert len({one, *others, domain.former_id(GARDEN, ANNA)}) == 5


def test_a_yes_is_said_once() -> None:
    first, event = domain.give(nobody_yet(), ON_SCREEN, JUST_AFTER_NOON)
    assert (first.given, first.sequence, first.at) == (True, 1, JUST_AFTER_NOON)
    assert isinstance(event, SupportGiven)
    assert (event.supporter_id, event.anonymous, event.channel) == (ANNA, False, "web")
    assert domain.give(first, ON_SCREEN, JUST_AFTER_NOON) == (first, None)


def test_a_yes_taken_back_can_be_given_again_and_the_sequence_goes_on() -> None:
    back, event = domain.take_back(given(), NOON)
    assert isinstance(event, SupportWithdrawn)
    assert (back.given, back.sequence, event.reason) == (False, 2, None)
    assert domain.take_back(back, NOON) == (back, None)
    again = given(back, By("import"))
    assert (again.given, again.sequence) == (True, 3)


def test_what_was_never_given_cannot_be_taken_back() -> None:
    with pytest.raises(NotFound, match="support-unknown"):
        domain.take_back(nobody_yet(), NOON)


def test_an_anonymous_yes_names_nobody_and_only_the_hour() -> None:
    anonymous, event = domain.give(nobody_yet(), ON_SCREEN, JUST_AFTER_NOON, anonymous=True)
    assert isinstance(event, SupportGiven)
    assert anonymous.supporter_id == event.supporter_id == anonymous.id
    assert event.anonymous
    assert anonymous.at == NOON
    back, event_back = domain.take_back(anonymous, JUST_AFTER_NOON)
    assert isinstance(event_back, SupportWithdrawn)
    assert (back.at, event_back.supporter_id, event_back.anonymous) == (NOON, anonymous.id, True)


@pytest.mark.parametrize(("first", "code"), [(False, "support-was-public"), (True, "support-is-anonymous")])
def test_a_support_stays_of_one_kind_also_after_it_was_taken_back(first: bool, code: str) -> None:
    before = given(anonymous=first)
    for support in (before, domain.take_back(before, NOON)[0]):
        with pytest.raises(Refused, match=code):
            domain.give(support, ON_SCREEN, NOON, anonymous=not first)


def test_paper_gives_a_ground_and_never_names_who_was_anonymous() -> None:
    anonymous = given(anonymous=True)
    on_paper, event = domain.give(anonymous, PAPER, NOON, anonymous=None)
    assert (on_paper.papers, on_paper.anonymous, event) == (1, True, None)
    _, event = domain.give(domain.take_back(anonymous, NOON)[0], PAPER, NOON, anonymous=None)
    assert isinstance(event, SupportGiven)
    assert (event.anonymous, event.supporter_id, event.batch_id) == (True, anonymous.id, None)


def test_who_stands_on_two_sheets_counts_once_until_both_are_gone() -> None:
    twice = given(given(by=PAPER), PAPER)
    assert (twice.papers, twice.sequence) == (2, 1)
    once, event = domain.leave_batch(twice, NOON, domain.RECOUNTED)
    assert (once.given, event) == (True, None)
    gone, event = domain.leave_batch(once, NOON, domain.UNDONE)
    assert isinstance(event, SupportWithdrawn)
    assert (gone.given, event.reason) == (False, "paper-undone")


def test_a_yes_of_ones_own_outlives_the_paper_it_was_first_seen_on() -> None:
    own = given(given(by=PAPER))
    left, event = domain.leave_batch(own, NOON, domain.UNDONE)
    assert (left.given, event) == (True, None)


def test_a_yes_moves_with_a_merge_and_comes_back() -> None:
    here, there = given(), nobody_yet(PARK)
    moved, arrived = domain.move(here, there, MERGE, NOON)
    assert (told(moved), told(arrived)) == (SupportMoved, SupportGiven)
    assert (moved[0].given, arrived[0].given, arrived[0].sequence) == (False, True, 1)
    assert domain.move(moved[0], arrived[0], MERGE, NOON) == ((moved[0], None), (arrived[0], None))
    back, left = domain.move_back(moved[0], arrived[0], MERGE, NOON)
    assert (told(back), told(left)) == (SupportReturned, SupportWithdrawn)
    assert (back[0].given, left[0].given, back[0].sequence) == (True, False, 3)
    assert domain.move_back(back[0], left[0], MERGE, NOON) == ((back[0], None), (left[0], None))


@pytest.mark.parametrize("before", [True, False])
def test_who_supports_the_other_themselves_keeps_that_whatever_becomes_of_the_merge(before: bool) -> None:
    here, there = given(), given(nobody_yet(PARK)) if before else nobody_yet(PARK)
    (moved, _), (arrived, event) = domain.move(here, there, MERGE, NOON)
    assert (event is None) == before
    own = arrived if before else given(arrived)
    assert domain.move_back(moved, own, MERGE, NOON)[1] == (replace(own, merged_by=None), None)


def test_who_took_their_yes_back_after_it_moved_has_none_that_comes_back() -> None:
    (moved, _), (arrived, _) = domain.move(given(), nobody_yet(PARK), MERGE, NOON)
    gone, _ = domain.take_back(arrived, NOON)
    assert domain.move_back(moved, gone, MERGE, NOON) == ((moved, None), (gone, None))


def test_there_must_be_a_yes_to_move() -> None:
    for here in (nobody_yet(), domain.take_back(given(), NOON)[0]):
        with pytest.raises(NotFound, match="support-unknown"):
            domain.move(here, nobody_yet(PARK), MERGE, NOON)


@pytest.mark.parametrize("anonymous", [True, False])
def test_a_yes_does_not_move_to_one_of_another_kind_as_that_would_tell_whose_it_is(anonymous: bool) -> None:
    here, there = given(anonymous=anonymous), given(nobody_yet(PARK), anonymous=not anonymous)
    for other in (there, domain.take_back(there, NOON)[0]):
        with pytest.raises(Refused, match="support-was-public" if anonymous else "support-is-anonymous"):
            domain.move(here, other, MERGE, NOON)


def test_an_anonymous_yes_stays_anonymous_where_it_goes() -> None:
    (_, moved), (arrived, event) = domain.move(given(anonymous=True), nobody_yet(PARK), MERGE, JUST_AFTER_NOON)
    assert isinstance(moved, SupportMoved)
    assert isinstance(event, SupportGiven)
    assert (moved.anonymous, event.anonymous, event.supporter_id, arrived.at) == (True, True, arrived.id, NOON)
