"""Pledges over HTTP: matched at once by the round's rule, with money, state and facts in one transaction."""

from datetime import timedelta
from uuid import UUID, uuid4

from tests.funding.conftest import Funding
from tests.support import login, person

from dorpsplein.contracts.funding.means import MeansGoalReached
from dorpsplein.contracts.funding.pledges import PledgeCommitted, PledgeMade, PledgeMatched, PledgeWithdrawn
from dorpsplein.contracts.initiatives.initiatives import InitiativeEdited, InitiativeWithdrawn


async def test_a_pledge_is_matched_by_every_co_financier_in_proportion(funding: Funding):
    initiative, round_id = await funding.initiative(), await funding.round(30_000, 10_000)
    pledge = await funding.pledge(initiative, 8_000, round_id)
    assert pledge["status"] == "held"
    assert pledge["matchCents"] == 4_000
    assert [share["amountCents"] for share in pledge["match"]["matchedBy"]] == [3_000, 1_000]
    assert await funding.left(round_id) == [27_000, 9_000]
    means = await funding.means(initiative)
    assert (means["pledgedCents"], means["matchedCents"], means["pledges"]) == (8_000, 4_000, 1)
    await funding.audit()


async def test_the_explanation_of_a_match_adds_up(funding: Funding):
    initiative, round_id = await funding.initiative(), await funding.round(10_001, 4_999, capDonorCents=700)
    pledge = await funding.pledge(initiative, 15_001, round_id)
    lines = pledge["match"]["explanation"]
    whole = [int(line.split()[0]) for line in lines if "pot line" not in line]
    assert whole == [7_500, -2_500, -4_300]
    assert sum(whole) == pledge["matchCents"] == 700
    for share in pledge["match"]["matchedBy"]:
        assert share["amountCents"] == sum(int(line.split()[0]) for line in lines if share["potLineId"] in line)


async def test_pledge_and_match_are_facts_with_the_pinned_rule_version(funding: Funding):
    initiative, round_id = await funding.initiative(), await funding.round(30_000)
    pledge = await funding.pledge(initiative, 8_000, round_id)
    (made, first), (matched, second) = await funding.events(PledgeMade, PledgeMatched)
    assert isinstance(made, PledgeMade)
    assert isinstance(matched, PledgeMatched)
    assert (first, second) == (1, 2)
    assert made.pledger_id == person("anna")
    assert str(made.pledge_id) == str(matched.pledge_id) == pledge["id"]
    assert matched.rule_version == (await funding.get(f"/rounds/{round_id}")).json()["ruleVersion"]
    assert matched.input_digest == pledge["match"]["inputDigest"]
    assert sum(matched.matched_by.values()) == matched.amount_cents == 4_000


async def test_where_nothing_can_follow_the_pledge_stands_and_says_why(funding: Funding):
    initiative, round_id = await funding.initiative(), await funding.round()
    pledge = await funding.pledge(initiative, 5_000, round_id)
    assert pledge["matchCents"] == 0
    assert pledge["match"]["explanation"][-1].startswith("-2500 pot-left")
    assert [type(event) for event, _ in await funding.events(PledgeMade, PledgeMatched)] == [PledgeMade]


async def test_a_pledge_outside_a_round_is_not_matched(funding: Funding):
    initiative = await funding.initiative()
    pledge = await funding.pledge(initiative, 5_000)
    assert pledge["match"] is None
    assert (await funding.means(initiative))["pledgedCents"] == 5_000


async def test_unknown_and_withdrawn_initiatives_and_closed_rounds_are_refused_and_nothing_changes(funding: Funding):
    initiative, round_id = await funding.initiative(), await funding.round(10_000)
    gone = await funding.initiative()
    await funding.hear((InitiativeWithdrawn(initiative_id=UUID(gone), reason="no-time"), 2))
    before = await funding.events()
    asked = [
        ("initiative-unknown", {"initiativeId": str(uuid4()), "amountCents": 1}),
        ("initiative-withdrawn", {"initiativeId": gone, "amountCents": 1}),
        ("round-unknown", {"initiativeId": initiative, "amountCents": 1, "roundId": str(uuid4())}),
    ]
    for code, body in asked:
        answer = await funding.post("/pledges", body, by="anna")
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert await funding.events() == before
    funding.now += timedelta(hours=24)
    late = {"initiativeId": initiative, "amountCents": 1, "roundId": round_id}
    assert (await funding.post("/pledges", late, by="anna")).json()["code"] == "round-closed"
    assert await funding.rows("select count(*) from transfers where kind <> 'pot-line'") == [(0,)]


async def test_a_withdrawn_pledge_returns_its_match_and_voids_both_transfers(funding: Funding):
    initiative, round_id = await funding.initiative(), await funding.round(30_000, 10_000)
    pledge = await funding.pledge(initiative, 8_000, round_id)
    answer = await funding.post(f"/pledges/{pledge['id']}/withdrawal", by="anna")
    assert answer.json()["status"] == "withdrawn"
    assert await funding.left(round_id) == [30_000, 10_000]
    means = await funding.means(initiative)
    assert (means["pledgedCents"], means["matchedCents"], means["pledges"]) == (0, 0, 0)
    transfers = (await funding.get("/ledger/transfers", groupId=pledge["id"])).json()["items"]
    assert {transfer["status"] for transfer in transfers} == {"voided"}
    [(withdrawn, version)] = await funding.events(PledgeWithdrawn)
    assert isinstance(withdrawn, PledgeWithdrawn)
    assert (version, withdrawn.match_cents, withdrawn.reason) == (3, 4_000, "by-pledger")
    await funding.audit()


async def test_withdrawing_again_answers_the_same_and_changes_nothing(funding: Funding):
    pledge = await funding.pledge(await funding.initiative(), 8_000, await funding.round(30_000))
    first = await funding.post(f"/pledges/{pledge['id']}/withdrawal", by="anna")
    before = await funding.events()
    again = await funding.client.post(f"/pledges/{pledge['id']}/withdrawal", headers=login("anna"))
    assert again.json() == first.json()
    assert await funding.events() == before


async def test_only_its_pledger_withdraws_a_pledge(funding: Funding):
    pledge = await funding.pledge(await funding.initiative(), 8_000)
    answer = await funding.post(f"/pledges/{pledge['id']}/withdrawal", by="chris")
    assert (answer.status_code, answer.json()["code"]) == (403, "not-your-pledge")
    assert (await funding.post(f"/pledges/{uuid4()}/withdrawal", by="anna")).status_code == 404


async def test_room_under_a_cap_comes_back_when_a_pledge_is_withdrawn(funding: Funding):
    initiative, round_id = await funding.initiative(), await funding.round(100_000, capDonorCents=3_000)
    first = await funding.pledge(initiative, 4_000, round_id)
    assert (await funding.pledge(initiative, 4_000, round_id))["matchCents"] == 1_000
    await funding.post(f"/pledges/{first['id']}/withdrawal", by="anna")
    assert (await funding.pledge(initiative, 8_000, round_id))["matchCents"] == 2_000


async def test_the_goal_is_reached_once_and_commits_everything_that_is_held(funding: Funding):
    initiative, round_id = await funding.initiative(12_000), await funding.round(30_000, 10_000)
    first = await funding.pledge(initiative, 4_000, round_id, by="anna")
    second = await funding.pledge(initiative, 4_000, round_id, by="bea")
    assert (first["status"], second["status"]) == ("held", "committed")
    assert (await funding.get(f"/pledges/{first['id']}")).json()["status"] == "committed"
    [(reached, version)] = await funding.events(MeansGoalReached)
    assert isinstance(reached, MeansGoalReached)
    assert (version, reached.goal_cents) == (1, 12_000)
    assert [version for _, version in await funding.events(PledgeCommitted)] == [3, 3]
    statuses = {item["status"] for item in (await funding.get("/ledger/transfers")).json()["items"]}
    assert statuses == {"posted"}
    assert (await funding.means(initiative))["missingCents"] == 0
    assert (await funding.audit())["holds"] == 0


async def test_a_committed_pledge_cannot_be_withdrawn(funding: Funding):
    pledge = await funding.pledge(await funding.initiative(1_000), 4_000)
    answer = await funding.post(f"/pledges/{pledge['id']}/withdrawal", by="anna")
    assert (answer.status_code, answer.json()["code"]) == (422, "pledge-committed")


async def test_a_pledge_after_the_goal_is_committed_at_once(funding: Funding):
    initiative, round_id = await funding.initiative(1_000), await funding.round(30_000)
    await funding.pledge(initiative, 1_000)
    late = await funding.pledge(initiative, 4_000, round_id, by="bea")
    assert (late["status"], late["matchCents"]) == ("committed", 2_000)
    assert len(await funding.events(MeansGoalReached)) == 1
    assert (await funding.audit())["holds"] == 0


async def test_needing_less_reaches_the_goal_too(funding: Funding):
    initiative = await funding.initiative(10_000)
    pledge = await funding.pledge(initiative, 4_000)
    edited = InitiativeEdited(
        initiative_id=UUID(initiative), changed=["means_needed_cents"], theme="groen", means_needed_cents=4_000
    )
    await funding.hear((edited, 2))
    assert (await funding.get(f"/pledges/{pledge['id']}")).json()["status"] == "committed"
    assert len(await funding.events(MeansGoalReached)) == 1
    await funding.audit()


async def test_pledges_go_back_when_their_initiative_is_withdrawn(funding: Funding):
    initiative, round_id = await funding.initiative(), await funding.round(30_000, 10_000)
    for by in ("anna", "bea", "anna"):
        await funding.pledge(initiative, 3_000, round_id, by=by)
    await funding.hear((InitiativeWithdrawn(initiative_id=UUID(initiative), reason="no-time"), 2))
    assert await funding.left(round_id) == [30_000, 10_000]
    reasons = [event.reason for event, _ in await funding.events(PledgeWithdrawn) if isinstance(event, PledgeWithdrawn)]
    assert reasons == ["initiative-withdrawn"] * 3
    assert (await funding.means(initiative))["pledgedCents"] == 0
    assert await funding.rows("select distinct given_cents from round_donors") == [(0,)]
    await funding.audit()


async def test_the_same_id_with_the_same_input_answers_the_same(funding: Funding):
    initiative, own = await funding.initiative(), str(uuid4())
    body = {"id": own, "initiativeId": initiative, "amountCents": 5_000}
    answers = [await funding.post("/pledges", body, by="anna") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 200, 200]
    assert len({answer.text for answer in answers}) == 1
    other = await funding.post("/pledges", body | {"amountCents": 5_001}, by="anna")
    assert (other.status_code, other.json()["code"]) == (409, "id-taken")
    assert (await funding.post("/pledges", body, by="bea")).status_code == 409
    assert (await funding.means(initiative))["pledgedCents"] == 5_000


async def test_the_same_key_makes_one_pledge_and_another_body_under_it_is_refused(funding: Funding):
    initiative = await funding.initiative()
    body = {"initiativeId": initiative, "amountCents": 5_000}
    answers = [await funding.post("/pledges", body, by="anna", key="k") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.text for answer in answers}) == 1
    other = await funding.post("/pledges", body | {"amountCents": 1}, by="anna", key="k")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-key-reused")
    assert (await funding.post("/pledges", body, by="bea", key="k")).json()["id"] != answers[0].json()["id"]
    both = body | {"id": str(uuid4())}
    assert [(await funding.post("/pledges", both, by="anna", key="b")).status_code for _ in range(2)] == [201, 201]
    reused = await funding.post("/pledges", both | {"id": str(uuid4())}, by="anna", key="b")
    assert reused.json()["code"] == "idempotency-key-reused"
    assert (await funding.means(initiative))["pledges"] == 3
