"""Match quotes: a match is reserved for a pledge, cannot fall, is used once, and released when its time is over."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.funding.conftest import NOON, Funding, at_once
from tests.support import person

from dorpsplein.contracts.funding.means import MeansGoalReached
from dorpsplein.contracts.funding.pledges import MatchQuoted, MatchReleased, PledgeMatched
from dorpsplein.contracts.initiatives.initiatives import InitiativeWithdrawn
from dorpsplein.errors import Conflict, Refused, Transient
from funding import commands
from funding.domain import quotes
from funding.domain.ledger import EUR
from funding.domain.pledges import MakePledge, Match
from funding.domain.quotes import AskQuote, Quote
from funding.domain.rules import Allocation

ANNA = person("anna")
HALF_AN_HOUR = timedelta(minutes=30)
QUOTE = Quote(
    id=uuid4(),
    pledger=ANNA,
    initiative=uuid4(),
    round=uuid4(),
    resource=EUR,
    quantity=2_000,
    match=Match(Allocation(1_000, (), ()), "rule", "digest", 2_000, "valuation"),
    quoted_at=NOON,
    expires_at=NOON + HALF_AN_HOUR,
)


def using(quote: Quote = QUOTE, **other: Any) -> MakePledge:
    usual = MakePledge(uuid4(), quote.pledger, quote.initiative, quote.round, EUR, 2_000, NOON, quote=quote.id)
    return replace(usual, **other)


def test_a_quote_is_used_until_the_moment_it_expires():
    pledge = using(at=QUOTE.expires_at - timedelta(microseconds=1))
    used = quotes.use(QUOTE, pledge)
    assert (used.status, used.pledge) == ("used", pledge.id)


@pytest.mark.parametrize(
    ("quote", "other", "code"),
    [
        (None, {}, "quote-unknown"),
        (QUOTE, {"at": QUOTE.expires_at}, "quote-expired"),
        (QUOTE, {"pledger": uuid4()}, "quote-for-another-pledge"),
        (QUOTE, {"initiative": uuid4()}, "quote-for-another-pledge"),
        (QUOTE, {"round": uuid4()}, "quote-for-another-pledge"),
        (QUOTE, {"round": None}, "quote-for-another-pledge"),
        (QUOTE, {"quantity": 1_999}, "quote-for-another-pledge"),
        (QUOTE, {"resource": "TIME/timmeren"}, "quote-for-another-pledge"),
        (replace(QUOTE, status="used"), {}, "quote-used"),
        (replace(QUOTE, status="released"), {}, "quote-expired"),
    ],
)
def test_a_quote_is_for_the_pledge_it_was_made_for_and_for_no_other(
    quote: Quote | None, other: dict[str, Any], code: str
):
    with pytest.raises(Refused) as no:
        quotes.use(quote, using(**other))
    assert no.value.code == code


def test_a_quote_is_released_once():
    assert len(quotes.release(QUOTE, "expired")) == 1
    assert quotes.release(replace(QUOTE, status="used"), "expired") == []
    assert quotes.release(replace(QUOTE, status="released"), "given-back") == []


def body(initiative: str, round_id: str, cents: int = 2_000, **other: Any) -> dict[str, Any]:
    return {"initiativeId": initiative, "roundId": round_id, "amountCents": cents} | other


async def quote(funding: Funding, initiative: str, round_id: str, cents: int = 2_000, *, by: str = "anna") -> Any:
    answer = await funding.post("/match-quotes", body(initiative, round_id, cents), by=by)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def use(funding: Funding, of: Any, *, by: str = "anna", **other: Any) -> Any:
    asked = body(of["initiativeId"], of["roundId"], of["quantity"], quoteId=of["id"])
    return await funding.post("/pledges", asked | other, by=by)


async def status(funding: Funding, of: Any) -> str:
    return str((await funding.get(f"/match-quotes/{of['id']}")).json()["status"])


async def test_a_quote_is_reserved_and_does_not_fall_when_the_pot_empties_meanwhile(funding: Funding):
    initiative, round_id = await funding.initiative(), await funding.round(2_000, 1_000)
    quoted = await quote(funding, initiative, round_id)
    assert (quoted["match"]["amountCents"], quoted["status"]) == (1_000, "reserved")
    assert quoted["expiresAt"] == (NOON + HALF_AN_HOUR).isoformat().replace("+00:00", "Z")
    assert sum(await funding.left(round_id)) == 2_000
    other = await funding.pledge(initiative, 9_000, round_id, by="bea")
    assert (other["matchCents"], await funding.left(round_id)) == (2_000, [0, 0])
    assert (await funding.pledge(initiative, 5_000, round_id, by="cas"))["matchCents"] == 0
    pledge = (await use(funding, quoted)).json()
    assert pledge["matchCents"] == 1_000
    assert pledge["quoteId"] == quoted["id"]
    assert pledge["match"] == quoted["match"]
    shown = (await funding.get(f"/match-quotes/{quoted['id']}")).json()
    assert (shown["status"], shown["pledgeId"]) == ("used", pledge["id"])
    told = [event for event, _ in await funding.events(MatchQuoted, PledgeMatched)]
    assert [event.amount_cents for event in told if isinstance(event, MatchQuoted | PledgeMatched)] == [
        1_000,
        2_000,
        1_000,
    ]
    assert isinstance(told[-1], PledgeMatched)
    assert str(told[-1].quote_id) == quoted["id"]
    means = await funding.means(initiative)
    assert (means["matchedCents"], means["reservedCents"]) == (3_000, 0)
    await funding.audit()


async def test_a_quote_by_another_for_another_used_or_late_is_refused_and_nothing_changes(funding: Funding):
    initiative, round_id = await funding.initiative(), await funding.round(10_000)
    elsewhere, another_round = await funding.initiative(), await funding.round(10_000)
    quoted, used, late = [await quote(funding, initiative, round_id) for _ in range(3)]
    assert (await use(funding, used)).status_code == 201
    before = await funding.events()
    refusals = [
        ("quote-for-another-pledge", await use(funding, quoted, by="bea")),
        ("quote-for-another-pledge", await use(funding, quoted, amountCents=1_999)),
        ("quote-for-another-pledge", await use(funding, quoted, initiativeId=elsewhere)),
        ("quote-for-another-pledge", await use(funding, quoted, roundId=another_round)),
        ("quote-for-another-pledge", await use(funding, quoted, roundId=None)),
        ("quote-unknown", await use(funding, quoted, quoteId=str(uuid4()))),
        ("quote-used", await use(funding, used)),
    ]
    funding.now += HALF_AN_HOUR
    refusals.append(("quote-expired", await use(funding, late)))
    for code, answer in refusals:
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert await funding.events() == before
    assert await status(funding, late) == "reserved"
    await funding.audit()


async def test_the_same_pledge_with_its_quote_again_answers_the_same(funding: Funding):
    initiative, round_id = await funding.initiative(), await funding.round(10_000)
    quoted, own = await quote(funding, initiative, round_id), str(uuid4())
    first, again = [await use(funding, quoted, id=own) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()


async def test_a_quote_is_used_by_exactly_one_of_many_requests_at_once(funding: Funding):
    initiative, round_id = await funding.initiative(), await funding.round(10_000)
    quoted = await quote(funding, initiative, round_id)
    answers = await at_once(*(use(funding, quoted) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 7
    assert {answer.json()["code"] for answer in answers if answer.status_code == 422} == {"quote-used"}
    assert await funding.left(round_id) == [9_000]
    await funding.audit()


async def test_what_is_not_used_is_released_by_its_timer_and_by_nothing_before(funding: Funding):
    initiative, round_id = await funding.initiative(), await funding.round(10_000, 5_000)
    unused, used = [await quote(funding, initiative, round_id) for _ in range(2)]
    await use(funding, used)
    assert await funding.pass_by(minutes=29, seconds=59) == 0
    assert await status(funding, unused) == "reserved"
    assert await funding.pass_by(seconds=1) == 1
    assert (await status(funding, unused), await status(funding, used)) == ("released", "used")
    assert await funding.pass_by(days=1) == 1, "the round's; no quote's is left"
    assert sum(await funding.left(round_id)) == 14_000
    [(released, version)] = await funding.events(MatchReleased)
    assert isinstance(released, MatchReleased)
    assert (version, released.amount_cents, released.reason) == (2, 1_000, "expired")
    holds = (await funding.get("/ledger/transfers", groupId=unused["id"])).json()["items"]
    assert {(hold["status"], hold["posted"]) for hold in holds} == {("expired", 0)}
    assert (await funding.means(initiative))["reservedCents"] == 0
    assert await funding.rows("select distinct given_cents from round_donors") == [(1_000,)]
    await funding.audit()


async def test_a_quote_is_given_back_by_hand_by_who_asked_for_it_only(funding: Funding):
    initiative, round_id = await funding.initiative(), await funding.round(10_000)
    quoted, used = [await quote(funding, initiative, round_id) for _ in range(2)]
    await use(funding, used)
    path = f"/match-quotes/{quoted['id']}/release"
    assert (await funding.post(path, by="bea")).status_code == 404
    assert (await funding.post(f"/match-quotes/{uuid4()}/release", by="anna")).status_code == 404
    back, again = await funding.post(path, by="anna"), await funding.post(path, by="anna")
    assert (back.json()["status"], again.json()) == ("released", back.json())
    kept = await funding.post(f"/match-quotes/{used['id']}/release", by="anna")
    assert kept.json()["status"] == "used"
    [(released, _)] = await funding.events(MatchReleased)
    assert isinstance(released, MatchReleased)
    assert released.reason == "given-back"
    assert await funding.left(round_id) == [9_000]
    refused = await use(funding, quoted)
    assert refused.json()["code"] == "quote-expired"
    assert await funding.pass_by(hours=1) == 0
    await funding.audit()


async def test_quotes_count_under_every_cap_and_room_comes_back_with_them(funding: Funding):
    one, other = await funding.initiative(), await funding.initiative()
    round_id = await funding.round(100_000, capDonorCents=3_000, capInitiativeCents=2_500)
    quoted = await quote(funding, one, round_id, 4_000)
    assert (await funding.pledge(one, 4_000, round_id, by="bea"))["matchCents"] == 500, "the initiative's cap"
    assert (await funding.pledge(other, 4_000, round_id))["matchCents"] == 1_000, "the pledger's cap"
    await funding.post(f"/match-quotes/{quoted['id']}/release", by="anna")
    assert (await funding.pledge(one, 9_000, round_id))["matchCents"] == 2_000


async def test_nobody_holds_more_than_three_quotes_in_a_round(funding: Funding):
    initiative, round_id = await funding.initiative(), await funding.round(100_000)
    answers = await at_once(
        *(funding.post("/match-quotes", body(initiative, round_id, 100), by="anna") for _ in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [422] * 5
    assert {answer.json()["code"] for answer in answers if answer.status_code == 422} == {"too-many-quotes"}
    assert (await funding.post("/match-quotes", body(initiative, round_id, 100), by="bea")).status_code == 201
    assert (await use(funding, next(one.json() for one in answers if one.status_code == 201))).status_code == 201
    assert (await funding.post("/match-quotes", body(initiative, round_id, 100), by="anna")).status_code == 201


async def test_quotes_are_refused_where_nothing_could_follow_and_say_why(funding: Funding):
    initiative, round_id = await funding.initiative(), await funding.round(1_000)
    batch = await funding.post(
        "/rounds", {"fundId": await funding.fund("pro_rata"), "closesAt": "2026-05-02T12:00:00Z"}
    )
    gone = await funding.initiative()
    await funding.hear((InitiativeWithdrawn(initiative_id=UUID(gone), reason="x"), 2))
    work = {"initiativeId": initiative, "roundId": round_id, "hours": {"skill": "timmeren", "minutes": 60}}
    before = await funding.events()
    refusals = [
        ("round-needed", {"initiativeId": initiative, "amountCents": 1}),
        ("round-unknown", body(initiative, str(uuid4()))),
        ("initiative-unknown", body(str(uuid4()), round_id)),
        ("initiative-withdrawn", body(gone, round_id)),
        ("matched-at-close", body(initiative, batch.json()["id"])),
        ("not-needed", work),
    ]
    for code, asked in refusals:
        answer = await funding.post("/match-quotes", asked, by="anna")
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    for malformed in ({}, body(initiative, round_id, 0), body(initiative, round_id) | {"quoteId": str(uuid4())}):
        assert (await funding.post("/match-quotes", malformed, by="anna")).status_code == 400
    funding.now += timedelta(hours=24)
    closed = await funding.post("/match-quotes", body(initiative, round_id), by="anna")
    assert closed.json()["code"] == "round-closed"
    assert (await funding.get(f"/match-quotes/{uuid4()}")).status_code == 404
    assert await funding.events() == before


async def test_what_was_quoted_is_kept_to_when_the_round_closes_meanwhile(funding: Funding):
    initiative, round_id = await funding.initiative(), await funding.round(10_000)
    quoted = await quote(funding, initiative, round_id)
    await funding.post(f"/rounds/{round_id}/closing")
    assert (await use(funding, quoted)).json()["matchCents"] == 1_000
    await funding.audit()


async def test_mere_quotes_reach_no_goal_and_one_that_is_used_does(funding: Funding):
    initiative, round_id = await funding.initiative(3_000), await funding.round(10_000)
    quoted = await quote(funding, initiative, round_id)
    await quote(funding, initiative, round_id, 9_000, by="bea")
    means = await funding.means(initiative)
    assert (means["reservedCents"], means["missingCents"], means["reachedAt"]) == (5_500, 3_000, None)
    assert (await use(funding, quoted)).json()["status"] == "committed"
    assert len(await funding.events(MeansGoalReached)) == 1
    assert (await funding.audit())["holds"] == 1, "Bea's quote"


async def test_the_same_quote_asked_again_is_the_same_and_another_under_its_id_is_refused(funding: Funding):
    initiative, round_id, own = await funding.initiative(), await funding.round(10_000), str(uuid4())
    asked = body(initiative, round_id, id=own)
    answers = await at_once(*(funding.post("/match-quotes", asked, by="anna") for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [201]
    for clash in (asked | {"amountCents": 1}, asked | {"roundId": await funding.round(500)}):
        answer = await funding.post("/match-quotes", clash, by="anna")
        assert (answer.status_code, answer.json()["code"]) == (409, "id-taken")
    assert (await funding.post("/match-quotes", asked, by="bea")).status_code == 409
    assert len(await funding.events(MatchQuoted)) == 1


async def test_the_same_key_asks_for_one_quote(funding: Funding):
    initiative, round_id = await funding.initiative(), await funding.round(10_000)
    answers = [await funding.post("/match-quotes", body(initiative, round_id), by="anna", key="k") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    other = await funding.post("/match-quotes", body(initiative, round_id, 1), by="anna", key="k")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-key-reused")
    assert await funding.left(round_id) == [9_000]


async def test_one_id_for_quotes_of_two_rounds_at_once_reserves_in_one_of_them(funding: Funding):
    initiatives, own = [await funding.initiative() for _ in range(2)], uuid4()
    rounds = [await funding.round(10_000) for _ in range(2)]
    acts = [
        AskQuote(own, ANNA, UUID(initiative), UUID(round_id), EUR, 2_000, NOON)
        for initiative, round_id in zip(initiatives, rounds, strict=True)
    ]
    database = funding.runtime.database
    async with database.transaction() as tx:
        await commands.pledges.ask_quotes(tx, acts[:1])
        second = asyncio.create_task(database.grouped(commands.pledges.ask_quotes, acts[1]))
        await asyncio.sleep(0.3)
        assert not second.done()
    with pytest.raises((Conflict, Transient)):
        await second
    assert [sum(await funding.left(round_id)) for round_id in rounds] == [9_000, 10_000]
    await funding.audit()
