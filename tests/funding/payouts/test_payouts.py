"""Bank accounts, pay-outs and files over HTTP on a real database."""

import asyncio
import json
import logging
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.conftest import MakeDatabase
from tests.funding.conftest import NOON, Funding
from tests.funding.payouts.conftest import ACCOUNT, Bank
from tests.funding.payouts.statements import Entry, Tx, camt
from tests.support import login, person, running

from dorpsplein.contracts.funding.payouts import PayoutOrdered, PayoutReturned
from dorpsplein.identity import Role
from funding import commands, storage
from funding.app import SERVICE
from funding.domain.ledger import EUR, Entries, escrow, returned, transfer


async def test_an_initiator_says_where_an_initiative_is_paid(bank: Bank) -> None:
    initiative = await bank.initiative()
    assert (await bank.get(f"/initiatives/{initiative}/bank-account")).json()["code"] == "bank-account-unknown"
    answer = await bank.put_account(initiative, iban="nl20 ingb 0001 2345 67")
    assert (answer.status_code, answer.json()) == (200, ACCOUNT)
    assert (await bank.put_account(initiative, name="Anna")).json()["name"] == "Anna"
    for reader in ("anna", "theo", "otto"):
        shown = await bank.get(f"/initiatives/{initiative}/bank-account", by=reader)
        assert shown.json() == ACCOUNT | {"name": "Anna"}


async def test_nobody_else_sees_or_changes_a_bank_account(bank: Bank) -> None:
    initiative = await bank.funded(700)
    path = f"/initiatives/{initiative}/bank-account"
    for who, code in (("boris", "not-yours"), ("chris", "role-not-allowed"), ("bram", "role-not-allowed")):
        assert (await bank.get(path, by=who)).json()["code"] == code
        assert (await bank.delete_account(initiative, by=who)).json()["code"] == code
    for who, code in (("boris", "not-yours"), ("otto", "not-yours"), ("theo", "role-not-allowed")):
        answer = await bank.put_account(initiative, by=who, iban="NL91ABNA0417164300")
        assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert (await bank.funding.get(path)).status_code == 401
    assert (await bank.get(path)).json() == ACCOUNT


async def test_an_initiative_nobody_has_heard_of_has_no_account(bank: Bank) -> None:
    assert (await bank.put_account(str(uuid4()))).json()["code"] == "initiative-unknown"
    assert (await bank.get(f"/initiatives/{uuid4()}/bank-account")).json()["code"] == "initiative-unknown"
    assert (await bank.order(str(uuid4()))).json()["code"] == "initiative-unknown"


@pytest.mark.parametrize(
    "wrong",
    [
        {"iban": "NL91ABNA0417164301"},
        {"iban": "US91ABNA0417164300"},
        {"iban": None},
        {"iban": 5},
        {"iban": "N" * 61},
        {"name": ""},
        {"name": "x" * 71},
        {"name": "—"},
        {"name": "a\0b"},
        {"bic": "ABNANL2A"},
    ],
)
async def test_an_account_that_cannot_be_is_refused_and_not_repeated(bank: Bank, wrong: dict[str, Any]) -> None:
    initiative = await bank.initiative()
    answer = await bank.put_account(initiative, **wrong)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-request")
    assert ACCOUNT["iban"] not in answer.text
    assert str(wrong.get("iban") or "?") not in answer.text
    assert await bank.funding.rows("select * from bank_accounts") == []


async def test_an_order_holds_committed_euros_and_never_more(bank: Bank) -> None:
    initiative = await bank.funded(10_000)
    first = await bank.order(initiative, 4_000)
    shown = first.json()
    assert (first.status_code, first.headers["Location"]) == (201, f"/v1/payouts/{shown['id']}")
    assert (shown["amountCents"], shown["status"], shown["version"]) == (4_000, "ordered", 1)
    assert shown["endToEndId"] == UUID(shown["id"]).hex
    assert await bank.balance(f"escrow:{initiative}") == (10_000, 4_000)
    refused = await bank.order(initiative, 6_001)
    assert (refused.status_code, refused.json()["code"]) == (422, "escrow-too-small")
    assert refused.json()["availableCents"] == 6_000
    assert (await bank.order(initiative)).json()["amountCents"] == 6_000
    assert (await bank.order(initiative)).json()["code"] == "nothing-to-pay-out"
    assert await bank.balance(f"escrow:{initiative}") == (10_000, 10_000)
    told = await bank.funding.events(PayoutOrdered)
    assert [(event.amount_cents, version) for event, version in told] == [(4_000, 1), (6_000, 1)]  # type: ignore[attr-defined]
    await bank.funding.audit()


async def test_what_is_only_promised_is_not_paid_out(bank: Bank) -> None:
    initiative = await bank.initiative(10_000)
    await bank.funding.pledge(initiative, 9_999, by="boris")
    await bank.put_account(initiative)
    assert (await bank.order(initiative)).json()["code"] == "nothing-to-pay-out"
    assert (await bank.order(initiative, 1)).status_code == 422


async def test_without_a_bank_account_nothing_is_ordered(bank: Bank) -> None:
    initiative = await bank.funded(10_000, account=False)
    assert (await bank.order(initiative)).json()["code"] == "bank-account-missing"
    assert await bank.balance(f"escrow:{initiative}") == (10_000, 0)


async def test_the_same_order_twice_holds_once(bank: Bank) -> None:
    initiative, payout = await bank.funded(10_000), str(uuid4())
    first = await bank.order(initiative, 4_000, id=payout)
    again = await bank.order(initiative, 4_000, id=payout)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = await bank.order(initiative, 4_001, id=payout)
    assert (other.status_code, other.json()["code"]) == (409, "id-taken")
    assert await bank.balance(f"escrow:{initiative}") == (10_000, 4_000)


async def test_orders_at_the_same_moment_never_hold_more_than_there_is(bank: Bank) -> None:
    initiative = await bank.funded(10_000)
    answers = await asyncio.gather(*(bank.order(initiative, 3_000) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [422] * 5
    assert await bank.balance(f"escrow:{initiative}") == (10_000, 9_000)
    await bank.funding.audit()


async def test_an_order_waits_for_whoever_moves_the_same_euros_and_then_sees_what_is_left(bank: Bank) -> None:
    initiative = await bank.funded(10_000)
    back = transfer(uuid4(), "return", EUR, escrow(UUID(initiative)), returned("boris"), 9_999)
    async with bank.funding.runtime.database.transaction() as tx:
        await tx.execute("select from means where initiative_id = $1 for no key update", UUID(initiative))
        ordering = asyncio.create_task(bank.order(initiative, 2))
        await asyncio.sleep(1)
        assert not ordering.done()
        await storage.ledger.write(tx, Entries([back]), NOON)
    answer = await ordering
    assert (answer.status_code, answer.json()["code"]) == (422, "escrow-too-small")
    assert answer.json()["availableCents"] == 1


async def test_everything_that_waits_goes_into_one_file_that_is_always_the_same(bank: Bank) -> None:
    one, two = await bank.funded(10_000), await bank.funded(700)
    payouts = [(await bank.order(initiative)).json() for initiative in (one, two)]
    made = await bank.batch()
    batch = made.json()
    assert (made.status_code, batch["payouts"], batch["amountCents"]) == (201, 2, 10_700)
    first, again = [await bank.get(batch["file"].removeprefix("/v1")) for _ in range(2)]
    assert first.headers["Content-Type"] == "application/xml"
    assert first.content == again.content
    for payout in payouts:
        assert payout["endToEndId"].encode() in first.content
        shown = (await bank.get(f"/payouts/{payout['id']}")).json()
        assert (shown["status"], shown["batchId"]) == ("sent", batch["id"])
    assert (await bank.batch()).json()["code"] == "nothing-to-send"
    await bank.put_account(one, name="Een andere naam")
    assert (await bank.get(batch["file"].removeprefix("/v1"))).content == first.content
    assert (await bank.get("/payout-batches")).json()["items"] == [batch]
    assert (await bank.get(f"/payout-batches/{batch['id']}")).json() == batch


async def test_a_batch_is_made_once_for_its_id(bank: Bank) -> None:
    await bank.order(await bank.funded(700))
    batch = str(uuid4())
    first, again = await bank.batch(id=batch), await bank.batch(id=batch)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert (await bank.batch("2026-05-03", id=batch)).json()["code"] == "id-taken"


async def test_batches_at_the_same_moment_send_each_payout_once(bank: Bank) -> None:
    for cents in (100, 200, 300):
        await bank.order(await bank.funded(cents))
    answers = await asyncio.gather(*(bank.batch() for _ in range(4)))
    made = [answer.json() for answer in answers if answer.status_code == 201]
    assert sum(batch["payouts"] for batch in made) == 3
    assert sum(batch["amountCents"] for batch in made) == 600
    assert {answer.json()["code"] for answer in answers if answer.status_code != 201} <= {"nothing-to-send"}
    files = b"".join([(await bank.get(f"/payout-batches/{batch['id']}/file")).content for batch in made])
    assert files.count(b"<EndToEndId>") == 3


async def test_a_payout_that_is_being_cancelled_is_waited_for_and_not_sent(bank: Bank) -> None:
    initiative = await bank.funded(700)
    payout = UUID((await bank.order(initiative)).json()["id"])
    async with bank.funding.runtime.database.transaction() as tx:
        await commands.payouts.cancel(tx, payout, NOON)
        batch = asyncio.create_task(bank.batch())
        again = asyncio.create_task(bank.funding.post(f"/payouts/{payout}/cancellation", by="theo"))
        await asyncio.sleep(1)
        assert not batch.done()
        assert not again.done()
    assert (await batch).json()["code"] == "nothing-to-send"
    assert (await again).json()["status"] == "returned"
    assert len(await bank.funding.events(PayoutReturned)) == 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"executionDate": "2026-04-30"}, 422, "execution-date-past"),
        ({"executionDate": "soon"}, 400, "invalid-request"),
        ({}, 400, "invalid-request"),
        ({"executionDate": "2026-05-02", "debtor": "x"}, 400, "invalid-request"),
    ],
)
async def test_a_batch_that_cannot_be_is_refused(bank: Bank, body: dict[str, Any], status: int, code: str) -> None:
    await bank.order(await bank.funded(700))
    answer = await bank.funding.post("/payout-batches", body, by="theo")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await bank.funding.rows("select * from payout_batches") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"amountCents": 0},
        {"amountCents": -5},
        {"amountCents": 1.5},
        {"amountCents": "5"},
        {"amountCents": 10**13},
        {"amountCents": 5, "all": True},
        {"all": False},
        {},
        {"amountCents": 5, "iban": "x"},
        {"amountCents": 5, "initiativeId": "x"},
    ],
)
async def test_an_order_that_cannot_be_read_is_refused(bank: Bank, wrong: dict[str, Any]) -> None:
    initiative = await bank.funded(700)
    answer = await bank.funding.post("/payouts", {"initiativeId": initiative} | wrong, by="theo")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-request")
    assert await bank.funding.rows("select * from payouts") == []


async def test_a_cancelled_payout_gives_its_euros_back_and_leaves_no_trace_in_the_next_file(bank: Bank) -> None:
    initiative = await bank.funded(700)
    payout = (await bank.order(initiative)).json()["id"]
    for _ in range(2):
        answer = await bank.funding.post(f"/payouts/{payout}/cancellation", by="theo")
        assert (answer.status_code, answer.json()["status"]) == (200, "returned")
    assert await bank.balance(f"escrow:{initiative}") == (700, 0)
    assert (await bank.batch()).json()["code"] == "nothing-to-send"
    assert [version for _, version in await bank.funding.events(PayoutReturned)] == [2]
    assert (await bank.order(initiative)).json()["amountCents"] == 700
    unknown = await bank.funding.post(f"/payouts/{uuid4()}/cancellation", by="theo")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "payout-unknown")
    await bank.funding.audit()


async def test_an_account_is_erased_with_the_files_it_stands_in_once_the_bank_has_answered(bank: Bank) -> None:
    initiative, payout = await bank.sent(700)
    batch = (await bank.get("/payout-batches")).json()["items"][0]["id"]
    refused = await bank.delete_account(initiative)
    assert (refused.status_code, refused.json()["code"]) == (422, "payout-under-way")
    booked = await bank.take_in(camt(Entry(-700, [Tx(payout.hex)], "B1")))
    assert booked.status_code == 201, booked.text
    assert (await bank.delete_account(initiative)).status_code == 204
    assert (await bank.delete_account(initiative)).status_code == 204
    gone = await bank.get(f"/payout-batches/{batch}/file")
    assert (gone.status_code, gone.json()["code"]) == (404, "file-erased")
    for table in ("bank_accounts", "payouts", "payout_batches", "bank_lines", "bank_statements", "outbox"):
        text = str(await bank.funding.rows(f"select * from {table}"))
        assert ACCOUNT["iban"] not in text
        assert ACCOUNT["name"] not in text


async def test_an_account_stands_in_no_event_and_no_log(bank: Bank, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        initiative, payout = await bank.sent(700)
        await bank.put_account(initiative, iban="NL20INGB0001234568")
        await bank.take_in(camt(Entry(-700, [Tx(payout.hex)], "B1")))
    told = [event.model_dump_json() for event, _ in await bank.funding.events()]
    assert told
    for secret in (ACCOUNT["iban"], ACCOUNT["name"], "NL20INGB0001234568"):
        assert secret not in caplog.text
        assert secret not in json.dumps(told)


async def test_payouts_are_listed_newest_first_and_page_by_page(bank: Bank) -> None:
    initiative = await bank.funded(10_000)
    ids = []
    for number in range(5):
        bank.funding.now = NOON + timedelta(minutes=number)
        ids.append((await bank.order(initiative, 100)).json()["id"])
    first = (await bank.get("/payouts", limit=3)).json()
    rest = (await bank.get("/payouts", limit=3, cursor=first["next"])).json()
    assert [one["id"] for one in first["items"] + rest["items"]] == ids[::-1]
    assert (await bank.get("/payouts", initiativeId=str(uuid4()))).json()["items"] == []
    assert len((await bank.get("/payouts", status="ordered")).json()["items"]) == 5
    assert (await bank.get("/payouts", status="sent")).json()["items"] == []
    assert (await bank.get("/payouts", by="boris")).status_code == 403


async def test_only_a_treasurer_pays(bank: Bank) -> None:
    initiative = await bank.funded(700)
    for role in set(Role) - {Role.TREASURER}:
        headers = login("anna", role)
        order = {"initiativeId": initiative, "all": True}
        client = bank.funding.client
        assert (await client.post("/payouts", json=order, headers=headers)).status_code == 403
        day = {"executionDate": "2026-05-02"}
        assert (await client.post("/payout-batches", json=day, headers=headers)).status_code == 403
        assert (await client.get(f"/payout-batches/{uuid4()}/file", headers=headers)).status_code == 403
        assert (await client.post("/bank-statements", content=camt(), headers=headers)).status_code == 403
    assert await bank.balance(f"escrow:{initiative}") == (700, 0)
    assert person("anna")


async def test_without_an_account_to_pay_from_there_is_no_file_and_no_statement(make_database: MakeDatabase) -> None:
    async with running(SERVICE, make_database("funding")) as there:
        bank = Bank(Funding(there.runtime, there.client))
        for answer in (await bank.batch("2099-01-01"), await bank.take_in(camt())):
            assert (answer.status_code, answer.json()["code"]) == (422, "debtor-not-set")
            assert "DORPSPLEIN_DEBTOR" in answer.json()["detail"]
