"""Deliveries: what really came of a promise, part by part, with evidence; and what is left when the rest does not."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.funding.conftest import NOON, Funding, at_once
from tests.support import login, person

from dorpsplein.contracts.funding.pledges import PledgeDelivered, PledgeLapsed
from dorpsplein.errors import Refused, Transient
from dorpsplein.identity import Caller, Role
from funding import commands, storage
from funding.commands.means import Deliver
from funding.domain import fates
from funding.domain.ledger import EUR, Entries, transfer
from funding.domain.pledges import Match, Pledge
from funding.domain.rules import Allocation

HOURS = "TIME/timmeren"
LINE, OTHER = str(UUID(int=1)), str(UUID(int=2))
PLEDGE = Pledge(uuid4(), uuid4(), uuid4(), None, HOURS, 100, NOON, "committed", 2)


def of(quantity: int, *, pledge: Pledge = PLEDGE, evidence: bool = False, needed: bool = False) -> Pledge:
    """A pledge after so much of it was delivered."""
    for event in fates.deliver(pledge, uuid4(), quantity, evidence=evidence, needed=needed):
        pledge = fates.evolve(pledge, event)
    return pledge


def lapsed(pledge: Pledge) -> Pledge:
    for event in fates.lapse(pledge, "not-delivered"):
        pledge = fates.evolve(pledge, event)
    return pledge


def test_parts_add_up_and_the_last_one_makes_it_delivered():
    part = of(60)
    assert (part.status, part.delivered, part.open) == ("committed", 60, 40)
    whole = of(40, pledge=part)
    assert (whole.status, whole.delivered, whole.open) == ("delivered", 100, 0)


@pytest.mark.parametrize(
    ("pledge", "quantity", "code"),
    [
        (PLEDGE, 101, "more-than-promised"),
        (replace(PLEDGE, delivered=60), 41, "more-than-promised"),
        (replace(PLEDGE, status="held"), 1, "not-committed"),
        (replace(PLEDGE, status="delivered", delivered=100), 1, "not-committed"),
        (replace(PLEDGE, status="lapsed", gone=100), 1, "not-committed"),
        (replace(PLEDGE, resource=EUR), 1, "paid-out-instead"),
    ],
)
def test_what_was_not_promised_or_not_committed_is_not_delivered(pledge: Pledge, quantity: int, code: str):
    with pytest.raises(Refused) as no:
        of(quantity, pledge=pledge)
    assert no.value.code == code


def test_evidence_is_asked_for_where_it_is_needed():
    with pytest.raises(Refused):
        of(1, needed=True)
    assert of(1, needed=True, evidence=True).delivered == of(1).delivered == 1


@pytest.mark.parametrize(
    ("came", "back"),
    [
        (0, {LINE: 700, OTHER: 301}),
        (1, {LINE: 693, OTHER: 297}),
        (50, {LINE: 350, OTHER: 150}),
        (99, {LINE: 7, OTHER: 3}),
    ],
)
def test_what_does_not_come_takes_its_part_of_the_match_back_rounded_down_at_each_pot_line(
    came: int, back: dict[str, int]
):
    match = Match(Allocation(1_001, ((LINE, 700), (OTHER, 301)), ()), "rule", "digest", 1, "valuation")
    pledge = replace(PLEDGE, match=match)
    pledge = lapsed(of(came, pledge=pledge) if came else pledge)
    assert pledge.match
    assert dict(pledge.match.back) == back
    assert pledge.status == ("delivered" if came else "lapsed")
    assert (pledge.gone, pledge.open) == (100 - came, 0)
    assert (pledge.matched - sum(cents for _, cents in pledge.match.back) if pledge.stands else 0) == (
        1_001 - sum(back.values()) if came else 0
    )


async def committed(funding: Funding, minutes: int = 120, *, more: int = 0, **knobs: int) -> tuple[str, Any, str]:
    """An initiative whose goal was reached by hours that a round matched: the initiative, the pledge, the round."""
    initiative, round_id = await funding.initiative(), await funding.round(100_000, 50_000, **knobs)
    await funding.needs(initiative, (HOURS, minutes + more))
    body = {"initiativeId": initiative, "hours": {"skill": "timmeren", "minutes": minutes}, "roundId": round_id}
    answer = await funding.post("/pledges", body, by="anna")
    assert answer.status_code == 201, answer.text
    return initiative, answer.json(), round_id


async def deliver(funding: Funding, pledge: Any, quantity: int, *, by: str = "ina", **other: Any) -> Any:
    path = f"/pledges/{pledge['id']}/deliveries"
    return await funding.post(path, {"quantity": quantity, "evidence": "urenstaat"} | other, by=by)


async def seen(funding: Funding, pledge: Any, by: str) -> Any:
    answer = await funding.client.get(f"/pledges/{pledge['id']}/deliveries", headers=login(by))
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_a_promise_is_delivered_in_parts_and_the_ledger_moves_what_came(funding: Funding):
    initiative, pledge, _ = await committed(funding)
    assert pledge["status"] == "committed"
    part = await deliver(funding, pledge, 50)
    assert (part.status_code, part.json()["status"], part.json()["delivered"]) == (201, "committed", 50)
    whole = await deliver(funding, pledge, 70)
    assert (whole.json()["status"], whole.json()["delivered"]) == ("delivered", 120)
    told = [event for event, _ in await funding.events(PledgeDelivered) if isinstance(event, PledgeDelivered)]
    assert [(one.quantity, one.delivered_in_all, one.complete, one.evidence) for one in told] == [
        (50, 50, False, True),
        (70, 120, True, True),
    ]
    balances = (await funding.get("/ledger/balances", kind="delivered")).json()["items"]
    assert [(one["account"], one["resource"], one["balance"]) for one in balances] == [
        (f"delivered:{initiative}", HOURS, 120)
    ]
    assert [need["delivered"] for need in (await funding.means(initiative))["needs"] if need["resource"] == HOURS] == [
        120
    ]
    await funding.audit()


async def test_more_than_promised_too_early_twice_or_by_a_stranger_is_refused(funding: Funding):
    initiative, pledge, _ = await committed(funding)
    early = (await committed(funding, more=1))[1]
    euros = await funding.pledge(initiative, 500)
    own = str(uuid4())
    assert (await deliver(funding, pledge, 50, id=own)).status_code == 201
    before = await funding.events()
    again = await deliver(funding, pledge, 50, id=own)
    assert (again.status_code, again.json()["delivered"]) == (200, 50)
    refusals = [
        (409, "id-taken", await deliver(funding, pledge, 51, id=own)),
        (409, "id-taken", await deliver(funding, pledge, 50, id=own, evidence="foto")),
        (422, "more-than-promised", await deliver(funding, pledge, 71)),
        (422, "not-committed", await deliver(funding, early, 1)),
        (422, "paid-out-instead", await deliver(funding, euros, 1)),
        (422, "evidence-needed", await deliver(funding, pledge, 1, evidence=None)),
        (403, "not-your-initiative", await deliver(funding, pledge, 1, by="anna")),
        (404, "pledge-unknown", await deliver(funding, {"id": uuid4()}, 1)),
    ]
    for status, code, answer in refusals:
        assert answer.status_code == status, f"{code}: {answer.text}"
        assert status == 404 or answer.json()["code"] == code
    for wrong in (0, -1, 1.5, "1", None, 10**10):
        assert (await deliver(funding, pledge, wrong)).status_code == 400  # type: ignore[arg-type]
    assert (await deliver(funding, pledge, 1, evidence="x" * 2_001)).status_code == 400
    assert await funding.events() == before
    assert (await deliver(funding, pledge, 70, by="otto")).json()["status"] == "delivered"
    assert (await deliver(funding, pledge, 50, id=own)).status_code == 200


async def test_more_than_promised_is_refused_also_to_many_at_once(funding: Funding):
    _, pledge, _ = await committed(funding)
    answers = await at_once(*(deliver(funding, pledge, 50) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 422, 422, 422, 422]
    assert (await funding.get(f"/pledges/{pledge['id']}")).json()["delivered"] == 100
    await funding.audit()


async def test_one_id_for_deliveries_of_two_pledges_at_once_records_one(funding: Funding):
    pledges_ = [UUID((await committed(funding))[1]["id"]) for _ in range(2)]
    own, ina = uuid4(), Caller(person("ina"), frozenset({Role.RESIDENT}), "")
    database = funding.runtime.database

    async def second() -> None:
        async with database.transaction() as tx:
            await commands.means.deliver(tx, Deliver(own, pledges_[1], 50, "x", NOON), ina)

    async with database.transaction() as tx:
        await commands.means.deliver(tx, Deliver(own, pledges_[0], 50, "x", NOON), ina)
        waiting = asyncio.create_task(second())
        await asyncio.sleep(0.3)
        assert not waiting.done()
    with pytest.raises(Transient):
        await waiting
    delivered = [(await funding.get(f"/pledges/{one}")).json()["delivered"] for one in pledges_]
    assert delivered == [50, 0]
    await funding.audit()


async def test_evidence_is_shown_to_pledger_initiator_and_operators_only(funding: Funding):
    _, pledge, _ = await committed(funding)
    await deliver(funding, pledge, 50)
    for by in ("anna", "ina", "otto"):
        assert [one["evidence"] for one in await seen(funding, pledge, by)] == ["urenstaat"], by
    for by in ("bea", "chris", "dora"):
        [one] = await seen(funding, pledge, by)
        assert (one["evidence"], one["hasEvidence"], one["quantity"]) == (None, True, 50), by
    assert (await funding.get(f"/pledges/{pledge['id']}/deliveries")).status_code == 401
    assert "urenstaat" not in str(await funding.rows("select body::text from outbox"))


async def test_evidence_is_asked_for_in_a_round_that_is_counted_at_its_close_too(funding: Funding):
    initiative = await funding.initiative()
    await funding.needs(initiative, (HOURS, 60))
    fund = await funding.fund("pro_rata")
    batch = await funding.post("/rounds", {"fundId": fund, "closesAt": (NOON + timedelta(days=1)).isoformat()})
    body = {"initiativeId": initiative, "hours": {"skill": "timmeren", "minutes": 60}}
    counted = (await funding.post("/pledges", body | {"roundId": batch.json()["id"]}, by="anna")).json()
    unmatched = (await funding.post("/pledges", body, by="anna")).json()
    assert (await deliver(funding, counted, 60, evidence=None)).json()["code"] == "evidence-needed"
    assert (await deliver(funding, unmatched, 60, evidence=None)).status_code == 201
    assert (await deliver(funding, counted, 60)).status_code == 201


async def test_what_will_not_come_lapses_with_its_part_of_the_match(funding: Funding):
    initiative, pledge, round_id = await committed(funding, capPledgeCents=10**6)
    assert pledge["matchCents"] == 2_000
    await deliver(funding, pledge, 50)
    path = f"/pledges/{pledge['id']}/lapse"
    assert (await funding.post(path, by="anna")).json()["code"] == "not-your-initiative"
    answer = await funding.post(path, by="ina")
    shown = answer.json()
    assert (shown["status"], shown["delivered"], shown["gone"]) == ("delivered", 50, 70)
    assert shown["match"]["returnedCents"] == 777 + 389, "70/120 of 1333 and of 667 cents, rounded down"
    assert sum(await funding.left(round_id)) == 150_000 - 2_000 + 1_166
    means = await funding.means(initiative)
    assert means["matchedCents"] == 834
    async with funding.runtime.database.transaction() as tx:
        assert await storage.fair_share.given(tx, UUID(round_id)) == {initiative: 834}
    assert [need["promised"] for need in means["needs"] if need["resource"] == HOURS] == [50]
    [(told, _)] = await funding.events(PledgeLapsed)
    assert isinstance(told, PledgeLapsed)
    assert (told.quantity, told.match_cents, told.amount_cents, told.reason) == (70, 1_166, 0, "not-delivered")
    returned = (await funding.get("/ledger/balances", kind="returned")).json()["items"]
    assert [(one["account"], one["resource"], one["balance"]) for one in returned] == [
        (f"returned:{person('anna')}", HOURS, 70)
    ]
    assert (await funding.post(path, by="ina")).json()["code"] == "pledge-ended"
    assert (await deliver(funding, pledge, 1)).json()["code"] == "not-committed"
    await funding.audit()


async def pay_out(funding: Funding, initiative: str, cents: int) -> None:
    paid = transfer(uuid4(), "payout", EUR, f"escrow:{initiative}", f"delivered:{initiative}", cents)
    async with funding.runtime.database.transaction() as tx:
        await storage.ledger.write(tx, Entries([paid]), NOON)


async def test_euros_that_were_paid_out_meanwhile_cannot_go_back(funding: Funding):
    initiative = await funding.initiative(1_000)
    pledge = await funding.pledge(initiative, 1_000)
    await pay_out(funding, initiative, 1)
    before = await funding.events()
    refused = await funding.post(f"/pledges/{pledge['id']}/lapse", by="ina")
    assert (refused.status_code, refused.json()["code"]) == (422, "paid-out")
    assert await funding.events() == before
    assert (await funding.get(f"/pledges/{pledge['id']}")).json()["status"] == "committed"
    await funding.audit()


async def test_hours_that_fall_out_after_their_match_was_paid_leave_it_where_it_is(funding: Funding):
    initiative, pledge, round_id = await committed(funding, capPledgeCents=10**6)
    await pay_out(funding, initiative, 1)
    answer = await funding.post(f"/pledges/{pledge['id']}/lapse", by="ina")
    shown = answer.json()
    assert (answer.status_code, shown["status"], shown["match"]["returnedCents"]) == (200, "lapsed", 0)
    assert sum(await funding.left(round_id)) == 148_000
    [(told, _)] = await funding.events(PledgeLapsed)
    assert isinstance(told, PledgeLapsed)
    assert (told.quantity, told.match_cents) == (pledge["quantity"], 0)
    await funding.audit()


async def test_held_hours_are_declined_and_held_euros_are_not(funding: Funding):
    initiative, pledge, round_id = await committed(funding, more=1)
    euros = await funding.pledge(initiative, 500, round_id)
    refused = await funding.post(f"/pledges/{euros['id']}/lapse", by="ina")
    assert (refused.status_code, refused.json()["code"]) == (422, "euros-are-welcome")
    declined = [await funding.post(f"/pledges/{pledge['id']}/lapse", by="ina") for _ in range(2)]
    assert [answer.json()["status"] for answer in declined] == ["lapsed", "lapsed"]
    assert len(await funding.events(PledgeLapsed)) == 1
    assert sum(await funding.left(round_id)) == 150_000 - 250
    back = await funding.post(f"/pledges/{pledge['id']}/withdrawal", by="anna")
    assert back.json()["code"] == "pledge-ended"
    await funding.audit()


async def test_a_promise_that_lapses_twice_at_once_returns_its_match_once(funding: Funding):
    _, pledge, round_id = await committed(funding)
    answers = await at_once(*(funding.post(f"/pledges/{pledge['id']}/lapse", by="ina") for _ in range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(await funding.events(PledgeLapsed)) == 1
    assert await funding.left(round_id) == [100_000, 50_000]
    await funding.audit()
