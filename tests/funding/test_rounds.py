"""Funds, rounds and pot lines over HTTP."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from tests.funding.conftest import KNOBS, NOON, Funding, round_body

from dorpsplein.contracts.funding.rounds import (
    FundOpened,
    FundState,
    PotLineAdded,
    RoundClosed,
    RoundOpened,
)
from funding.domain import rules


async def test_a_fund_is_opened_with_a_fact_and_its_public_name(funding: Funding):
    answer = await funding.post("/funds", {"name": "Dorpsfonds"})
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/funds/{answer.json()['id']}"
    (opened, _), (state, _) = await funding.events()
    assert isinstance(opened, FundOpened)
    assert isinstance(state, FundState)
    assert state.name == "Dorpsfonds"
    assert (await funding.get("/funds")).json()["items"] == [answer.json()]
    assert (await funding.get(f"/funds/{answer.json()['id']}")).json() == answer.json()


async def test_a_round_pins_the_version_of_its_rule(funding: Funding):
    round_id = await funding.round()
    shown = (await funding.get(f"/rounds/{round_id}")).json()
    assert shown["ruleVersion"] == rules.version(rules.from_knobs("ratio", KNOBS))
    assert shown["knobs"] == KNOBS
    [(opened, version)] = await funding.events(RoundOpened)
    assert isinstance(opened, RoundOpened)
    assert (opened.rule_version, opened.knobs, version) == (shown["ruleVersion"], KNOBS, 1)


async def test_rounds_with_the_same_knobs_have_the_same_version_and_others_another(funding: Funding):
    versions = [
        (await funding.get(f"/rounds/{await funding.round(**knobs)}")).json()["ruleVersion"]
        for knobs in ({}, {}, {"numerator": 2})
    ]
    assert versions[0] == versions[1] != versions[2]


async def test_several_co_financiers_fill_a_pot_and_the_ledger_says_so(funding: Funding):
    round_id = await funding.round(30_000, 10_000)
    shown = await funding.pot_line(round_id, "gemeente", 5_000)
    assert [line["cofinancier"] for line in shown["potLines"]] == ["gemeente", "provincie", "gemeente"]
    assert (shown["potCents"], shown["leftCents"], shown["matchedCents"]) == (45_000, 45_000, 0)
    assert [version for _, version in await funding.events(PotLineAdded)] == [2, 3, 4]
    parties = (await funding.get("/ledger/balances", kind="party")).json()["items"]
    assert {party["account"]: party["balance"] for party in parties} == {
        "party:gemeente": -35_000,
        "party:provincie": -10_000,
    }
    pots = (await funding.get("/ledger/balances", kind="pot")).json()["items"]
    assert sorted(pot["balance"] for pot in pots) == [5_000, 10_000, 30_000]
    await funding.audit()


async def test_a_closed_round_takes_no_pledges_and_no_pot_lines(funding: Funding):
    round_id = await funding.round(10_000)
    closed = await funding.post(f"/rounds/{round_id}/closing")
    again = await funding.post(f"/rounds/{round_id}/closing")
    assert (closed.status_code, closed.json()["status"]) == (200, "closed")
    assert again.json() == closed.json()
    assert [version for _, version in await funding.events(RoundClosed)] == [3]
    line = await funding.post(f"/rounds/{round_id}/pot-lines", {"cofinancier": "bank", "amountCents": 1})
    pledge = {"initiativeId": await funding.initiative(), "roundId": round_id, "amountCents": 1}
    for answer in (line, await funding.post("/pledges", pledge, by="anna")):
        assert (answer.status_code, answer.json()["code"]) == (422, "round-closed")


async def test_a_round_is_closed_from_its_closing_time_on(funding: Funding):
    round_id = await funding.round(10_000, closes_h=1)
    funding.now += timedelta(minutes=59)
    initiative = await funding.initiative()
    await funding.pledge(initiative, 100, round_id)
    funding.now += timedelta(minutes=1)
    assert (await funding.get(f"/rounds/{round_id}")).json()["status"] == "closed"
    body = {"initiativeId": initiative, "roundId": round_id, "amountCents": 100}
    assert (await funding.post("/pledges", body, by="anna")).json()["code"] == "round-closed"


async def test_a_co_financier_closes_only_a_round_it_opened_and_an_operator_any(funding: Funding):
    fund = (await funding.post("/funds", {"name": "Dorpsfonds"}, by="otto")).json()["id"]
    round_id = (await funding.post("/rounds", round_body(fund), by="saar")).json()["id"]
    refused = await funding.post(f"/rounds/{round_id}/closing", by="chris")
    assert (refused.status_code, refused.json()["code"]) == (403, "not-your-round")
    assert (await funding.post(f"/rounds/{round_id}/closing", by="otto")).status_code == 200


async def test_a_withdrawal_after_closing_returns_its_match_to_the_pot(funding: Funding):
    round_id = await funding.round(10_000)
    pledge = await funding.pledge(await funding.initiative(), 2_000, round_id)
    await funding.post(f"/rounds/{round_id}/closing")
    await funding.post(f"/pledges/{pledge['id']}/withdrawal", by="anna")
    assert await funding.left(round_id) == [10_000]


async def test_a_round_closes_within_ten_years_from_now(funding: Funding):
    fund = (await funding.post("/funds", {"name": "Dorpsfonds"})).json()["id"]
    for hours, code in ((0, "closes-too-soon"), (-1, "closes-too-soon"), (11 * 366 * 24, "closes-too-late")):
        answer = await funding.post("/rounds", round_body(fund, hours))
        assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_a_round_needs_a_fund_that_is_there(funding: Funding):
    answer = await funding.post("/rounds", round_body(str(uuid4())))
    assert (answer.status_code, answer.json()["code"]) == (422, "fund-unknown")
    assert await funding.events() == []


async def test_a_pot_holds_fifty_lines_at_most(funding: Funding):
    round_id = await funding.round()
    for _ in range(50):
        await funding.pot_line(round_id, "bank", 1)
    answer = await funding.post(f"/rounds/{round_id}/pot-lines", {"cofinancier": "bank", "amountCents": 1})
    assert answer.json()["code"] == "pot-lines-full"


async def test_an_id_of_ones_own_makes_repeating_safe_for_funds_rounds_and_pot_lines(funding: Funding):
    fund, round_id, line = (str(uuid4()) for _ in range(3))
    steps: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("/funds", {"id": fund, "name": "Dorpsfonds"}, {"name": "Ander fonds"}),
        ("/rounds", {"id": round_id} | round_body(fund), {"closesAt": round_body(fund, 25)["closesAt"]}),
        (
            f"/rounds/{round_id}/pot-lines",
            {"id": line, "cofinancier": "gemeente", "amountCents": 5_000},
            {"amountCents": 5_001},
        ),
    ]
    for path, body, other in steps:
        first, again = await funding.post(path, body), await funding.post(path, body, by="otto")
        assert (first.status_code, again.status_code) == (201, 200), first.text + again.text
        assert first.json() == again.json()
        clash = await funding.post(path, {**body, **other})
        assert (clash.status_code, clash.json()["code"]) == (409, "id-taken")
    elsewhere = await funding.round()
    clash = await funding.post(f"/rounds/{elsewhere}/pot-lines", steps[2][1])
    assert clash.json()["code"] == "id-taken"
    assert await funding.left(round_id) == [5_000]
    await funding.post(f"/rounds/{round_id}/closing")
    assert (await funding.post(*steps[2][:2])).status_code == 200


async def test_the_same_key_opens_one_fund(funding: Funding):
    answers = [await funding.post("/funds", {"name": "Dorpsfonds"}, key="k") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    reused = await funding.post("/funds", {"name": "Ander fonds"}, key="k")
    assert (reused.status_code, reused.json()["code"]) == (409, "idempotency-key-reused")


async def test_funds_rounds_transfers_and_balances_are_read_page_by_page(funding: Funding):
    for minute in range(5):
        funding.now = NOON + timedelta(minutes=minute)
        await funding.round(1_000)
    for path, count in (("/funds", 5), ("/rounds", 5), ("/ledger/transfers", 5), ("/ledger/balances", 6)):
        whole = (await funding.get(path)).json()["items"]
        assert len(whole) == count
        seen, query = [], {"limit": 2}
        while True:
            page = (await funding.get(path, **query)).json()
            seen += page["items"]
            if not page["next"]:
                break
            query["cursor"] = page["next"]
        assert seen == whole
    fund = (await funding.get("/funds")).json()["items"][2]["id"]
    of_fund = (await funding.get("/rounds", fundId=fund)).json()["items"]
    assert [round_["fundId"] for round_ in of_fund] == [fund]
