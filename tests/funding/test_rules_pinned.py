"""A round keeps the knobs it was opened under: one that is turned later counts for rounds that open later."""

from datetime import timedelta
from uuid import UUID

from tests.funding.conftest import Funding, round_body

from dorpsplein.contracts.funding.pledges import MatchQuoted, PledgeMatched
from funding import storage
from funding.domain.knobs.values import KnobSet


async def turn(funding: Funding, fund: str, **values: int) -> None:
    """Put other values in effect in a fund, as a change that was adopted would."""
    async with funding.runtime.database.transaction() as tx:
        known = await storage.knobs.current(tx, UUID(fund))
        assert known is not None
        following = KnobSet(known.fund, known.number + 1, {**known.values, **values}, funding.now)
        await storage.knobs.sets.add(tx, following)


async def opened(funding: Funding, fund: str) -> tuple[str, str]:
    """A round of a fund with a pot line, and its rule version."""
    answer = await funding.post("/rounds", round_body(fund, 48))
    assert answer.status_code == 201, answer.text
    await funding.pot_line(answer.json()["id"], "gemeente", 100_000)
    return answer.json()["id"], answer.json()["ruleVersion"]


async def test_pledges_and_quotes_of_an_old_round_keep_its_version_and_a_new_round_gets_the_new_one(funding: Funding):
    initiative, fund = await funding.initiative(), await funding.fund(valuationHourCents=6_000)
    await funding.needs(initiative, ("TIME/timmeren", 10_000))
    old_round, old = await opened(funding, fund)
    before = await funding.pledge(initiative, 2_000, old_round)
    await turn(funding, fund, numerator=2, denominator=1, capDonorCents=10**6, valuationHourCents=0, quoteMinutes=5)
    new_round, new = await opened(funding, fund)
    assert old != new
    hours = {"initiativeId": initiative, "roundId": old_round, "hours": {"skill": "timmeren", "minutes": 10}}
    quote = (await funding.post("/match-quotes", hours, by="bea")).json()
    pledges = [await funding.pledge(initiative, 2_000, round_id) for round_id in (old_round, new_round)]
    work = (await funding.post("/pledges", hours, by="cas")).json()
    assert [before["matchCents"], *(one["matchCents"] for one in pledges)] == [1_000, 1_000, 4_000]
    assert (work["match"]["valuedCents"], work["matchCents"]) == (1_000, 500)
    assert (await funding.post("/pledges", hours | {"roundId": new_round}, by="cas")).json()["code"] == "not-matched"
    assert quote["expiresAt"] == (funding.now + timedelta(minutes=30)).isoformat().replace("+00:00", "Z")
    versions = [event.rule_version for event, _ in await funding.events(PledgeMatched, MatchQuoted)]  # type: ignore[attr-defined]
    assert versions == [old, old, old, new, old]
    shown = [(await funding.get(f"/pledges/{one['id']}")).json()["match"]["ruleVersion"] for one in (before, *pledges)]
    assert shown == [old, old, new]
    assert (await funding.get(f"/rounds/{old_round}")).json()["ruleVersion"] == old
    await funding.audit()
