"""Rounds that are counted at their close: estimates and floors while they run, a count after, a fair-share report."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from tests.funding.conftest import Funding, at_once, round_body
from tests.funding.counts.conftest import certificate, second_count, witness
from tests.support import person

from dorpsplein.contracts.funding.counts import CountPublished, CountStarted
from dorpsplein.contracts.funding.means import InitiativeMatched
from dorpsplein.timers import fire_due
from funding.timers import HANDLERS

MOST = 2**53 - 1
RULES: dict[str, dict[str, int]] = {
    "pro_rata": {"capDonorCents": MOST, "capInitiativeCents": MOST},
    "quadratic": {"expand": 1, "capInitiativeCents": MOST},
    "quadratic_pairwise": {"coefficientCents": 10_000, "expand": 0, "capInitiativeCents": MOST},
}


async def batch_round(funding: Funding, *pots: int, rule: str = "pro_rata", **knobs: int) -> str:
    """Open a round whose rule answers at its close; its id."""
    fund = await funding.fund(rule, **RULES[rule], **knobs)
    opened = await funding.post("/rounds", round_body(fund))
    assert opened.status_code == 201, opened.text
    for cofinancier, cents in zip(("gemeente", "provincie"), pots, strict=False):
        await funding.pot_line(opened.json()["id"], cofinancier, cents)
    round_id: str = opened.json()["id"]
    return round_id


async def tick(funding: Funding) -> None:
    """Let everything happen that is due."""
    await fire_due(funding.runtime.database, HANDLERS, funding.now)


async def closed(funding: Funding, round_id: str) -> Any:
    """Close a round and run its count; the count as it is shown."""
    answer = await funding.post(f"/rounds/{round_id}/closing")
    assert answer.status_code == 200, answer.text
    await tick(funding)
    [count] = (await funding.get("/counts", of=round_id)).json()["items"]
    return count


async def estimate(funding: Funding, round_id: str) -> Any:
    answer = await funding.get(f"/rounds/{round_id}/estimate")
    assert answer.status_code == 200, answer.text
    return answer.json()


def floors(shown: Any) -> dict[str, int]:
    return {line["initiativeId"]: line["floorCents"] for line in shown["items"] if line["floorCents"]}


def amounts(shown: Any) -> dict[str, int]:
    return {line["initiativeId"]: line["estimateCents"] for line in shown["items"]}


async def test_a_round_that_closes_is_counted_and_a_second_implementation_agrees(funding: Funding):
    for rule in RULES:
        round_id = await batch_round(funding, 6_000, 4_000, rule=rule)
        one, other = await funding.initiative(), await funding.initiative()
        for who, initiative, cents in (
            ("anna", one, 1_000),
            ("bas", one, 2_000),
            ("cor", other, 900),
            ("anna", other, 1_700),
        ):
            await funding.pledge(initiative, cents, round_id, by=who)
        count = await closed(funding, round_id)
        assert (count["status"], count["roundId"], count["startedBy"]) == ("counted", round_id, str(person("chris")))
        shown = (await witness(funding, count["id"])).json()
        assert shown["status"] == "published", rule
        found, digest = second_count(await certificate(funding, count["id"]))
        assert digest == shown["outcomeDigest"]
        assert {line["candidateId"]: line["amountCents"] for line in shown["outcome"] if line["amountCents"]} == found
        assert found
        assert set(found) <= {one, other}


async def test_a_round_whose_time_is_over_is_counted_by_itself_and_once(funding: Funding):
    round_id = await batch_round(funding, 6_000)
    await funding.pledge(await funding.initiative(), 1_000, round_id)
    funding.now += timedelta(hours=24)
    await tick(funding)
    await tick(funding)
    [count] = (await funding.get("/counts", of=round_id)).json()["items"]
    assert (count["status"], count["startedBy"]) == ("counted", None)
    assert len(await funding.events(CountStarted)) == 1


async def test_a_published_count_of_a_round_is_paid_and_says_so(funding: Funding):
    round_id = await batch_round(funding, 4_000, 2_000)
    initiative = await funding.initiative()
    await funding.pledge(initiative, 1_000, round_id)
    count = await closed(funding, round_id)
    assert ((await funding.means(initiative))["matchedCents"], sum(await funding.left(round_id))) == (0, 6_000)
    await witness(funding, count["id"], by="otto")
    assert ((await funding.means(initiative))["matchedCents"], sum(await funding.left(round_id))) == (6_000, 0)
    [(given, _)] = await funding.events(InitiativeMatched)
    assert isinstance(given, InitiativeMatched)
    assert (str(given.initiative_id), given.amount_cents, str(given.count_id)) == (initiative, 6_000, count["id"])
    assert sum(given.matched_by.values()) == 6_000
    await funding.audit()
    await witness(funding, count["id"], by="otto")
    assert len(await funding.events(InitiativeMatched)) == 1
    [(event, _)] = await funding.events(CountPublished)
    assert isinstance(event, CountPublished)
    assert (str(event.round_id), event.winners, event.amount_cents) == (round_id, 1, 6_000)


async def test_a_disputed_count_of_a_round_is_counted_again(funding: Funding):
    round_id = await batch_round(funding, 6_000)
    await funding.pledge(await funding.initiative(), 1_000, round_id)
    count = await closed(funding, round_id)
    early = await funding.post(f"/rounds/{round_id}/counts", {}, by="otto")
    assert (early.status_code, early.json()["code"]) == (409, "count-stands")
    await witness(funding, count["id"], "f" * 64)
    assert await funding.left(round_id) == [6_000]
    assert await funding.events(InitiativeMatched) == []
    again = await funding.post(f"/rounds/{round_id}/counts", {"id": str(uuid4())}, by="otto")
    assert (again.status_code, again.json()["status"]) == (201, "counted")
    assert (await witness(funding, again.json()["id"])).json()["status"] == "published"


async def test_a_round_that_is_open_or_answers_each_pledge_at_once_is_not_counted(funding: Funding):
    running, streaming = await batch_round(funding, 6_000), await funding.round(6_000, closes_h=48)
    answer = await funding.post(f"/rounds/{running}/counts", {}, by="otto")
    assert (answer.status_code, answer.json()["code"]) == (422, "round-open")
    await funding.post(f"/rounds/{streaming}/closing")
    answer = await funding.post(f"/rounds/{streaming}/counts", {}, by="otto")
    assert (answer.status_code, answer.json()["code"]) == (422, "rule-not-for-rounds")
    unknown = await funding.post(f"/rounds/{uuid4()}/counts", {}, by="otto")
    assert unknown.status_code == 404
    await tick(funding)
    assert await funding.rows("select * from counts") == []


async def test_a_round_whose_time_is_over_is_not_counted_before_it_closes(funding: Funding):
    round_id = await batch_round(funding, 6_000)
    await funding.pledge(await funding.initiative(), 1_000, round_id)
    funding.now += timedelta(hours=25)
    answer = await funding.post(f"/rounds/{round_id}/counts", {}, by="otto")
    assert (answer.status_code, answer.json()["code"]) == (422, "round-open")
    await tick(funding)
    [count] = (await funding.get("/counts", of=round_id)).json()["items"]
    assert count["status"] == "counted"
    assert (await funding.get(f"/rounds/{round_id}")).json()["status"] == "closed"


async def test_an_estimate_says_what_each_initiative_would_get_and_how_old_that_is(funding: Funding):
    round_id = await batch_round(funding, 9_000)
    one, other = await funding.initiative(), await funding.initiative()
    await funding.pledge(one, 1_000, round_id)
    await funding.pledge(other, 2_000, round_id)
    shown = await estimate(funding, round_id)
    assert amounts(shown) == {one: 3_000, other: 6_000}
    assert (shown["rule"], shown["ageSeconds"]) == ("pro_rata", 0)
    assert shown["ruleVersion"] == (await funding.get(f"/rounds/{round_id}")).json()["ruleVersion"]


async def test_an_estimate_is_made_again_after_a_minute_and_not_before(funding: Funding):
    round_id = await batch_round(funding, 9_000, floorPercent=0)
    one, other = await funding.initiative(), await funding.initiative()
    await funding.pledge(one, 1_000, round_id)
    await estimate(funding, round_id)
    await funding.pledge(other, 2_000, round_id)
    funding.now += timedelta(seconds=59)
    shown = await estimate(funding, round_id)
    assert (amounts(shown), shown["ageSeconds"]) == ({one: 9_000}, 59)
    funding.now += timedelta(seconds=1)
    shown = await estimate(funding, round_id)
    assert (amounts(shown)[other], shown["ageSeconds"]) == (6_000, 0)


async def test_what_was_told_as_a_floor_is_never_undercut(funding: Funding):
    round_id = await batch_round(funding, 9_000, floorPercent=50)
    one, other = await funding.initiative(), await funding.initiative()
    await funding.pledge(one, 1_000, round_id)
    told = floors(await estimate(funding, round_id))
    assert told == {one: 4_500}
    for who in ("bas", "cor", "dirk"):
        await funding.pledge(other, 10_000, round_id, by=who)
        funding.now += timedelta(minutes=2)
        later = floors(await estimate(funding, round_id))
        assert all(later[initiative] >= cents for initiative, cents in told.items())
        told = later
    count = await closed(funding, round_id)
    shown = (await witness(funding, count["id"])).json()
    got = {line["candidateId"]: line["amountCents"] for line in shown["outcome"]}
    assert got[one] == 4_500
    assert all(got[initiative] >= cents for initiative, cents in told.items())
    assert sum(got.values()) == 9_000


async def test_a_floor_stands_though_the_pledge_behind_it_goes(funding: Funding):
    round_id = await batch_round(funding, 9_000, floorPercent=50)
    one, other = await funding.initiative(), await funding.initiative()
    pledge = await funding.pledge(one, 1_000, round_id)
    await funding.pledge(other, 1_000, round_id, by="bas")
    told = floors(await estimate(funding, round_id))
    await funding.post(f"/pledges/{pledge['id']}/withdrawal", by="anna")
    funding.now += timedelta(minutes=2)
    after = await estimate(funding, round_id)
    assert all(floors(after)[initiative] >= cents for initiative, cents in told.items())
    assert amounts(after)[other] == 9_000


async def test_many_who_ask_at_once_get_one_estimate(funding: Funding):
    round_id = await batch_round(funding, 9_000, floorPercent=50)
    await funding.pledge(await funding.initiative(), 1_000, round_id)
    shown = await at_once(*(estimate(funding, round_id) for _ in range(8)))
    assert all(one == shown[0] for one in shown)


async def test_the_last_estimate_stays_as_it_is_after_the_close(funding: Funding):
    round_id = await batch_round(funding, 9_000)
    one, other = await funding.initiative(), await funding.initiative()
    await funding.pledge(one, 1_000, round_id)
    before = await estimate(funding, round_id)
    await funding.pledge(other, 2_000, round_id)
    await closed(funding, round_id)
    funding.now += timedelta(minutes=5)
    assert amounts(await estimate(funding, round_id)) == amounts(before)
    never = await batch_round(funding, 9_000)
    await funding.post(f"/rounds/{never}/closing")
    shown = await estimate(funding, never)
    assert (shown["at"], shown["ageSeconds"], shown["items"]) == (None, None, [])


async def test_a_rule_that_answers_each_pledge_at_once_has_no_estimate(funding: Funding):
    round_id = await funding.round(6_000)
    answer = await funding.get(f"/rounds/{round_id}/estimate")
    assert (answer.status_code, answer.json()["code"]) == (422, "rule-not-for-rounds")
    assert (await funding.get(f"/rounds/{UUID(int=1)}/estimate")).status_code == 404


async def test_a_closed_round_says_who_got_nothing(funding: Funding):
    round_id = await funding.round(1_000)
    one, other = await funding.initiative(), await funding.initiative()
    for number in range(5):
        await funding.pledge(one, 1_000, round_id, by=f"buur-{number}")
    await funding.pledge(other, 1_000, round_id, by="anna")
    early = await funding.get(f"/rounds/{round_id}/fair-share")
    assert (early.status_code, early.json()["code"]) == (404, "no-fair-share-yet")
    await funding.post(f"/rounds/{round_id}/closing")
    report = (await funding.get(f"/rounds/{round_id}/fair-share")).json()
    assert (report["givenCents"], report["leftCents"], report["gotNothing"]) == (1_000, 0, [other])
    [theme] = report["themes"]
    assert (theme["name"], theme["candidates"], theme["gotNothing"]) == ("groen", 2, 1)
    assert (theme["crowdCents"], theme["givenCents"], theme["people"]) == (6_000, 1_000, 6)
    assert (theme["shareOfGiven"], theme["shareOfPeople"]) == (10_000, 10_000)


async def test_a_round_that_is_counted_reports_once_its_count_is_published(funding: Funding):
    round_id = await batch_round(funding, 6_000)
    await funding.pledge(await funding.initiative(), 1_000, round_id)
    count = await closed(funding, round_id)
    early = await funding.get(f"/rounds/{round_id}/fair-share")
    assert (early.status_code, early.json()["code"]) == (404, "no-fair-share-yet")
    await witness(funding, count["id"])
    report = (await funding.get(f"/rounds/{round_id}/fair-share")).json()
    assert (report["givenCents"], report["gotNothing"]) == (6_000, [])
    assert report == (await funding.get(f"/counts/{count['id']}/fair-share")).json()
    assert report["people"] is None
