"""Requests for a session: the rules on their own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from dorpsplein.contracts.presence.requests import (
    SessionRequested,
    SessionRequestExpired,
    SessionRequestPickedUp,
    SessionRequestWithdrawn,
)
from dorpsplein.errors import Forbidden, Refused, Rejected
from presence.domain import requests
from presence.domain.counts import shown
from presence.domain.requests import MOVES, Answering, Ask, Request, RequestFact, RequestStatus
from presence.domain.surroundings import Surroundings

ANNA, BRAM, DORA = UUID(int=1), UUID(int=2), UUID(int=3)
POND, GONE, LAB = UUID(int=4), UUID(int=5), UUID(int=6)
AROUND = Surroundings(initiatives={POND}, withdrawn_initiatives={GONE})
NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ASK = Ask(UUID(int=7), ANNA, "Who waters the square?", "green", "de-kamp", (52.370249, 4.895168), POND)
SESSION = Answering(LAB, BRAM, NOON + DAY, over=False)


def asked(command: Ask = ASK, already_open: int = 0) -> tuple[Request, SessionRequested]:
    return requests.ask(command, AROUND, already_open=already_open, days=90, now=NOON)


OPEN, _ = asked()
DECIDE: dict[str, Callable[[Request], RequestFact | None]] = {
    "pick up": lambda request: requests.pick_up(request, SESSION, LAB, BRAM),
    "expire": lambda request: requests.expire(request, NOON + 90 * DAY),
    "withdraw": lambda request: requests.withdraw(request, ANNA),
}


def given(verb: str, request: Request = OPEN) -> Request:
    event = DECIDE[verb](request)
    assert event is not None
    return requests.evolve(request, event)


COURSES = {
    RequestStatus.OPEN: OPEN,
    RequestStatus.PICKED_UP: given("pick up"),
    RequestStatus.EXPIRED: given("expire"),
    RequestStatus.WITHDRAWN: given("withdraw"),
}


@contextmanager
def refused(code: str, kind: type[Rejected] = Refused) -> Iterator[None]:
    with pytest.raises(kind) as caught:
        yield
    assert caught.value.code == code


def test_a_request_is_told_without_its_words_and_its_point() -> None:
    request, event = asked()
    assert event == SessionRequested(
        request_id=ASK.id, asked_by=ANNA, theme="green", neighbourhood="de-kamp", initiative_id=POND
    )
    assert request.expires_at == NOON + 90 * DAY
    assert requests.state_of(request, 0).question == "Who waters the square?"


def test_a_point_is_kept_no_finer_than_a_thousandth_of_a_degree() -> None:
    assert asked()[0].point == (52.37, 4.895)
    assert asked(replace(ASK, point=None))[0].point is None


def test_a_request_about_nothing_or_beyond_ten_is_refused() -> None:
    with refused("initiative-unknown"):
        asked(replace(ASK, initiative_id=UUID(int=99)))
    with refused("initiative-withdrawn"):
        asked(replace(ASK, initiative_id=GONE))
    assert asked(replace(ASK, initiative_id=None), already_open=9)
    with refused("too-many-requests"):
        asked(already_open=10)


@pytest.mark.parametrize("verb", MOVES)
@pytest.mark.parametrize("status", RequestStatus)
def test_the_table_of_moves_is_what_may_be_done(verb: str, status: RequestStatus) -> None:
    request, (allowed, leads_to) = COURSES[status], MOVES[verb]
    assert request.status is status
    if status in allowed:
        after = given(verb, request)
        assert (after.status, after.version) == (leads_to, request.version + 1)
    elif verb == "expire":
        assert DECIDE[verb](request) is None
    else:
        with refused(f"illegal-request-{verb.replace(' ', '-')}"):
            DECIDE[verb](request)


def test_a_request_expires_at_its_moment_and_not_before() -> None:
    assert requests.expire(OPEN, OPEN.expires_at - timedelta(microseconds=1)) is None
    assert requests.expire(OPEN, OPEN.expires_at) == SessionRequestExpired(request_id=OPEN.id, initiative_id=POND)


def test_only_the_host_picks_up_with_a_session_that_is_still_to_be() -> None:
    assert requests.pick_up(OPEN, SESSION, LAB, BRAM) == SessionRequestPickedUp(
        request_id=OPEN.id, session_id=LAB, picked_up_by=BRAM, initiative_id=POND
    )
    with refused("not-your-session", Forbidden):
        requests.pick_up(OPEN, SESSION, LAB, DORA)
    with refused("session-unknown"):
        requests.pick_up(OPEN, None, LAB, BRAM)
    with refused("session-over"):
        requests.pick_up(OPEN, replace(SESSION, over=True), LAB, BRAM)


def test_only_who_asked_withdraws_and_then_words_and_point_are_gone() -> None:
    with refused("not-your-request", Forbidden):
        requests.withdraw(OPEN, BRAM)
    assert requests.withdraw(OPEN, ANNA) == SessionRequestWithdrawn(request_id=OPEN.id, initiative_id=POND)
    for before in (OPEN, COURSES[RequestStatus.PICKED_UP], COURSES[RequestStatus.EXPIRED]):
        after = given("withdraw", before)
        assert (after.question, after.point, after.session_id) == (None, None, before.session_id)


def test_others_ask_along_while_it_is_open() -> None:
    requests.refuse_joining(ANNA, RequestStatus.OPEN, DORA)
    with refused("you-asked-it"):
        requests.refuse_joining(ANNA, RequestStatus.OPEN, ANNA)
    for status in set(RequestStatus) - {RequestStatus.OPEN}:
        with refused("request-not-open"):
            requests.refuse_joining(ANNA, status, DORA)


def test_fewer_than_five_are_never_counted_aloud() -> None:
    assert [shown(people) for people in range(7)] == [None] * 5 + [5, 6]
    assert requests.state_of(OPEN, 4).joined is None
    assert requests.state_of(OPEN, 5).joined == 5
