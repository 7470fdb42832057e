"""Grants: what a round that is counted at its close gives is held, committed and given back as matches are."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from tests.funding.conftest import NOON, Funding

from dorpsplein.contracts.funding.means import InitiativeMatched, InitiativeMatchReturned, MeansGoalReached
from dorpsplein.contracts.initiatives.initiatives import InitiativeWithdrawn
from dorpsplein.errors import Transient
from funding import commands
from funding.commands.grants import Outcome
from funding.domain.ledger import EUR
from funding.domain.rules import Allocation, Reason


async def batch_round(funding: Funding, *pots: int) -> tuple[str, list[str]]:
    """A round that is counted at its close, and the ids of its pot lines."""
    fund = await funding.fund("pro_rata")
    closes = (NOON + timedelta(days=1)).isoformat()
    round_id = (await funding.post("/rounds", {"fundId": fund, "closesAt": closes})).json()["id"]
    for cents in pots:
        shown = await funding.pot_line(round_id, "gemeente", cents)
    return round_id, [line["id"] for line in shown["potLines"]]


async def give(funding: Funding, round_id: str, *given: tuple[str, dict[str, int]]) -> None:
    """Carry out an outcome: to each initiative so many cents of each pot line."""
    allotted = [
        (initiative, Allocation(sum(by.values()), tuple(by.items()), (Reason("by-crowd", sum(by.values())),)))
        for initiative, by in given
    ]
    async with funding.runtime.database.transaction() as tx:
        outcome = Outcome(UUID(round_id), uuid4(), "version", "digest", allotted)
        await commands.grants.match_round(tx, outcome, funding.now)


async def held_and_posted(funding: Funding, initiative: str) -> tuple[int, int]:
    rows = await funding.rows(
        "select credits_pending, credits_posted - debits_posted from balances where account = $1 and resource = $2",
        f"escrow:{initiative}",
        EUR,
    )
    return rows[0] if rows else (0, 0)


async def test_a_grant_is_held_until_the_goal_is_reached_and_then_committed(funding: Funding):
    round_id, (one, other) = await batch_round(funding, 5_000, 3_000)
    waiting, reaching, ready = [await funding.initiative(needed) for needed in (9_000, 2_000, 1_000)]
    await funding.pledge(ready, 1_000)
    held = await funding.pledge(reaching, 500)
    await give(funding, round_id, (waiting, {one: 2_000, other: 1_000}), (reaching, {one: 1_500}), (ready, {other: 7}))
    assert await held_and_posted(funding, waiting) == (3_000, 0)
    assert await held_and_posted(funding, reaching) == (0, 2_000)
    assert await held_and_posted(funding, ready) == (0, 1_007)
    assert (await funding.get(f"/pledges/{held['id']}")).json()["status"] == "committed"
    assert await funding.left(round_id) == [1_500, 1_993]
    assert (await funding.means(waiting))["matchedCents"] == 3_000
    told = [event for event, _ in await funding.events(InitiativeMatched) if isinstance(event, InitiativeMatched)]
    assert [one.amount_cents for one in told] == [3_000, 1_500, 7]
    assert told[0].matched_by == {one: 2_000, other: 1_000}
    assert len(await funding.events(MeansGoalReached)) == 2
    assert await funding.rows("select status, count(*) from grants group by 1 order by 1") == [
        ("committed", 2),
        ("held", 1),
    ]
    await funding.pledge(waiting, 6_000)
    assert await held_and_posted(funding, waiting) == (0, 9_000)
    assert (await funding.audit())["holds"] == 0


async def test_grants_go_back_to_their_pot_lines_with_all_else(funding: Funding):
    round_id, (one, other) = await batch_round(funding, 5_000, 3_000)
    missing, reached, gone = [await funding.initiative(needed) for needed in (9_000, 1_000, 9_000)]
    deadline = (NOON + timedelta(hours=2)).isoformat()
    await funding.needs(missing, (EUR, 9_000), deadline=deadline)
    await give(funding, round_id, (missing, {one: 2_000, other: 1}), (reached, {one: 1_000}), (gone, {other: 99}))
    assert await held_and_posted(funding, reached) == (0, 1_000)
    for withdrawn in (reached, gone):
        await funding.hear((InitiativeWithdrawn(initiative_id=UUID(withdrawn), reason="x"), 2))
    assert await funding.left(round_id) == [3_000, 2_999]
    await funding.pass_by(hours=2)
    assert await funding.left(round_id) == [5_000, 3_000]
    back = [
        event
        for event, _ in await funding.events(InitiativeMatchReturned)
        if isinstance(event, InitiativeMatchReturned)
    ]
    assert [event.amount_cents for event in back] == [1_000, 99, 2_001]
    assert await funding.rows("select distinct status from grants") == [("returned",)]
    assert [(await funding.means(each))["matchedCents"] for each in (missing, reached, gone)] == [0, 0, 0]
    await funding.audit()


async def test_what_was_withdrawn_or_missed_its_goal_or_got_nothing_takes_nothing(funding: Funding):
    round_id, (line,) = await batch_round(funding, 5_000)
    gone, missed, nothing, unknown = [await funding.initiative(100) for _ in range(3)] + [str(uuid4())]
    await funding.hear((InitiativeWithdrawn(initiative_id=UUID(gone), reason="x"), 2))
    await funding.needs(missed, (EUR, 100), deadline=(NOON + timedelta(hours=1)).isoformat())
    funding.now += timedelta(hours=1)
    await give(funding, round_id, (gone, {line: 100}), (missed, {line: 100}), (unknown, {line: 100}), (nothing, {}))
    assert await funding.left(round_id) == [5_000]
    assert await funding.events(InitiativeMatched) == []
    await funding.audit()


async def test_a_pledge_that_was_counted_is_not_taken_back(funding: Funding):
    round_id, _ = await batch_round(funding, 5_000)
    initiative = await funding.initiative(9_000)
    early, counted = [await funding.pledge(initiative, 100, round_id, by=by) for by in ("anna", "bea")]
    assert (await funding.post(f"/pledges/{early['id']}/withdrawal", by="anna")).json()["status"] == "withdrawn"
    funding.now += timedelta(days=1)
    refused = await funding.post(f"/pledges/{counted['id']}/withdrawal", by="bea")
    assert (refused.status_code, refused.json()["code"]) == (422, "counted")
    again = await funding.post(f"/pledges/{early['id']}/withdrawal", by="anna")
    assert again.json()["status"] == "withdrawn", "what was withdrawn before answers the same"
    await funding.hear((InitiativeWithdrawn(initiative_id=UUID(initiative), reason="x"), 2))
    assert (await funding.get(f"/pledges/{counted['id']}")).json()["status"] == "withdrawn"


async def test_a_round_gives_to_an_initiative_once(funding: Funding):
    round_id, (line,) = await batch_round(funding, 5_000)
    initiative = await funding.initiative(9_000)
    await give(funding, round_id, (initiative, {line: 100}))
    with pytest.raises(Transient):
        await give(funding, round_id, (initiative, {line: 100}))
    assert await funding.left(round_id) == [4_900]
    await funding.audit()
