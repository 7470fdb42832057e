"""Many at once: caps, pots and balances stay exact, in one process and in two."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from tests.funding.conftest import NOON, Funding, at_once
from tests.support import person

from dorpsplein.contracts.funding.means import MeansGoalReached
from dorpsplein.contracts.funding.pledges import PledgeMade, PledgeMatched
from dorpsplein.timers import fire_due
from funding import commands
from funding.commands.pledges import Pledging
from funding.domain.ledger import EUR
from funding.domain.pledges import MakePledge
from funding.timers import HANDLERS

CROWD = 64


def crowd(services: tuple[Funding, ...], initiative: str, cents: int, round_id: str, by: str = "anna") -> list[Any]:
    return [services[n % len(services)].pledge(initiative, cents, round_id, by=by) for n in range(CROWD)]


async def test_a_donors_cap_is_exact_with_64_pledges_at_once(two: tuple[Funding, Funding]):
    funding = two[0]
    initiative = await funding.initiative()
    round_id = await funding.round(500_000, 250_001, capDonorCents=12_345, capInitiativeCents=10**9)
    pledges = await at_once(*crowd(two, initiative, 1_000, round_id))
    assert sum(pledge["matchCents"] for pledge in pledges) == 12_345
    assert (await funding.means(initiative))["matchedCents"] == 12_345
    assert sum(await funding.left(round_id)) == 750_001 - 12_345
    await funding.audit()


async def test_an_initiatives_cap_is_exact_with_64_pledgers_in_two_rounds_at_once(two: tuple[Funding, Funding]):
    funding = two[0]
    initiative = await funding.initiative()
    rounds = [await funding.round(500_000, capInitiativeCents=20_001) for _ in range(2)]
    asked = [
        two[n % 2].pledge(initiative, 1_000, rounds[n // 2 % 2], by=f"resident-{n}", id=str(uuid4()))
        for n in range(CROWD)
    ]
    pledges = await at_once(*asked)
    assert sum(pledge["matchCents"] for pledge in pledges) == 20_001
    assert sum([left for round_id in rounds for left in await funding.left(round_id)]) == 1_000_000 - 20_001
    await funding.audit()


async def overlapping(funding: Funding, *pledges: tuple[str, str, str]) -> list[int]:
    """What two pledges (who, initiative, round) of 2,000 cents are matched while the first is not committed yet."""
    acts = [
        Pledging(MakePledge(uuid4(), person(by), UUID(initiative), UUID(round_id), EUR, 2_000, NOON))
        for by, initiative, round_id in pledges
    ]
    database = funding.runtime.database
    async with database.transaction() as tx:
        first = await commands.pledges.make_pledge(tx, acts[0])
        second = asyncio.create_task(database.grouped(commands.pledges.make_pledges, acts[1]))
        await asyncio.sleep(0.3)
        assert not second.done()
    return [first[0].matched, (await second)[0].matched]


async def test_a_donors_cap_holds_for_overlapping_pledges_to_two_initiatives(funding: Funding):
    one, other = await funding.initiative(), await funding.initiative()
    round_id = await funding.round(10_000, capDonorCents=1_500)
    assert await overlapping(funding, ("anna", one, round_id), ("anna", other, round_id)) == [1_000, 500]
    await funding.audit()


async def test_an_initiatives_cap_holds_for_overlapping_pledges_in_two_rounds(funding: Funding):
    initiative = await funding.initiative()
    await funding.pledge(initiative, 1)
    one, other = [await funding.round(10_000, capInitiativeCents=1_500) for _ in range(2)]
    assert await overlapping(funding, ("anna", initiative, one), ("bea", initiative, other)) == [1_000, 500]
    await funding.audit()


async def test_a_pot_is_drawn_on_by_one_pledge_at_a_time(funding: Funding):
    one, other = await funding.initiative(), await funding.initiative()
    round_id = await funding.round(1_000, 500)
    assert await overlapping(funding, ("anna", one, round_id), ("bea", other, round_id)) == [1_000, 500]
    await funding.audit()


async def test_a_pot_is_emptied_to_the_cent_and_never_below(two: tuple[Funding, Funding]):
    funding = two[0]
    initiatives = [await funding.initiative() for _ in range(4)]
    round_id = await funding.round(3_333, 5_001, 1)
    asked = [two[n % 2].pledge(initiatives[n % 4], 999, round_id, by=f"resident-{n}") for n in range(CROWD)]
    pledges = await at_once(*asked)
    assert await funding.left(round_id) == [0, 0, 0]
    assert sum(pledge["matchCents"] for pledge in pledges) == 8_335
    facts = [event for event, _ in await funding.events(PledgeMatched) if isinstance(event, PledgeMatched)]
    assert sum(fact.amount_cents for fact in facts) == 8_335
    assert len(await funding.events(PledgeMade)) == CROWD
    await funding.audit()


async def test_pledges_and_withdrawals_at_once_leave_every_cent_in_its_place(two: tuple[Funding, Funding]):
    funding = two[0]
    initiative = await funding.initiative()
    round_id = await funding.round(20_000, 9_999, capDonorCents=10**9, capInitiativeCents=10**9)
    first = await at_once(*crowd(two, initiative, 300, round_id))
    withdrawals = [
        two[n % 2].post(f"/pledges/{pledge['id']}/withdrawal", by="anna") for n, pledge in enumerate(first * 2)
    ]
    answers = await at_once(*withdrawals, *crowd(two, initiative, 200, round_id, by="bea"))
    assert {answer.status_code for answer in answers[: len(withdrawals)]} == {200}
    means = await funding.means(initiative)
    assert (means["pledgedCents"], means["matchedCents"], means["pledges"]) == (CROWD * 200, CROWD * 100, CROWD)
    assert sum(await funding.left(round_id)) == 29_999 - CROWD * 100
    statuses = await funding.rows("select status, count(*) from pledges group by status order by status")
    assert statuses == [("held", CROWD), ("withdrawn", CROWD)]
    await funding.audit()


async def test_the_goal_is_reached_once_when_64_pledges_pass_it_together(two: tuple[Funding, Funding]):
    funding = two[0]
    initiative, round_id = await funding.initiative(5_000), await funding.round(100_000)
    pledges = await at_once(*crowd(two, initiative, 300, round_id))
    assert len(await funding.events(MeansGoalReached)) == 1
    shown = [(await funding.get(f"/pledges/{pledge['id']}")).json()["status"] for pledge in pledges]
    assert set(shown) == {"committed"}
    assert (await funding.audit())["holds"] == 0


async def test_the_same_pledge_asked_twenty_times_at_once_is_made_once(two: tuple[Funding, Funding]):
    funding = two[0]
    initiative, own = await funding.initiative(), str(uuid4())
    body = {"id": own, "initiativeId": initiative, "amountCents": 700}
    answers = await at_once(*(two[n % 2].post("/pledges", body, by="anna") for n in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert (await funding.means(initiative))["pledgedCents"] == 700


async def test_one_id_for_two_initiatives_at_once_makes_one_pledge_and_the_other_is_refused(
    two: tuple[Funding, Funding],
):
    funding = two[0]
    initiatives, own = [await funding.initiative() for _ in range(2)], str(uuid4())
    bodies = [{"id": own, "initiativeId": initiative, "amountCents": 700} for initiative in initiatives]
    answers = await at_once(*(two[n].post("/pledges", bodies[n], by="anna") for n in range(2)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses in ([201, 409], [201, 503])
    assert sum([(await funding.means(initiative))["pledgedCents"] for initiative in initiatives]) == 700
    await funding.audit()


async def test_a_refused_pledge_leaves_those_it_came_with_alone(funding: Funding):
    initiative, round_id = await funding.initiative(), await funding.round(100_000)
    good = crowd((funding,), initiative, 100, round_id)
    bad = [funding.post("/pledges", {"initiativeId": str(uuid4()), "amountCents": 1}, by="anna") for _ in range(8)]
    answers = await at_once(*(one for pair in zip(good, bad, strict=False) for one in pair), *good[len(bad) :])
    assert [answer.json()["code"] for answer in answers[1:16:2]] == ["initiative-unknown"] * 8
    assert (await funding.means(initiative))["pledges"] == CROWD
    await funding.audit()


async def test_pledges_that_wait_share_few_transactions(funding: Funding):
    initiative, round_id = await funding.initiative(), await funding.round(100_000)
    await funding.pledge(initiative, 100, round_id)
    await at_once(*crowd((funding,), initiative, 100, round_id))
    [(transactions,)] = await funding.rows("select count(distinct xmin::text) from pledges")
    assert transactions <= 4


async def test_a_withdrawal_and_the_pledge_that_reaches_the_goal_at_once_take_turns(two: tuple[Funding, Funding]):
    funding = two[0]
    initiative, round_id = await funding.initiative(3_000), await funding.round(100_000, numerator=1, denominator=1)
    first = [await funding.pledge(initiative, 100, round_id, by=f"resident-{n}") for n in range(10)]
    answers = await at_once(
        *(two[n % 2].post(f"/pledges/{one['id']}/withdrawal", by=f"resident-{n}") for n, one in enumerate(first[:5])),
        two[1].pledge(initiative, 5_000, round_id, by="anna"),
        *(
            two[n % 2].post(f"/pledges/{one['id']}/withdrawal", by=f"resident-{n}")
            for n, one in enumerate(first)
            if n > 4
        ),
    )
    withdrawn = [answer for answer in answers if not isinstance(answer, dict)]
    assert {answer.status_code for answer in withdrawn} <= {200, 422}
    assert {answer.json()["code"] for answer in withdrawn if answer.status_code == 422} <= {"pledge-committed"}
    back = sum(answer.status_code == 200 for answer in withdrawn)
    statuses = await funding.rows("select status, count(*) from pledges group by status")
    assert dict(statuses) == {status: n for status, n in (("withdrawn", back), ("committed", 11 - back)) if n}
    assert (await funding.audit())["holds"] == 0


async def test_a_deadline_and_the_last_pledge_at_once_end_in_one_of_two_ways(two: tuple[Funding, Funding]):
    funding = two[0]
    initiatives, round_id = [await funding.initiative() for _ in range(6)], await funding.round(100_000)
    deadline = NOON + timedelta(hours=1)
    for initiative in initiatives:
        await funding.needs(initiative, (EUR, 1_000), deadline=deadline.isoformat())
        await funding.pledge(initiative, 200, round_id)
    bodies = [{"initiativeId": one, "amountCents": 2_000, "roundId": round_id} for one in initiatives]
    fired, *answers = await at_once(
        fire_due(funding.runtime.database, HANDLERS, deadline),
        *(two[1].post("/pledges", body, by="bea") for body in bodies),
    )
    assert fired == 6
    for initiative, answer in zip(initiatives, answers, strict=True):
        means = await funding.means(initiative)
        reached, missed = means["reachedAt"] is not None, means["missedAt"] is not None
        assert reached != missed
        assert answer.status_code == (201 if reached else 422)
        assert (means["pledgedCents"], means["matchedCents"]) == ((2_200, 1_100) if reached else (0, 0))
    assert (await funding.audit())["holds"] == 0


async def test_a_quote_that_is_used_and_expires_at_once_is_one_of_them(two: tuple[Funding, Funding]):
    funding = two[0]
    initiative, round_id = await funding.initiative(), await funding.round(100_000)
    asked = {"initiativeId": initiative, "amountCents": 1_000, "roundId": round_id}
    quotes = [(await funding.post("/match-quotes", asked, by=f"resident-{n}")).json()["id"] for n in range(6)]
    uses = [two[1].post("/pledges", asked | {"quoteId": quote}, by=f"resident-{n}") for n, quote in enumerate(quotes)]
    expire = fire_due(funding.runtime.database, HANDLERS, NOON + timedelta(minutes=30))
    _, *answers = await at_once(expire, *uses)
    used = sum(answer.status_code == 201 for answer in answers)
    assert {answer.json()["code"] for answer in answers if answer.status_code != 201} <= {"quote-expired"}
    statuses = await funding.rows("select status, count(*) from quotes group by status")
    assert dict(statuses) == {status: n for status, n in (("used", used), ("released", 6 - used)) if n}
    assert await funding.left(round_id) == [100_000 - 500 * used]
    await funding.audit()
