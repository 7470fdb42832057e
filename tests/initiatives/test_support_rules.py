"""The rules of a support, without any server."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from dorpsplein.contracts.initiatives.supports import SupportGiven, SupportWithdrawn
from dorpsplein.errors import NotFound
from initiatives.domain import support as domain
from initiatives.domain.support import Support, support_id

GARDEN, ANNA, BRAM = uuid4(), uuid4(), uuid4()
NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
NONE_YET = Support(support_id(GARDEN, ANNA), GARDEN, ANNA)


def after(support: Support, event: SupportGiven | SupportWithdrawn | None) -> Support:
    assert event is not None
    return domain.evolve(support, event, NOON)


def test_a_person_has_one_support_of_an_initiative_whoever_computes_it() -> None:
    assert support_id(GARDEN, ANNA) == support_id(GARDEN, ANNA)
    assert len({support_id(GARDEN, ANNA), support_id(GARDEN, BRAM), support_id(ANNA, GARDEN)}) == 3


def test_a_yes_is_said_once() -> None:
    given = after(NONE_YET, domain.give(NONE_YET, "web"))
    assert (given.given, given.sequence, given.at) == (True, 1, NOON)
    assert domain.give(given, "web") is None


def test_a_yes_taken_back_can_be_given_again_and_the_sequence_goes_on() -> None:
    given = after(NONE_YET, domain.give(NONE_YET, "web"))
    back = after(given, domain.take_back(given))
    assert (back.given, back.sequence) == (False, 2)
    assert domain.take_back(back) is None
    again = after(back, domain.give(back, "import"))
    assert (again.given, again.sequence) == (True, 3)


def test_what_was_never_given_cannot_be_taken_back() -> None:
    with pytest.raises(NotFound, match="support-unknown"):
        domain.take_back(NONE_YET)
