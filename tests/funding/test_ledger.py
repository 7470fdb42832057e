"""The ledger: append-only, exact, never overdrawn, each hold resolved once; and the audit that would see otherwise."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import MakeDatabase
from tests.funding.conftest import NOON, Funding
from tests.support import running

from funding import commands, storage
from funding.app import SERVICE
from funding.commands.pledges import Pledging
from funding.domain.ledger import Balance, Hold, Transfer, changes
from funding.domain.pledges import MakePledge
from funding.storage.ledger import Overdrawn

PARTY, POT, ESCROW = "party:gemeente", "pot:round:line", "escrow:initiative"


def transfer(debit: str, credit: str, cents: int, *, pending: bool = False) -> Transfer:
    return Transfer(UUID(int=1), "match", debit, credit, cents, pending)


def test_a_hold_counts_as_pending_until_it_is_posted_or_voided():
    hold = Hold(uuid4(), transfer(POT, ESCROW, 70, pending=True))
    assert changes([hold.transfer], [], "posted") == {
        ESCROW: Balance(credits_pending=70),
        POT: Balance(debits_pending=70),
    }
    assert changes([], [hold], "posted") == {
        ESCROW: Balance(credits_pending=-70, credits_posted=70),
        POT: Balance(debits_pending=-70, debits_posted=70),
    }
    assert changes([], [hold], "voided") == {ESCROW: Balance(credits_pending=-70), POT: Balance(debits_pending=-70)}


accounts = st.sampled_from([PARTY, POT, ESCROW, "party:anna"])
transfers = st.builds(transfer, accounts, accounts, st.integers(1, 10**12), pending=st.booleans())


@given(st.lists(transfers), st.lists(transfers), st.sampled_from(["posted", "voided"]))
def test_debits_equal_credits_whatever_is_written(new: Sequence[Transfer], held: Sequence[Transfer], outcome: Any):
    sums = changes(new, [Hold(uuid4(), one) for one in held], outcome)
    assert sum(one.debits_pending - one.credits_pending for one in sums.values()) == 0
    assert sum(one.debits_posted - one.credits_posted for one in sums.values()) == 0
    assert list(sums) == sorted(sums)


@asynccontextmanager
async def written(funding: Funding) -> AsyncIterator[Any]:
    async with funding.runtime.database.transaction() as tx:
        yield tx


@pytest.mark.parametrize("table", ["accounts", "transfers", "resolutions"])
@pytest.mark.parametrize("statement", ["update {} set at = now()", "delete from {}", "truncate {}"])
async def test_the_service_cannot_change_what_the_ledger_says(funding: Funding, table: str, statement: str):
    statement = statement.replace("set at", "set opened_at") if table == "accounts" else statement
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await funding.rows(statement.format(table))


async def test_an_account_that_is_no_party_is_never_overdrawn(funding: Funding):
    async with written(funding) as tx:
        await storage.ledger.write(tx, [transfer(PARTY, POT, 100)], NOON)
        await storage.ledger.write(tx, [transfer(POT, ESCROW, 60, pending=True)], NOON)
    for pending in (True, False):
        with pytest.raises(Overdrawn):
            async with written(funding) as tx:
                await storage.ledger.write(tx, [transfer(POT, ESCROW, 41, pending=pending)], NOON)
    async with written(funding) as tx:
        await storage.ledger.write(tx, [transfer(POT, ESCROW, 40, pending=True)], NOON)
    assert await funding.rows("select count(*) from transfers") == [(3,)]


async def test_a_hold_is_resolved_once_whoever_tries(funding: Funding):
    async with written(funding) as tx:
        await storage.ledger.write(tx, [transfer(PARTY, ESCROW, 100, pending=True)], NOON)
        holds = await storage.ledger.holds(tx, [UUID(int=1)])
        await storage.ledger.write(tx, [], NOON, resolved=holds, outcome="posted")
        assert await storage.ledger.holds(tx, [UUID(int=1)]) == []
    for outcome in ("posted", "voided"):
        with pytest.raises(asyncpg.UniqueViolationError):
            async with written(funding) as tx:
                await storage.ledger.write(tx, [], NOON, resolved=holds, outcome=outcome)
    assert await funding.rows("select credits_pending, credits_posted from balances where account = $1", ESCROW) == [
        (0, 100)
    ]


async def test_nothing_moves_when_a_pledge_is_refused_by_the_database(funding: Funding):
    initiative, round_id = await funding.initiative(), await funding.round(10_000)
    before = await funding.events()
    [(account,)] = await funding.rows("select account from balances where account like 'pot:%'")
    await funding.rows("update balances set debits_posted = credits_posted - 1 where account = $1 returning 1", account)
    await funding.rows("update pot_lines set account = 'pot:other' returning 1")
    await funding.rows("insert into balances values ('pot:other', 0, 0, 0, 10000)")
    pledge = MakePledge(uuid4(), uuid4(), UUID(initiative), UUID(round_id), 5_000, NOON)
    with pytest.raises(Overdrawn):
        await funding.runtime.database.grouped(commands.pledges.make_pledges, Pledging(pledge))
    assert await funding.events() == before
    assert await funding.rows("select count(*) from pledges") == [(0,)]


FAULTS = {
    "balance-differs-from-ledger": "update balances set credits_posted = 1 where account like 'escrow:%'",
    "account-unknown": "delete from accounts where id like 'escrow:%'",
    "account-overdrawn": "update transfers set amount = amount * 1000 where kind = 'match'",
    "debits-differ-from-credits": "update balances set debits_posted = debits_posted + 1 where account like 'party:%'",
    "resolved-but-no-hold": "insert into resolutions select id, 'voided', now() from transfers where not pending",
    "means-differ-from-escrow": "update means set matched_cents = matched_cents + 1",
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_the_audit_sees_what_an_owner_of_the_database_tampers_with(make_database: MakeDatabase, fault: str):
    urls = make_database("funding")
    async with running(SERVICE, urls) as there:
        funding = Funding(there.runtime, there.client)
        there.runtime.outbox = replace(there.runtime.outbox, clock=lambda: NOON)
        await funding.pledge(await funding.initiative(), 5_000, await funding.round(10_000))
        await funding.audit()
        owner = await asyncpg.connect(urls.migration)
        try:
            await owner.execute(FAULTS[fault])
        finally:
            await owner.close()
        answer = (await funding.post("/ledger/audit", by="otto")).json()
        assert not answer["balanced"]
        assert fault in {found["code"] for found in answer["faults"]}
        assert answer["faultCount"] >= len(answer["faults"]) > 0


async def test_the_last_audit_is_public_with_its_age(funding: Funding):
    assert (await funding.get("/ledger/audit")).json()["code"] == "not-audited-yet"
    await funding.pledge(await funding.initiative(), 5_000, await funding.round(10_000))
    made = await funding.audit()
    assert (made["transfers"], made["holds"], made["ageSeconds"]) == (3, 2, 0)
    assert made["debitsPendingCents"] == made["creditsPendingCents"] == 7_500
    assert made["debitsPostedCents"] == made["creditsPostedCents"] == 10_000
    funding.now += timedelta(seconds=90)
    assert (await funding.get("/ledger/audit")).json() == made | {"ageSeconds": 90}
