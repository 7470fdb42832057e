"""Needs boards: what an initiative misses of each kind, who says so, and when its goal is reached."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.funding.conftest import NOON, Funding, at_once
from tests.support import person

from dorpsplein.contracts.funding.means import MeansGoalReached, NeedsSet
from dorpsplein.contracts.funding.pledges import PledgeCommitted
from dorpsplein.contracts.initiatives.initiatives import InitiativeEdited
from dorpsplein.errors import Forbidden, Refused
from funding.domain import means
from funding.domain.ledger import EUR
from funding.domain.means import Board, Means, Need

HOURS, HALL, STONES = "TIME/timmeren", "SLOT/dorpshuis", "MAT/tegels"
INA = person("ina")


def hours(minutes: int) -> dict[str, Any]:
    return {"hours": {"skill": "timmeren", "minutes": minutes}}


def stones(units: int) -> dict[str, Any]:
    return {"material": {"item": "tegels", "units": units}}


async def promise(funding: Funding, initiative: str, of: dict[str, Any], *, by: str = "anna") -> Any:
    return await funding.post("/pledges", {"initiativeId": initiative} | of, by=by)


async def missing(funding: Funding, initiative: str) -> dict[str, int]:
    """What is missing of each resource on the board."""
    return {need["resource"]: need["missing"] for need in (await funding.means(initiative))["needs"]}


def given(*needs: Need, pledged: dict[str, int] | None = None, **other: Any) -> Means:
    return Means(uuid4(), "proposed", 0, (INA,), board=Board(needs), pledged=pledged or {}, **other)


def test_the_goal_is_reached_only_when_every_kind_is_there():
    needs = Need(EUR, 300), Need(HOURS, 120)
    assert not given(*needs, pledged={EUR: 10_000, HOURS: 119}).has_enough
    assert not given(*needs, pledged={EUR: 299, HOURS: 500}).has_enough
    assert given(*needs, pledged={EUR: 200, HOURS: 120}, matched=100).has_enough
    assert given(*needs, pledged={EUR: 200}, matched=99).missing == {EUR: 1, HOURS: 120}


def test_a_match_in_euros_makes_up_for_no_hours_and_a_quote_for_nothing():
    assert given(Need(HOURS, 120), matched=10**9).missing == {HOURS: 120}
    assert given(Need(EUR, 100), reserved=100).missing == {EUR: 100}


def test_what_the_proposal_says_counts_unless_the_board_has_a_line_in_euros():
    proposal = Means(uuid4(), "proposed", 500, (INA,))
    assert proposal.missing == {EUR: 500}
    assert Means(uuid4(), "proposed", 500, (INA,), board=Board((Need(HOURS, 60),))).missing == {EUR: 500, HOURS: 60}
    assert Means(uuid4(), "proposed", 500, (INA,), board=Board((Need(EUR, 300),))).missing == {EUR: 300}


def test_an_initiative_that_needs_nothing_never_reaches_its_goal():
    assert not given(pledged={EUR: 10**9}).has_enough
    assert not given(Need(EUR, 0, 500), pledged={EUR: 500}).has_enough


@pytest.mark.parametrize(
    ("needs", "pledged", "resource", "quantity", "code"),
    [
        ((), {}, HOURS, 1, "not-needed"),
        ((Need(HOURS, 60, 90),), {HOURS: 60}, HOURS, 31, "more-than-wished"),
        ((Need(EUR, 60, 90),), {}, EUR, 91, "more-than-wished"),
        ((Need(HOURS, 60, 90),), {HOURS: 95}, HOURS, 1, "more-than-wished"),
    ],
)
def test_what_nobody_asked_for_is_refused(
    needs: tuple[Need, ...], pledged: dict[str, int], resource: str, quantity: int, code: str
):
    with pytest.raises(Refused) as no:
        given(*needs, pledged=pledged).refuse_more(resource, quantity)
    assert no.value.code == code


def test_as_much_as_is_wished_and_where_nothing_is_said_as_much_as_comes_is_welcome():
    given(Need(HOURS, 60, 90), pledged={HOURS: 60}).refuse_more(HOURS, 30)
    given(Need(HOURS, 60), pledged={HOURS: 60}).refuse_more(HOURS, 10**9)
    given().refuse_more(EUR, 10**9)


@pytest.mark.parametrize(
    ("board", "code"),
    [
        (Board((Need(HOURS, 1), Need(HOURS, 2))), "need-twice"),
        (Board((Need(HOURS, 10, 9),)), "wished-below-minimum"),
        (Board(deadline=NOON), "deadline-not-valid"),
        (Board(deadline=NOON + timedelta(days=3654)), "deadline-not-valid"),
    ],
)
def test_a_board_that_cannot_be_right_is_refused(board: Board, code: str):
    with pytest.raises(Refused) as no:
        means.set_needs(given(), board, INA, NOON)
    assert no.value.code == code


def test_only_the_initiator_sets_needs_and_only_while_the_goal_is_open():
    board = Board((Need(HOURS, 1),))
    with pytest.raises(Forbidden):
        means.set_needs(given(), board, uuid4(), NOON)
    passed = Board((Need(EUR, 5),), deadline=NOON)
    for over in (
        given(reached_at=NOON),
        given(missed_at=NOON),
        Means(uuid4(), "withdrawn", 0, (INA,)),
        Means(uuid4(), "proposed", 0, (INA,), board=passed),
    ):
        with pytest.raises(Refused):
            means.set_needs(over, board, INA, NOON)


def test_a_board_that_is_as_it_was_is_no_fact():
    known = given(Need(HOURS, 1))
    assert means.set_needs(known, known.board, INA, NOON) == []


async def test_a_board_shows_what_is_missing_of_each_kind(funding: Funding):
    initiative = await funding.initiative(50_000)
    answer = await funding.needs(initiative, (EUR, 30_000), (HOURS, 720, 1_000), (HALL, 240), (STONES, 0, 40))
    assert answer.status_code == 200, answer.text
    await promise(funding, initiative, {"amountCents": 10_000})
    await promise(funding, initiative, hours(300), by="bea")
    await promise(funding, initiative, stones(40))
    shown = (await funding.means(initiative))["needs"]
    assert {need["resource"]: (need["minimum"], need["promised"], need["missing"]) for need in shown} == {
        EUR: (30_000, 10_000, 20_000),
        HOURS: (720, 300, 420),
        HALL: (240, 0, 240),
        STONES: (0, 40, 0),
    }
    [(told, version)] = await funding.events(NeedsSet)
    assert isinstance(told, NeedsSet)
    assert (version, told.minimum, told.wished) == (
        1,
        {EUR: 30_000, HOURS: 720, HALL: 240, STONES: 0},
        {HOURS: 1_000, STONES: 40},
    )


async def test_a_board_is_replaced_as_a_whole_and_the_same_board_again_changes_nothing(funding: Funding):
    initiative = await funding.initiative(1_000)
    await funding.needs(initiative, (HOURS, 60), (STONES, 4), ("TIME/a-b", 1), ("TIME/ab", 1))
    for _ in range(2):
        answer = await funding.needs(initiative, (STONES, 5), ("TIME/ab", 1), ("TIME/a-b", 1), topUpDays=7)
        assert answer.status_code == 200, answer.text
    assert await missing(funding, initiative) == {EUR: 1_000, STONES: 5, "TIME/a-b": 1, "TIME/ab": 1}
    assert [version for _, version in await funding.events(NeedsSet)] == [1, 2]
    refused = await promise(funding, initiative, hours(1))
    assert (refused.status_code, refused.json()["code"]) == (422, "not-needed")


async def test_refused_boards_and_pledges_say_why_and_change_nothing(funding: Funding):
    initiative = await funding.initiative(1_000)
    path = f"/initiatives/{initiative}/needs"
    await funding.needs(initiative, (HOURS, 60, 90))
    before = await funding.events()
    stranger = await funding.needs(initiative, (HOURS, 1), by="anna")
    assert (stranger.status_code, stranger.json()["code"]) == (403, "not-your-initiative")
    refusals = [
        ("need-twice", await funding.needs(initiative, (HOURS, 1), (HOURS, 2))),
        ("wished-below-minimum", await funding.needs(initiative, (HOURS, 10, 9))),
        ("deadline-not-valid", await funding.needs(initiative, (HOURS, 1), deadline=NOON.isoformat())),
        ("not-needed", await promise(funding, initiative, stones(1))),
        ("more-than-wished", await promise(funding, initiative, hours(91))),
    ]
    for code, answer in refusals:
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    malformed: list[Any] = [
        {"needs": [{"resource": wrong, "minimum": 1}]}
        for wrong in ("GOLD/bars", "EUR", "EUR/3", "TIME/", "TIME/Timmeren", "TIME/a b", "MAT/x\n", "", 7, None)
    ]
    malformed += [{"needs": [{"resource": HOURS, "minimum": wrong}]} for wrong in (-1, 1.5, "1", True, None, 10**13)]
    malformed += [{"needs": [{"resource": HOURS, "minimum": 0, "wished": wrong}]} for wrong in (0, -1, 10**13)]
    malformed += [{"needs": [], "topUpDays": wrong} for wrong in (-1, 91, "7")]
    malformed += [{"needs": [], "deadline": wrong} for wrong in ("soon", 7, "2026-06-01")]
    malformed += [{"needs": [{"resource": HOURS, "minimum": 1}] * 51}, {}, [], {"needs": None}]
    for body in malformed:
        answer = await funding.put(path, body, by="ina")
        assert answer.status_code == 400, f"{body}: {answer.text}"
        assert answer.json()["errors"]
    assert (await funding.put(f"/initiatives/{uuid4()}/needs", {"needs": []}, by="ina")).status_code == 404
    assert await funding.events() == before
    assert await funding.rows("select count(*) from transfers") == [(0,)]


async def test_more_than_is_wished_is_refused_also_by_two_at_once(funding: Funding):
    initiative = await funding.initiative()
    await funding.needs(initiative, (HOURS, 60, 100))
    answers = await at_once(*(promise(funding, initiative, hours(60), by=f"resident-{n}") for n in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422, 422]
    refused = next(answer.json() for answer in answers if answer.status_code == 422)
    assert (refused["code"], refused["most"]) == ("more-than-wished", 40)


async def test_the_goal_is_reached_by_the_last_kind_and_commits_every_kind(funding: Funding):
    initiative = await funding.initiative()
    await funding.needs(initiative, (EUR, 1_000), (HOURS, 60))
    euros = await promise(funding, initiative, {"amountCents": 5_000})
    assert euros.json()["status"] == "held"
    work = await promise(funding, initiative, hours(60), by="bea")
    assert work.json()["status"] == "committed"
    assert (await funding.get(f"/pledges/{euros.json()['id']}")).json()["status"] == "committed"
    assert len(await funding.events(MeansGoalReached)) == 1
    assert len(await funding.events(PledgeCommitted)) == 2
    changed = await funding.needs(initiative, (EUR, 99_999))
    assert (changed.status_code, changed.json()["code"]) == (422, "goal-reached")
    assert (await funding.audit())["holds"] == 0


async def test_needing_less_of_the_last_kind_reaches_the_goal_and_more_puts_it_off(funding: Funding):
    initiative = await funding.initiative(1_000)
    await funding.needs(initiative, (HOURS, 60))
    pledge = await funding.pledge(initiative, 1_000)
    assert pledge["status"] == "held"
    less = InitiativeEdited(initiative_id=UUID(initiative), changed=[], theme="groen", means_needed_cents=500)
    await funding.hear((less, 2))
    assert (await funding.get(f"/pledges/{pledge['id']}")).json()["status"] == "held"
    assert (await funding.needs(initiative)).status_code == 200
    assert (await funding.get(f"/pledges/{pledge['id']}")).json()["status"] == "committed"
    await funding.audit()
