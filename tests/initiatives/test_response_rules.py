"""Responses, promises and halts: what may be said when by whom, and what is told of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.initiatives.conftest import NOON, some_id

from dorpsplein.contracts.initiatives.responses import (
    MunicipalResponseAmended,
    MunicipalResponseGiven,
    MunicipalResponseState,
    PromiseContested,
    PromiseDue,
    PromiseReminded,
    PromiseState,
)
from dorpsplein.errors import Forbidden, Refused, Rejected, Stale
from dorpsplein.identity import Role
from initiatives.domain import halts, promises, responses
from initiatives.domain.moves import Ground, LiftReason
from initiatives.domain.promises import CONTEST, Promise, Release, Side, Status
from initiatives.domain.responses import Words

ANNA, DORA, DIRK, RESPONSE, PROMISE, GARDEN, HALT = (some_id(n) for n in range(1, 8))
WORDS = Words(("Grond naast de kantine",), {"Een waterput": "De bodem is er te nat."})
DUE_ON = date(2026, 6, 30)
DUE_AT = datetime(2026, 6, 30, 22, tzinfo=UTC)
"""The end of that day in Amsterdam, in summer."""


@contextmanager
def rejected(code: str, kind: type[Rejected] = Refused) -> Iterator[None]:
    with pytest.raises(kind) as refusal:
        yield
    assert refusal.value.code == code
    assert refusal.value.detail


def give(words: Words = WORDS, promised: int = 0) -> tuple[responses.Response, list[Any]]:
    return responses.give(words, promised, response_id=RESPONSE, initiative_id=GARDEN, responder=DORA)


def promise(due_on: date = DUE_ON, now: datetime = NOON) -> Promise:
    return promises.make(
        "Een watertap.",
        due_on,
        promise_id=PROMISE,
        response_id=RESPONSE,
        initiative_id=GARDEN,
        promiser=DORA,
        now=now,
    )[0]


def kept(side: Side = Side.MUNICIPALITY, now: datetime = NOON) -> Promise:
    return promises.keep(promise(), side, now)[0]


def test_a_response_tells_how_much_it_says_and_its_state_what() -> None:
    _, (given, state) = give(promised=2)
    assert isinstance(given, MunicipalResponseGiven)
    assert isinstance(state, MunicipalResponseState)
    assert (given.can_help, given.cannot, given.promises) == (1, 1, 2)
    assert (state.can_help, state.cannot) == (["Grond naast de kantine"], {"Een waterput": "De bodem is er te nat."})


def test_a_response_says_something() -> None:
    with rejected("nothing-said"):
        give(Words((), {}))
    assert give(Words((), {}), 1)[0].version == 1


def test_a_response_is_amended_on_its_newest_version_and_not_by_saying_the_same() -> None:
    response, _ = give()
    with rejected("response-changed", Stale):
        responses.amend(response, Words((), {}), 0, responder=DIRK, version=2)
    assert responses.amend(response, WORDS, 0, responder=DIRK, version=1) == (response, [])
    after, (amended, state) = responses.amend(response, Words((), WORDS.cannot), 0, responder=DIRK, version=1)
    assert isinstance(amended, MunicipalResponseAmended)
    assert (after.version, after.responder_id, amended.can_help, state.can_help) == (2, DIRK, 0, [])  # type: ignore[attr-defined]


def test_each_version_says_what_differs_from_the_one_before() -> None:
    other = Words(("Grond naast de kantine", "Gereedschap"), {"Een waterput": "Er is geen geld voor."})
    first, second = responses.differences([WORDS, other])
    assert (first.can_help_added, first.can_help_removed) == (WORDS.can_help, ())
    assert (second.can_help_added, second.can_help_removed) == (("Gereedschap",), ())
    assert (second.cannot_added, second.cannot_removed) == (other.cannot, WORDS.cannot)


def test_a_promise_is_due_when_its_day_is_over_here_in_summer_and_in_winter() -> None:
    assert promise().due_at == DUE_AT
    assert promise(date(2026, 12, 31)).due_at == datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert promise(now=DUE_AT - timedelta(microseconds=1)).status == Status.OPEN
    with rejected("due-in-the-past"):
        promise(now=DUE_AT)
    for far in (date(2032, 1, 1), date.max):
        with rejected("due-too-far"):
            promise(far)
    with rejected("due-in-the-past"):
        promise(date.min)


def test_a_promise_is_recalled_once_and_rings_once_if_it_is_open() -> None:
    three_days_before = DUE_AT - timedelta(days=3)
    reminded, told = promises.remind(promise(), three_days_before)
    assert [type(event) for event in told] == [PromiseReminded, PromiseState]
    assert promises.remind(reminded, three_days_before)[1] == []
    assert promises.remind(promise(), three_days_before - timedelta(microseconds=1))[1] == []
    assert promises.remind(promise(), DUE_AT)[1] == []
    due, told = promises.come_due(reminded, DUE_AT)
    assert (due.status, due.version, type(told[0])) == (Status.DUE, 3, PromiseDue)
    for quiet in (due, kept()):
        assert promises.come_due(quiet, DUE_AT)[1] == []
    assert promises.come_due(promise(), DUE_AT - timedelta(microseconds=1))[1] == []


def test_who_promised_speaks_for_the_municipality_also_as_an_initiator() -> None:
    def side(person: UUID, *roles: Role) -> Side:
        return promises.side_of(promise(), [ANNA, DORA], person, frozenset(roles))

    assert side(ANNA, Role.RESIDENT) == Side.INITIATOR
    assert side(DORA, Role.ALDERMAN) == Side.MUNICIPALITY
    assert side(DIRK, Role.ARRANGER) == Side.MUNICIPALITY
    for roles in ((Role.RESIDENT,), (Role.OPERATOR, Role.COUNCIL_CORE), ()):
        with rejected("not-yours", Forbidden):
            side(DIRK, *roles)


def test_initiators_contest_what_only_the_municipality_calls_kept_for_two_weeks() -> None:
    last = NOON + CONTEST - timedelta(microseconds=1)
    after, told = promises.contest(kept(), "Er is geen tap.", Side.INITIATOR, last)
    assert [type(event) for event in told] == [PromiseContested, PromiseState]
    assert (after.status, after.version, after.kept_at, after.why) == (Status.OPEN, 3, None, "Er is geen tap.")
    with rejected("contest-too-late"):
        promises.contest(kept(), "Nee.", Side.INITIATOR, NOON + CONTEST)
    with rejected("contest-too-late"):
        promises.contest(kept(Side.INITIATOR), "Nee.", Side.INITIATOR, NOON)
    with rejected("not-yours", Forbidden):
        promises.contest(kept(), "Nee.", Side.MUNICIPALITY, NOON)
    with rejected("not-kept"):
        promises.contest(promise(), "Nee.", Side.INITIATOR, NOON)


def test_what_is_contested_after_its_day_rings_at_once() -> None:
    after, told = promises.contest(kept(now=DUE_AT), "Nee.", Side.INITIATOR, DUE_AT)
    assert [type(event) for event in told] == [PromiseContested, PromiseState, PromiseDue, PromiseState]
    assert (after.status, after.version) == (Status.DUE, 4)


@pytest.mark.parametrize(
    ("reason", "why", "side", "code"),
    [
        (Release.NO_LONGER_NEEDED, None, Side.INITIATOR, None),
        (Release.NOT_POSSIBLE, "De leverancier is failliet.", Side.MUNICIPALITY, None),
        (Release.NOT_POSSIBLE, None, Side.MUNICIPALITY, "why-missing"),
        (Release.NOT_POSSIBLE, "Nee.", Side.INITIATOR, "reason-not-yours"),
        (Release.NO_LONGER_NEEDED, "Nee.", Side.MUNICIPALITY, "reason-not-yours"),
    ],
)
def test_a_promise_is_released_by_who_can_say_so(
    reason: Release, why: str | None, side: Side, code: str | None
) -> None:
    if code is None:
        after, _ = promises.release(promise(), reason, why, side)
        assert (after.status, after.reason, after.why) == (Status.RELEASED, reason, why)
    else:
        with rejected(code, Refused if code == "why-missing" else Forbidden):
            promises.release(promise(), reason, why, side)


@pytest.mark.parametrize("status", Status)
def test_every_move_of_a_promise_that_is_not_in_the_table_is_refused(status: Status) -> None:
    one = replace(kept(), status=status)
    doing: dict[str, Callable[[], Any]] = {
        "keep": lambda: promises.keep(one, Side.INITIATOR, NOON),
        "contest": lambda: promises.contest(one, "Nee.", Side.INITIATOR, NOON),
        "release": lambda: promises.release(one, Release.NO_LONGER_NEEDED, None, Side.INITIATOR),
    }
    for verb, act in doing.items():
        sources, target = promises.MOVES[verb]
        if status in sources:
            assert act()[0].status == target
        else:
            with pytest.raises(Refused):
                act()


def halted() -> halts.Halt:
    return halts.halt(GARDEN, Ground.SAFETY, "Asbest.", halt_id=HALT, alderman=DORA, now=NOON)


def test_who_halted_an_initiative_does_not_answer_the_appeal() -> None:
    appealed = halts.appeal(halted(), "Het is gesaneerd.")
    with rejected("decided-before", Forbidden):
        halts.uphold(appealed, "Nee.", alderman=DORA)
    with rejected("decided-before", Forbidden):
        halts.lift(appealed, LiftReason.APPEAL_GRANTED, "Ja.", alderman=DORA)
    with rejected("appealed-already"):
        halts.appeal(appealed, "Nog eens.")
    with rejected("not-appealed"):
        halts.uphold(halted(), "Zomaar.", alderman=DIRK)
    with rejected("not-appealed"):
        halts.lift(halted(), LiftReason.APPEAL_GRANTED, "Zomaar.", alderman=DIRK)
    upheld = halts.uphold(appealed, "Nog niet schoon.", alderman=DIRK)
    with rejected("not-appealed"):
        halts.lift(upheld, LiftReason.APPEAL_GRANTED, "Toch.", alderman=DIRK)
    over = halts.lift(upheld, LiftReason.GROUND_GONE, "Schoon.", alderman=DORA)
    assert (over.status, over.version, halts.state_of(over).answer) == ("lifted", 4, "Schoon.")
    with rejected("not-halted"):
        halts.lift(over, LiftReason.BY_MISTAKE, "Nog eens.", alderman=DIRK)


@pytest.mark.parametrize("status", halts.Status)
def test_every_move_of_a_halt_that_is_not_in_the_table_is_refused(status: halts.Status) -> None:
    one = replace(halted(), status=status)
    doing: dict[str, Callable[[], Any]] = {
        "appeal": lambda: halts.appeal(one, "Nee."),
        "uphold": lambda: halts.uphold(one, "Ja.", alderman=DIRK),
        "lift": lambda: halts.lift(one, LiftReason.GROUND_GONE, "Weg.", alderman=DIRK),
    }
    for verb, act in doing.items():
        sources, target = halts.MOVES[verb]
        if status in sources:
            assert act().status == target
        else:
            with pytest.raises(Refused):
                act()
