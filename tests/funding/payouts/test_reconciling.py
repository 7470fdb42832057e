"""Statements are reconciled over HTTP on a real database: each line once, to the cent."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from tests.funding.payouts.conftest import Bank
from tests.funding.payouts.statements import THEIRS, Entry, Tx, camt, document, statement

from dorpsplein.contracts.funding.payouts import PayoutBooked, PayoutReturned, PledgePaidIn
from funding import storage
from funding.domain.banking import reference_of


async def taken_in(bank: Bank, *entries: Entry, **other: Any) -> Any:
    answer = await bank.take_in(camt(*entries, **other))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def received(bank: Bank, pledge: UUID) -> int:
    async with bank.funding.runtime.database.transaction() as tx:
        return (await storage.statements.received(tx, [pledge]))[pledge]


async def kept(bank: Bank) -> list[Any]:
    tables = ("bank_statements", "bank_lines", "payments", "transfers", "resolutions", "outbox")
    return [await bank.funding.rows(f"select count(*) from {table}") for table in tables]


async def test_a_booked_debit_posts_its_payout(bank: Bank) -> None:
    initiative, payout = await bank.sent(700)
    answer = await bank.take_in(camt(Entry(-700, [Tx(payout.hex)], "B1")))
    shown = answer.json()
    assert answer.headers["Location"] == f"/v1/bank-statements/{shown['id']}"
    [line] = shown["matched"]
    assert (line["outcome"], line["payoutId"], line["amountCents"]) == ("payout-booked", str(payout), 700)
    assert (line["bankReference"], line["bookedOn"], line["credit"]) == ("B1", "2026-05-01", False)
    assert shown["unmatched"] == []
    assert (await bank.get(f"/bank-statements/{shown['id']}")).json() == shown
    assert await bank.status(payout) == "booked"
    assert await bank.balance(f"escrow:{initiative}") == (0, 0)
    assert await bank.balance(f"delivered:{initiative}") == (700, 0)
    assert [(event.payout_id, version) for event, version in await bank.funding.events(PayoutBooked)] == [(payout, 2)]  # type: ignore[attr-defined]
    await bank.funding.audit()


async def test_a_file_that_the_bank_booked_as_one_entry_is_taken_apart(bank: Bank) -> None:
    one, two = await bank.funded(700), await bank.funded(300)
    payouts = [UUID((await bank.order(initiative)).json()["id"]) for initiative in (one, two)]
    await bank.batch()
    details = [Tx(payouts[0].hex, cents=700, shape="AmtDtls"), Tx(payouts[1].hex, cents=300, shape="AmtDtls")]
    shown = await taken_in(bank, Entry(-1_000, details, "B1"), version=2)
    assert [line["payoutId"] for line in shown["matched"]] == [str(payout) for payout in payouts]
    assert [await bank.status(payout) for payout in payouts] == ["booked", "booked"]
    await bank.funding.audit()


@pytest.mark.parametrize(
    "back",
    [
        Entry(700, [Tx(returned="AC04")], "B2"),
        Entry(700, [Tx()], "B2", reversal=True),
        Entry(700, [Tx()], "B2"),
    ],
)
@pytest.mark.parametrize("days", [1, 2])
async def test_what_the_bank_sends_back_is_the_initiatives_again(bank: Bank, back: Entry, days: int) -> None:
    initiative, payout = await bank.sent(700)
    back.details[0].end_to_end = payout.hex
    out = Entry(-700, [Tx(payout.hex)], "B1")
    if days == 1:
        await taken_in(bank, out, back)
    else:
        await taken_in(bank, out)
        await taken_in(bank, back)
    assert await bank.status(payout) == "returned"
    assert await bank.balance(f"escrow:{initiative}") == (700, 0)
    assert await bank.balance(f"delivered:{initiative}") == (0, 0)
    assert [version for _, version in await bank.funding.events(PayoutReturned)] == [3]
    assert (await bank.order(initiative)).json()["amountCents"] == 700
    await bank.funding.audit()


async def test_what_the_bank_sends_back_before_it_shows_as_paid_is_voided(bank: Bank) -> None:
    initiative, payout = await bank.sent(700)
    await taken_in(bank, Entry(700, [Tx(payout.hex, returned="AC01")], "B1"))
    assert await bank.status(payout) == "returned"
    assert await bank.balance(f"escrow:{initiative}") == (700, 0)
    assert await bank.funding.rows("select outcome from resolutions r join transfers t on t.id = r.transfer_id") != []
    late = await taken_in(bank, Entry(-700, [Tx(payout.hex)], "B2"))
    assert [line["reason"] for line in late["unmatched"]] == ["payout-not-awaited"]
    await bank.funding.audit()


async def test_the_same_statement_again_changes_nothing(bank: Bank) -> None:
    _, payout = await bank.sent(700)
    content = camt(Entry(-700, [Tx(payout.hex)], "B1"), Entry(5, [Tx(free="rente")]))
    first = await bank.take_in(content)
    before = await kept(bank)
    again = await bank.take_in(content)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert await kept(bank) == before


async def test_a_line_that_stands_on_two_statements_counts_once(bank: Bank) -> None:
    pledge = await bank.funding.pledge(await bank.initiative(), 700)
    paid = Entry(700, [Tx(free=reference_of(UUID(pledge["id"])))])
    await taken_in(bank, paid)
    week = await taken_in(bank, Entry(-5, reference="B9"), paid, number="week", version=4)
    assert (week["knownBefore"], len(week["matched"]), len(week["unmatched"])) == (1, 0, 1)
    assert await received(bank, UUID(pledge["id"])) == 700


async def test_one_statement_sent_many_times_at_once_counts_once(bank: Bank) -> None:
    pledge = await bank.funding.pledge(await bank.initiative(), 700)
    paid = Entry(700, [Tx(reference=reference_of(UUID(pledge["id"])))], "B1")
    contents = [camt(paid, number=f"S-{number % 3}") for number in range(9)]
    answers = await asyncio.gather(*(bank.take_in(content) for content in contents))
    assert sorted(answer.status_code for answer in answers) == [200] * 6 + [201] * 3
    assert await received(bank, UUID(pledge["id"])) == 700
    assert len(await bank.funding.events(PledgePaidIn)) == 1


async def test_money_that_comes_in_parts_adds_up_to_what_a_pledge_received(bank: Bank) -> None:
    pledge = await bank.funding.pledge(await bank.initiative(), 700)
    told = reference_of(UUID(pledge["id"]))
    equal = [Entry(200, [Tx(free=f"Toezegging {told}")]), Entry(200, [Tx(free=f"Toezegging {told}")])]
    shown = await taken_in(bank, *equal, Entry(300, [Tx(reference=told)], "B3"))
    assert {(line["outcome"], line["pledgeId"]) for line in shown["matched"]} == {("pledge-paid-in", pledge["id"])}
    assert await received(bank, UUID(pledge["id"])) == 700
    events = [event for event, version in await bank.funding.events(PledgePaidIn) if version == 1]
    assert [event.amount_cents for event in events] == [200, 200, 300]  # type: ignore[attr-defined]
    assert len({event.key for event in events}) == 3
    await bank.funding.audit()


async def test_what_fits_nothing_is_listed_with_its_reason_and_nothing_of_who_paid(bank: Bank) -> None:
    gone = await bank.funding.pledge(await bank.initiative(), 700)
    assert (await bank.funding.post(f"/pledges/{gone['id']}/withdrawal", by="anna")).status_code == 200
    _, payout = await bank.sent(700)
    shown = await taken_in(
        bank,
        Entry(100, [Tx(free="gefeliciteerd")]),
        Entry(700, [Tx(reference=reference_of(UUID(gone["id"])))]),
        Entry(-701, [Tx(payout.hex)]),
        Entry(-50, reference="kosten"),
        Entry(5, status="PDNG"),
    )
    assert shown["matched"] == []
    assert [line["reason"] for line in shown["unmatched"]] == [
        "reference-missing",
        "pledge-does-not-stand",
        "amount-differs",
        "payment-not-ours",
    ]
    assert shown["pending"] == 1
    assert await bank.status(payout) == "sent"
    for table in ("bank_statements", "bank_lines"):
        text = str(await bank.funding.rows(f"select * from {table}"))
        assert "Geheime" not in text
        assert THEIRS not in text
        assert "gefeliciteerd" not in text


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 400, "statement-not-readable"),
        (camt()[:-9], 400, "statement-not-readable"),
        (document(statement(), before='<!DOCTYPE x [<!ENTITY a "b">]>'), 400, "statement-not-safe"),
        (b"<a/>", 400, "statement-not-camt053"),
        (camt(currency="USD"), 400, "currency-not-euro"),
        (camt(Entry(5), closing=10_000_006), 422, "balance-does-not-add-up"),
        (document(statement(Entry(5)), statement(Entry(5), closing=1)), 422, "balance-does-not-add-up"),
        (camt(Entry(5), account=THEIRS), 422, "statement-of-another-account"),
    ],
)
async def test_a_statement_that_is_not_right_is_refused_whole(
    bank: Bank, content: bytes, status: int, code: str
) -> None:
    before = await kept(bank)
    answer = await bank.take_in(content)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert THEIRS not in answer.text
    assert await kept(bank) == before


async def test_a_statement_may_be_sixteen_times_as_large_as_other_requests_and_no_larger(bank: Bank) -> None:
    many = [Entry(1, [Tx(free="x" * 130)], f"B{number}") for number in range(2_500)]
    content = camt(*many)
    assert len(content) > 1_000_000
    shown = (await bank.take_in(content)).json()
    assert len(shown["unmatched"]) == 2_500
    too_large = await bank.take_in(b" " * 16_000_001)
    assert (too_large.status_code, too_large.json()["code"]) == (413, "too-large")


async def test_a_debit_among_good_lines_of_a_wrong_statement_books_nothing(bank: Bank) -> None:
    initiative, payout = await bank.sent(700)
    answer = await bank.take_in(camt(Entry(-700, [Tx(payout.hex)], "B1"), Entry(5), closing=0))
    assert answer.json()["code"] == "balance-does-not-add-up"
    assert await bank.status(payout) == "sent"
    assert await bank.balance(f"escrow:{initiative}") == (700, 700)


async def test_a_booked_payout_is_not_cancelled_any_more(bank: Bank) -> None:
    _, payout = await bank.sent(700)
    await taken_in(bank, Entry(-700, [Tx(payout.hex)], "B1"))
    answer = await bank.funding.post(f"/payouts/{payout}/cancellation", by="theo")
    assert (answer.status_code, answer.json()["code"]) == (422, "payout-booked")


async def test_booking_and_cancelling_at_once_resolve_a_hold_once(bank: Bank) -> None:
    initiative, payout = await bank.sent(700)
    booking, cancelling = await asyncio.gather(
        bank.take_in(camt(Entry(-700, [Tx(payout.hex)], "B1"))),
        bank.funding.post(f"/payouts/{payout}/cancellation", by="theo"),
    )
    assert booking.status_code == 201
    status = await bank.status(payout)
    assert (status, cancelling.status_code) in {("booked", 422), ("returned", 200)}
    assert await bank.balance(f"escrow:{initiative}") == ((0, 0) if status == "booked" else (700, 0))
    assert await bank.funding.rows(
        "select count(*) from resolutions r join transfers t on t.id = r.transfer_id where t.group_id = $1", payout
    ) == [(1,)]
    await bank.funding.audit()


async def test_a_statement_is_read_by_those_who_pay_only(bank: Bank) -> None:
    shown = await taken_in(bank)
    path = f"/bank-statements/{shown['id']}"
    assert [(await bank.get(path, by=who)).status_code for who in ("theo", "otto", "anna", "chris")] == [
        200,
        200,
        403,
        403,
    ]
    missing = await bank.get("/bank-statements/00000000-0000-7000-8000-000000000000")
    assert missing.json()["code"] == "bank-statement-unknown"
