"""Conditions of pot lines: themes, neighbourhoods, so much per initiative; only those that may give, share."""

from typing import Any
from uuid import uuid4

import pytest
from tests.funding.conftest import Funding, at_once

from dorpsplein.contracts.funding.rounds import PotLineAdded
from funding.domain.means import Means
from funding.domain.rounds import PotLine


@pytest.mark.parametrize(
    ("conditions", "given", "room"),
    [
        ({}, 0, 700),
        ({"themes": ("groen", "sport")}, 0, 700),
        ({"themes": ("sport",)}, 0, 0),
        ({"neighbourhoods": ("noord",)}, 0, 700),
        ({"neighbourhoods": ("zuid",)}, 0, 0),
        ({"themes": ("groen",), "neighbourhoods": ("zuid",)}, 0, 0),
        ({"most": 500}, 0, 500),
        ({"most": 500}, 499, 1),
        ({"most": 500}, 500, 0),
        ({"most": 500}, 501, 0),
        ({"most": 5_000}, 4_000, 700),
        ({"most": 500, "themes": ("sport",)}, 0, 0),
    ],
)
def test_a_pot_line_has_room_where_all_its_conditions_are_met(conditions: dict[str, Any], given: int, room: int):
    line = PotLine(uuid4(), "provincie", 1_000, 700, **conditions)
    means = Means(uuid4(), "proposed", 0, theme="groen", neighbourhood="noord")
    assert line.room(means, given) == room


async def lines(funding: Funding, *conditions: dict[str, Any], cents: int = 30_000, **knobs: int) -> str:
    """A round with a pot line for each of these conditions."""
    round_id = await funding.round(**({"capDonorCents": 10**9, "capInitiativeCents": 10**9} | knobs))
    for number, condition in enumerate(conditions):
        await funding.pot_line(round_id, f"partij-{number}", cents, **condition)
    return round_id


def gave(pledge: Any, round_lines: list[str]) -> list[int]:
    """What each pot line gave to a pledge, in order of adding."""
    by = {share["potLineId"]: share["amountCents"] for share in pledge["match"]["matchedBy"]}
    return [by.get(line, 0) for line in round_lines]


async def ids(funding: Funding, round_id: str) -> list[str]:
    return [line["id"] for line in (await funding.get(f"/rounds/{round_id}")).json()["potLines"]]


async def test_a_match_is_split_in_proportion_among_the_lines_that_may_give(funding: Funding):
    round_id = await lines(funding, {}, {"themes": ["sport"]}, {"neighbourhoods": ["noord"]})
    order = await ids(funding, round_id)
    for theme, where, shares in (
        ("groen", "zuid", [1_000, 0, 0]),
        ("sport", "zuid", [492, 508, 0]),
        ("groen", "noord", [487, 0, 513]),
    ):
        initiative = await funding.initiative(theme=theme, where=where)
        pledge = await funding.pledge(initiative, 2_000, round_id)
        assert gave(pledge, order) == shares
    assert await funding.left(round_id) == [30_000 - 1_979, 30_000 - 508, 30_000 - 513]
    [(told, _)] = (await funding.events(PotLineAdded))[1:2]
    assert isinstance(told, PotLineAdded)
    assert (told.themes, told.neighbourhoods, told.most_per_initiative_cents) == (["sport"], [], None)
    await funding.audit()


async def test_where_no_line_may_give_nothing_follows_and_the_pledge_stands(funding: Funding):
    round_id = await lines(funding, {"themes": ["sport"]}, {"neighbourhoods": ["noord"]})
    pledge = await funding.pledge(await funding.initiative(), 2_000, round_id)
    assert (pledge["status"], pledge["matchCents"]) == ("held", 0)
    assert await funding.left(round_id) == [30_000, 30_000]


async def test_one_initiative_gets_no_more_of_a_line_than_it_says_over_all_pledges_and_quotes(funding: Funding):
    round_id = await lines(funding, {"mostPerInitiativeCents": 1_500}, capPledgeCents=10**6)
    one, other = await funding.initiative(), await funding.initiative()
    asked = {"initiativeId": one, "roundId": round_id, "amountCents": 1_000}
    quoted = (await funding.post("/match-quotes", asked, by="cas")).json()
    first = await funding.pledge(one, 1_000, round_id)
    assert (await funding.pledge(one, 9_000, round_id, by="bea"))["matchCents"] == 500
    assert (await funding.pledge(other, 9_000, round_id, by="bea"))["matchCents"] == 1_500
    await funding.post(f"/pledges/{first['id']}/withdrawal", by="anna")
    assert (await funding.pledge(one, 9_000, round_id))["matchCents"] == 500
    await funding.post(f"/match-quotes/{quoted['id']}/release", by="cas")
    assert (await funding.pledge(one, 600, round_id))["matchCents"] == 300
    assert (await funding.pledge(one, 9_000, round_id))["matchCents"] == 200
    assert await funding.left(round_id) == [27_000]
    given = await funding.rows("select given_cents from pot_line_given order by 1")
    assert given == [(1_500,), (1_500,)]
    await funding.audit()


async def test_the_most_per_initiative_is_exact_with_forty_pledges_at_once(funding: Funding):
    round_id = await lines(funding, {"mostPerInitiativeCents": 1_501}, {"mostPerInitiativeCents": 700}, cents=10**6)
    initiatives = [await funding.initiative() for _ in range(2)]
    asked = [funding.pledge(initiatives[n % 2], 1_000, round_id, by=f"resident-{n}") for n in range(40)]
    await at_once(*asked)
    assert await funding.left(round_id) == [10**6 - 2 * 1_501, 10**6 - 2 * 700]
    assert [(await funding.means(one))["matchedCents"] for one in initiatives] == [2_201, 2_201]
    await funding.audit()


async def test_conditions_are_part_of_what_a_pot_line_was_added_with(funding: Funding):
    round_id, own = await funding.round(), str(uuid4())
    body = {
        "id": own,
        "cofinancier": "provincie",
        "amountCents": 500,
        "themes": ["groen"],
        "mostPerInitiativeCents": 100,
    }
    path = f"/rounds/{round_id}/pot-lines"
    assert [(await funding.post(path, body)).status_code for _ in range(2)] == [201, 200]
    pledge = await funding.pledge(await funding.initiative(), 9_000, round_id)
    assert pledge["matchCents"] == 100
    assert (await funding.post(path, body)).status_code == 200
    for other in ({"themes": ["sport"]}, {"neighbourhoods": ["noord"]}, {"mostPerInitiativeCents": 101}):
        clash = await funding.post(path, body | other)
        assert (clash.status_code, clash.json()["code"]) == (409, "id-taken")
    wrong: list[dict[str, Any]] = [{"themes": one} for one in (["Groen"], "groen", [""], ["x"] * 51, [7])]
    wrong += [{"mostPerInitiativeCents": one} for one in (0, -1, 1.5, "9", 10**13)]
    wrong += [{"neighbourhoods": [None]}, {"theme": ["groen"]}]
    for one in wrong:
        assert (await funding.post(path, body | {"id": str(uuid4())} | one)).status_code == 400, one
    assert await funding.left(round_id) == [400]
